/*
 * Google Benchmark seen from C. A benchmark is a C function that runs its
 * iterations in batches, so that the shim's calls cost nothing per iteration:
 *
 *	static void body(struct bench_state *state)
 *	{
 *		while (bench_batch(state, 1000))
 *			for (unsigned i = 0; i < 1000; i++)
 *				...
 *	}
 *
 * With several threads the body runs on each of them, the same number of
 * iterations on all, and the time shown is the wall clock's.
 */
#ifndef BENCH_SHIM_H
#define BENCH_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bench_state;

struct bench_case {
	char name[48]; /* family/what/..., without the number of threads */
	void (*body)(struct bench_state *state);
	size_t size;   /* the benchmark's own */
	unsigned mode; /* the benchmark's own */
	unsigned threads;
};

/* The case is copied. threads 0 counts as 1. */
void bench_add(const struct bench_case *what);

/* True when `iterations` more are to be run. */
bool bench_batch(struct bench_state *state, int64_t iterations);

const struct bench_case *bench_what(const struct bench_state *state);
unsigned bench_thread(const struct bench_state *state);

/* Ends the case with an error; the body returns after it. */
void bench_fail(struct bench_state *state, const char *why);

/* Google Benchmark's command line; returns main()'s value. */
int bench_main(int argc, char **argv);

/* Keeps the compiler from pairing a malloc with its free. */
static inline void bench_escape(void *block)
{
	__asm__ volatile("" : : "r"(block) : "memory");
}

#ifdef __cplusplus
}
#endif

#endif /* BENCH_SHIM_H */
