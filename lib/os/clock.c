/* The clocks: the vDSO's where there is one, else the kernel's. */
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/base.h"
#include "clock.h"
#include "inject.h"
#include "syscall.h"
#include "vdso.h"

#define NS_PER_S 1000000000

#ifdef __aarch64__
#define GETTIME_NAME "__kernel_clock_gettime"
#else
#define GETTIME_NAME "__vdso_clock_gettime"
#endif

typedef int gettime_fn(clockid_t id, struct timespec *ts);

static int gettime_by_call(clockid_t id, struct timespec *ts)
{
	return (int)syscall2(__NR_clock_gettime, id, ts);
}

/* Looked for at the first use; threads that do so at once find the same. */
static gettime_fn *gettime;

static noinline gettime_fn *find_gettime(void)
{
	const void *found = vdso_function(vdso_image(), GETTIME_NAME);
	gettime_fn *fn = found ? (gettime_fn *)(uintptr_t)found
			       : gettime_by_call;

	WRITE_ONCE(gettime, fn);
	return fn;
}

uint64_t os_milliseconds(void)
{
	gettime_fn *fn = READ_ONCE(gettime);
	struct timespec ts = {0, 0};

	if (unlikely(!fn))
		fn = find_gettime();
	if (unlikely(fn(CLOCK_MONOTONIC_COARSE, &ts)))
		gettime_by_call(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint64_t)ts.tv_sec * MS_PER_S +
	       (uint64_t)ts.tv_nsec / NS_PER_MS;
}

uint64_t os_thread_ns(void)
{
	struct timespec ts = {0, 0};

	(void)gettime_by_call(CLOCK_THREAD_CPUTIME_ID, &ts);
	return inject_thread_ns((uint64_t)ts.tv_sec * NS_PER_S +
				(uint64_t)ts.tv_nsec);
}
