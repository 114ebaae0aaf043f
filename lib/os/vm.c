/* Address space, by raw system calls. */
#include <errno.h>
#include <linux/mman.h>
#include <stdint.h>
#include <sys/auxv.h>

#include "inject.h"
#include "syscall.h"
#include "thp.h"
#include "vm.h"

/* From <sys/mman.h>, whose MAP_ and MREMAP_ names the kernel's header has. */
#ifndef PROT_NONE
#define PROT_NONE 0x0
#define PROT_READ 0x1
#define PROT_WRITE 0x2
#endif
#ifndef MAP_PRIVATE
#define MAP_PRIVATE 0x02
#endif
#ifndef MAP_FIXED
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#endif
#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0x4000
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MADV_DONTNEED
#define MADV_DONTNEED 4
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

#define UNKNOWN_ADVICE (-1)

#define RESERVE_FLAGS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
#define COMMIT_FLAGS (RESERVE_FLAGS | MAP_FIXED)

size_t os_page_size(void)
{
	static size_t size;
	size_t s = READ_ONCE(size);

	if (unlikely(!s)) {
		s = getauxval(AT_PAGESZ);
		WRITE_ONCE(size, s);
	}
	return s;
}

static long map(void *addr, size_t len, int prot, int flags)
{
	return syscall6(__NR_mmap, addr, len, prot, flags, -1, 0);
}

static bool failed(long ret)
{
	return (unsigned long)ret > -4096UL;
}

bool os_advice_is_followed(void)
{
	static int known; /* 1 more than the answer */
	int k = READ_ONCE(known);

	if (unlikely(!k)) {
		k = 1 + (syscall3(__NR_madvise, NULL, 0, UNKNOWN_ADVICE) != 0);
		WRITE_ONCE(known, k);
	}
	return k > 1;
}

/*
 * Of memory for which we may ask for huge pages all else is of small ones: a
 * mapping shall be one with those around it. What is reserved, and what is
 * mapped anew, begins so.
 */
static void as_neighbours(void *addr, size_t len)
{
	if (os_huge_policy() == HUGE_MADVISE)
		os_small_pages(addr, len);
}

void *os_reserve(size_t len)
{
	long ret;

	if (inject_fails(INJECT_MAP))
		return NULL;
	ret = map(NULL, len, PROT_NONE, RESERVE_FLAGS);
	if (failed(ret))
		return NULL;
	as_neighbours((void *)ret, len);
	return (void *)ret;
}

int os_reserve_at(void *addr, size_t len)
{
	long ret;

	if (inject_fails(INJECT_MAP))
		return -ENOMEM;
	ret = map(addr, len, PROT_NONE, RESERVE_FLAGS | MAP_FIXED_NOREPLACE);
	if (failed(ret))
		return (int)ret;
	/* Before Linux 4.17 an unknown flag made the address a mere hint. */
	if ((void *)ret != addr) {
		os_release((void *)ret, len);
		return -EEXIST;
	}
	as_neighbours(addr, len);
	return 0;
}

void os_release(void *addr, size_t len)
{
	/*
	 * It fails only when the process is out of mappings, and splitting
	 * one is what it would take. The range then stays reserved, with
	 * nothing in it, which costs address space only.
	 */
	if (failed(syscall2(__NR_munmap, addr, len)))
		syscall3(__NR_madvise, addr, len, MADV_DONTNEED);
}

int os_commit(void *addr, size_t len)
{
	if (inject_fails(INJECT_COMMIT))
		return -ENOMEM;
	return (int)syscall3(__NR_mprotect, addr, len, PROT_READ | PROT_WRITE);
}

int os_decommit(void *addr, size_t len)
{
	long ret;

	if (inject_fails(INJECT_PURGE))
		return -ENOMEM;
	ret = map(addr, len, PROT_NONE, RESERVE_FLAGS | MAP_FIXED);
	if (failed(ret))
		return (int)ret;
	as_neighbours(addr, len);
	return 0;
}

int os_protect(void *addr, size_t len, bool usable)
{
	int prot = usable ? PROT_READ | PROT_WRITE : PROT_NONE;

	if (inject_fails(INJECT_PROTECT))
		return -ENOMEM;
	return (int)syscall3(__NR_mprotect, addr, len, prot);
}

int os_purge(void *addr, size_t len)
{
	long ret;

	if (inject_fails(INJECT_PURGE))
		return -ENOMEM;
	ret = syscall3(__NR_madvise, addr, len, MADV_DONTNEED);
	if (ret != -EINVAL && ret != -EPERM && ret != -ENOSYS &&
	    likely(os_advice_is_followed()))
		return (int)ret;
	/* Locked memory, a filter that refuses madvise, or an emulator. */
	return os_fresh(addr, len);
}

int os_fresh(void *addr, size_t len)
{
	long ret = map(addr, len, PROT_READ | PROT_WRITE, COMMIT_FLAGS);

	if (failed(ret))
		return (int)ret;
	as_neighbours(addr, len);
	return 0;
}

/*
 * Linux before 6.16 may unmap the target of a move and only then find that it
 * cannot be made. A hole must not stay where others believe to have memory.
 */
static void refill_hole(void *to, size_t len, int prot)
{
	long ret = map(to, len, prot, RESERVE_FLAGS | MAP_FIXED_NOREPLACE);

	/* There was no hole, and the flag was unknown: see os_reserve_at(). */
	if (!failed(ret) && (void *)ret != to)
		os_release((void *)ret, len);
}

int os_move(void *to, void *from, size_t len)
{
	long ret;

	/* An emulator may take `from` for unmapped afterwards. */
	if (inject_fails(INJECT_MOVE) || unlikely(!os_advice_is_followed()))
		return -ENOMEM;
	ret = syscall5(__NR_mremap, from, len, len,
		       MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to);
	if (!failed(ret))
		return 0;
	refill_hole(to, len, PROT_READ | PROT_WRITE);
	return (int)ret;
}

int os_resize(void *addr, size_t old_len, size_t new_len)
{
	long ret;

	if (new_len > old_len && inject_fails(INJECT_MOVE))
		return -ENOMEM;
	ret = syscall5(__NR_mremap, addr, old_len, new_len, 0, 0);
	return failed(ret) ? (int)ret : 0;
}

int os_relocate(void *to, void *from, size_t old_len, size_t new_len)
{
	long ret;

	if (inject_fails(INJECT_MOVE))
		return -ENOMEM;
	ret = syscall5(__NR_mremap, from, old_len, new_len,
		       MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (!failed(ret))
		return 0;
	refill_hole(to, new_len, PROT_NONE);
	return (int)ret;
}

void os_resident(const void *addr, size_t len, unsigned char *pages)
{
	if (syscall3(__NR_mincore, addr, len, pages))
		for (size_t i = 0; i < len / os_page_size(); i++)
			pages[i] = 1;
}

bool os_is_resident(const void *addr)
{
	unsigned char in = 1;

	os_resident(addr, os_page_size(), &in);
	return in & 1;
}
