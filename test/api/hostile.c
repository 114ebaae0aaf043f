/*
 * Systems that refuse: a seccomp filter without madvise and mremap, memory
 * that is locked as it is mapped, and no mappings left. Each test changes its
 * process for good and wants one of its own.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "family.h"

#define MIB ((size_t)1 << 20)

/* Some of everything; contents are checked, calloc is zero. */
static void work(size_t large)
{
	enum { NR = 400 };
	unsigned char *ptr[NR];

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < NR; i++) {
			size_t size = (size_t)i * i + (i % 40 ? 1 : large);
			ptr[i] = family.calloc(1, size);
			CHECK(ptr[i] != NULL);
			CHECK_EQ(ptr[i][0], 0);
			CHECK_EQ(ptr[i][size / 2], 0);
			CHECK(!memcmp(ptr[i], ptr[i] + 1, size - 1));
			memset(ptr[i], i, size);
		}
		for (int i = 0; i < NR; i++) {
			size_t size = (size_t)i * i + (i % 40 ? 1 : large);
			ptr[i] = family.realloc(ptr[i], size * 2);
			CHECK(ptr[i] != NULL);
			CHECK_EQ(ptr[i][size - 1], (unsigned char)i);
			CHECK(!memcmp(ptr[i], ptr[i] + 1, size - 1));
		}
		for (int i = 0; i < NR; i++)
			family.free(ptr[i]);
		family.malloc_trim(0);
	}
}

/* From now on the system call `number` fails with EPERM. */
static void refuse(unsigned int number)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(*code), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		check_skip("no seccomp filters here");
}

static void without_madvise(void)
{
	refuse(SYS_madvise);
	errno = 0;
	CHECK(madvise(NULL, 0, MADV_NORMAL) && errno == EPERM);
	work(3 * MIB);
}

static void without_mremap(void)
{
	refuse(SYS_mremap);
	work(3 * MIB);
	/* Moves are copies now. */
	unsigned char *ptr = NULL;
	for (size_t size = MIB; size <= 96 * MIB; size *= 2) {
		ptr = family.realloc(ptr, size);
		CHECK(ptr != NULL);
		if (size > MIB)
			CHECK_EQ(ptr[size / 2 - 1], 0x21);
		memset(ptr, 0x21, size);
	}
	family.free(ptr);
}

static void without_munmap(void)
{
	refuse(SYS_munmap);
	work(3 * MIB);
	for (int i = 0; i < 10; i++)
		family.free(family.malloc((size_t)3 << 30));
}

static void without_membarrier_and_rseq(void)
{
	refuse(SYS_membarrier);
#ifdef SYS_rseq
	refuse(SYS_rseq);
#endif
	work(MIB);
}

static size_t status_kib(const char *name)
{
	char line[256];
	size_t value = 0;
	FILE *file = fopen("/proc/self/status", "re");

	CHECK(file != NULL);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			value = strtoul(line + strlen(name), NULL, 10);
	fclose(file);
	return value;
}

/* No more is locked than is used: reserves must not become resident. */
static void locked_as_it_is_mapped(void)
{
	struct rlimit limit;

	CHECK(!getrlimit(RLIMIT_MEMLOCK, &limit));
	if (geteuid() && limit.rlim_cur < 1024 * MIB)
		check_skip("not allowed to lock memory");
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		check_skip("memory cannot be locked");
	size_t before = check_rss();
	size_t locked = status_kib("VmLck:") << 10;
	size_t size = 16 * MIB;
	char *ptr = family.malloc(size);
	CHECK(ptr != NULL);
	for (int i = 0; i < 10000; i++)
		*(char *)family.malloc(100) = 1;
	size_t grown = check_rss() - before;
	size_t locked_more = (status_kib("VmLck:") << 10) - locked;
	check_note("17 MiB taken: %zu KiB more resident, %zu KiB locked",
		   grown >> 10, locked_more >> 10);
	CHECK(grown < 64 * MIB);
	CHECK(locked_more < 256 * MIB);
	family.free(ptr);
	work(MIB);
}

enum { MANY = 70000 };

/* Splits one mapping into as many as the system allows. */
static size_t use_up_mappings(char *base, size_t page)
{
	size_t nr = 0;

	while (nr < MANY && !mprotect(base + 2 * nr * page, page, PROT_READ))
		nr++;
	return nr;
}

/* Refusals are refusals; what is had stays; later all is well again. */
static void without_mappings(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *base = mmap(NULL, 2 * MANY * page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	static const size_t sizes[] = {48,	5000,	  100 << 10,
				       1 * MIB, 40 * MIB, (size_t)3 << 30};
	enum { NR = 3000 };
	static unsigned char *ptr[NR];

	CHECK(base != MAP_FAILED);
	unsigned char *before = family.malloc(2 * MIB);
	CHECK(before != NULL);
	memset(before, 0x19, 2 * MIB);
	size_t nr = use_up_mappings(base, page);
	if (nr == MANY)
		check_skip("there is no end of mappings here");
	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		int most = sizes[s] > MIB ? 5 : NR, got = 0;
		for (; got < most; got++) {
			errno = 0;
			ptr[got] = family.malloc(sizes[s]);
			if (!ptr[got]) {
				CHECK_EQ(errno, ENOMEM);
				break;
			}
			ptr[got][0] = ptr[got][sizes[s] - 1] = 0x23;
		}
		unsigned char *more = family.realloc(before, 4 * MIB);
		before = more ? more : before;
		for (size_t i = 0; i < 2 * MIB; i += 100)
			CHECK_EQ(before[i], 0x19);
		for (int i = 0; i < got; i++) {
			CHECK_EQ(ptr[i][sizes[s] - 1], 0x23);
			errno = 44;
			family.free(ptr[i]);
			CHECK_EQ(errno, 44);
		}
		family.malloc_trim(0);
	}
	munmap(base, 2 * MANY * page);
	family.free(before);
	work(3 * MIB);
}

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(without_madvise),
		CHECK_TEST(without_mremap),
		CHECK_TEST(without_munmap),
		CHECK_TEST(without_membarrier_and_rseq),
		CHECK_TEST(locked_as_it_is_mapped),
		CHECK_TEST(without_mappings),
	};

	return check_run(argc, argv, tests, sizeof(tests) / sizeof(*tests));
}
