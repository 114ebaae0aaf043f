/* os/vdso: functions of the kernel's shared object. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "os/vdso.h"

#ifdef __aarch64__
#define A_FUNCTION "__kernel_clock_gettime"
#else
#define A_FUNCTION "__vdso_clock_gettime"
#endif

static bool without_vdso;

/* The C library's own, but for a process that shall have no vDSO. */
unsigned long getauxval(unsigned long type)
{
	static unsigned long (*real)(unsigned long);

	if (without_vdso && type == AT_SYSINFO_EHDR) {
		errno = ENOENT;
		return 0;
	}
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "getauxval");
	return real(type);
}

static void test_without_one(void **state)
{
	(void)state;
	without_vdso = true;
	errno = 5;
	assert_null(vdso_image());
	assert_int_equal(errno, 5);
	without_vdso = false;
}

/* As the dynamic linker finds it, which knows the vDSO by this name. */
static void test_finds_what_dlsym_finds(void **state)
{
	void *vdso = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);

	(void)state;
	if (!vdso || !vdso_image())
		skip();
	assert_non_null(dlsym(vdso, A_FUNCTION));
	assert_ptr_equal(vdso_function(vdso_image(), A_FUNCTION),
			 dlsym(vdso, A_FUNCTION));
	dlclose(vdso);
}

static void test_what_is_not_there(void **state)
{
	static const char no_elf[4096] = "no ELF";

	(void)state;
	assert_null(vdso_function(NULL, A_FUNCTION));
	assert_null(vdso_function(no_elf, A_FUNCTION));
	assert_null(vdso_function(vdso_image(), "__vdso_no_such_function"));
	assert_null(vdso_function(vdso_image(), ""));
}

/* The C library's file: thousands of symbols, and DT_GNU_HASH alone. */
static void test_a_large_image(void **state)
{
	struct stat st;
	char *image;
	Dl_info info;
	int fd;

	(void)state;
	assert_true(dladdr(dlsym(RTLD_DEFAULT, "qsort"), &info));
	fd = open(info.dli_fname, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || !strstr(info.dli_fname, "libc.so"))
		skip(); /* a sanitizer's, or a static program */
	assert_int_equal(fstat(fd, &st), 0);
	image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(image != MAP_FAILED);
	assert_int_equal((const char *)vdso_function(image, "qsort") - image,
			 (const char *)info.dli_saddr -
				 (const char *)info.dli_fbase);
	assert_null(vdso_function(image, "no_such_function"));
	munmap(image, (size_t)st.st_size);
	close(fd);
}

UNIT_MAIN(TEST(test_without_one), TEST(test_finds_what_dlsym_finds),
	  TEST(test_what_is_not_there), TEST(test_a_large_image))
