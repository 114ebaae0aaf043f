/* Random bytes from the kernel. */
#include <linux/random.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>

#include "base/base.h"
#include "process.h"
#include "random.h"

#ifndef GRND_NONBLOCK
#define GRND_NONBLOCK 1
#endif

/* The sixteen bytes of AT_RANDOM, stirred with what differs between calls. */
static uint64_t fallback(void)
{
	const void *bytes = (const void *)getauxval(AT_RANDOM);
	struct timespec ts = {0, 0};
	uint64_t key[2] = {0, 0};

	if (bytes)
		memcpy(key, bytes, sizeof(key));
	syscall2(__NR_clock_gettime, CLOCK_MONOTONIC, &ts);
	key[0] ^= (uint64_t)os_getpid();
	return siphash_word(key,
			    (uint64_t)ts.tv_sec << 30 ^ (uint64_t)ts.tv_nsec);
}

uint64_t os_random(void)
{
	uint64_t word;
	long n = syscall3(__NR_getrandom, &word, sizeof(word), GRND_NONBLOCK);

	return n == (long)sizeof(word) ? word : fallback();
}
