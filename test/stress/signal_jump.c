/*
 * Handlers that leave by siglongjmp: out of the program's code or out of the
 * allocator's, wherever the timer found the thread. What was asked for just
 * then may be lost, but nothing else: other threads go on, and so does this
 * one, at about the speed it had, also in the child of a fork.
 */
#include "stress.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define PAIRS 200000
#define BURST 30
#define JUMPS 50 /* of a thread: of so many it recovers */
#define TIMES_SLOWER 12
#define ROUNDS 12 /* and so many looks, in a long run too */
#define MANY_ROUNDS 2000

static struct pool pool;
static _Atomic bool stop;
static _Thread_local sigjmp_buf place;
static _Thread_local volatile sig_atomic_t may_jump;
static volatile sig_atomic_t jumps;

static void on_timer(int signo)
{
	(void)signo;
	if (may_jump) {
		may_jump = 0;
		jumps++;
		siglongjmp(place, 1);
	}
}

static timer_t make_timer(void)
{
	struct sigevent event;
	timer_t timer;

	memset(&event, 0, sizeof(event));
	event.sigev_notify = SIGEV_THREAD_ID;
	event.sigev_signo = SIGRTMIN;
	event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
	MUST(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
	return timer;
}

/* Allocates until a handler jumps out of it. */
static void run_until_jump(timer_t timer, struct prng *r)
{
	static const size_t sizes[] = {24, 24, 500, 6 * KIB, 300 * KIB};
	struct itimerspec once = {.it_value = {.tv_nsec = 20000}};
	void *p[BURST];

	once.it_value.tv_nsec += (long)prng_below(r, 60000);
	if (sigsetjmp(place, 1))
		return;
	may_jump = 1;
	MUST(timer_settime(timer, 0, &once, NULL) == 0);
	for (;;) {
		size_t size = sizes[prng_below(r, ARRAY_SIZE(sizes))];

		for (size_t i = 0; i < BURST; i++)
			p[i] = malloc(size);
		for (size_t i = 0; i < BURST; i++)
			free(p[i]);
	}
}

/* The best of a few tries, in nanoseconds; after what it takes to recover. */
static uint64_t time_pairs(void)
{
	uint64_t best = UINT64_MAX, begin, took;

	for (int k = 0; k < 5; k++) {
		begin = stress_now();
		for (int i = 0; i < PAIRS; i++)
			free(malloc(64));
		took = stress_now() - begin;
		if (took < best)
			best = took;
	}
	return best;
}

static void check_speed(uint64_t before)
{
	uint64_t after = time_pairs();

	if (after > before * TIMES_SLOWER)
		stress_fail("%d pairs took %llu us, %llu us before the jumps",
			    PAIRS, (unsigned long long)after / 1000,
			    (unsigned long long)before / 1000);
}

static void *work(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg)};

	while (!atomic_load(&stop)) {
		for (int i = 0; i < 20; i++)
			pool_step(&pool, &r, 300 * KIB);
		usleep(100);
	}
	return NULL;
}

/* All of it in a thread, which ends, so that what it had is found. */
static void *jump_about(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg)};
	uint64_t before = time_pairs();
	timer_t timer = make_timer();
	pid_t pid;

	for (int n = 0; n < JUMPS; n++) {
		run_until_jump(timer, &r);
		for (int i = 0; i < 10; i++)
			pool_step(&pool, &r, 64 * KIB);
	}
	check_speed(before);
	pid = stress_fork(fork);
	if (pid == 0) {
		check_speed(before);
		for (int i = 0; i < 100; i++)
			pool_step(&pool, &r, 300 * KIB);
		_exit(0);
	}
	stress_reap(pid, 0);
	timer_delete(timer);
	return NULL;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_timer};
	unsigned long rounds;
	pthread_t worker;

	stress_start(argc, argv, 120, 1400);
	MUST(sigaction(SIGRTMIN, &action, NULL) == 0);
	worker = stress_spawn(work, (void *)1, 0);
	rounds = stress_count(ROUNDS, MANY_ROUNDS);
	stress_at("jumps out of handlers");
	for (uintptr_t n = 0; n < rounds; n++) {
		pthread_join(stress_spawn(jump_about, (void *)(n + 2), 0),
			     NULL);
		/* It looks at all that was lost so far, too. */
		if (n % (rounds / ROUNDS) == 0)
			stress_verify();
	}
	atomic_store(&stop, true);
	pthread_join(worker, NULL);
	printf("%d jumps; %zu KiB resident\n", (int)jumps, stress_rss() / KIB);
	pool_drain(&pool);
	return stress_end();
}
