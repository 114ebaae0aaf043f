/*
 * System calls without glibc's wrappers.
 *
 * The wrappers may be hooked by other preloaded libraries, which may allocate;
 * and they write errno, which free() must keep. A raw call returns a negative
 * errno value instead.
 */
#ifndef OS_SYSCALL_H
#define OS_SYSCALL_H

#include <sys/syscall.h>

#if defined(__x86_64__)
static inline long raw_syscall(long nr, long a, long b, long c, long d, long e,
			       long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
			   "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}
#elif defined(__aarch64__)
static inline long raw_syscall(long nr, long a, long b, long c, long d, long e,
			       long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}
#else
#error "libbuddy knows the system calls of x86-64 and aarch64 only"
#endif

#define syscall0(nr) raw_syscall(nr, 0, 0, 0, 0, 0, 0)
#define syscall1(nr, a) raw_syscall(nr, (long)(a), 0, 0, 0, 0, 0)
#define syscall2(nr, a, b) raw_syscall(nr, (long)(a), (long)(b), 0, 0, 0, 0)
#define syscall3(nr, a, b, c) \
	raw_syscall(nr, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define syscall4(nr, a, b, c, d) \
	raw_syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define syscall5(nr, a, b, c, d, e)                                            \
	raw_syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), \
		    0)
#define syscall6(nr, a, b, c, d, e, f)                                         \
	raw_syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), \
		    (long)(f))

#endif
