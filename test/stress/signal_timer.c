/*
 * Allocating handlers driven by timers: each thread has a timer of its own,
 * and a profiling timer hits whichever thread runs. Handlers and threads
 * take each other's blocks out of one pool.
 */
#include "stress.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define THREADS 4
#define PERIOD_NS 70000

static struct pool pool;
static _Thread_local struct prng in_handler;
static _Thread_local volatile sig_atomic_t ready;
static _Atomic unsigned long handled;
static uint64_t deadline;

static void on_timer(int signo)
{
	int saved = errno;

	(void)signo;
	if (ready)
		for (int i = 0; i < 3; i++)
			pool_step(&pool, &in_handler, 300 * KIB);
	atomic_fetch_add(&handled, 1);
	errno = saved;
}

static timer_t start_timer(void)
{
	const struct itimerspec every = {
		.it_interval = {.tv_nsec = PERIOD_NS},
		.it_value = {.tv_nsec = PERIOD_NS},
	};
	struct sigevent event;
	timer_t timer;

	memset(&event, 0, sizeof(event));
	event.sigev_notify = SIGEV_THREAD_ID;
	event.sigev_signo = SIGRTMIN;
	event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
	MUST(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
	MUST(timer_settime(timer, 0, &every, NULL) == 0);
	return timer;
}

static void *work(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg)};
	timer_t timer;

	in_handler.state = stress_seed(100 + (uintptr_t)arg);
	ready = 1;
	timer = start_timer();
	while (stress_now() < deadline)
		for (int i = 0; i < 200; i++)
			pool_step(&pool, &r, 2 * MIB);
	timer_delete(timer);
	return NULL;
}

int main(int argc, char **argv)
{
	const struct itimerval prof = {{0, 1000}, {0, 1000}};
	const struct itimerval off = {{0, 0}, {0, 0}};
	struct sigaction action = {.sa_handler = on_timer};
	pthread_t threads[THREADS];

	stress_start(argc, argv, 120, 300);
	action.sa_flags = SA_RESTART;
	MUST(sigaction(SIGRTMIN, &action, NULL) == 0);
	MUST(sigaction(SIGPROF, &action, NULL) == 0);
	deadline = stress_now() + stress_count(2, 60) * 1000000000u;
	stress_at("threads and timers");
	for (uintptr_t i = 0; i < THREADS; i++)
		threads[i] = stress_spawn(work, (void *)i, 0);
	setitimer(ITIMER_PROF, &prof, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	setitimer(ITIMER_PROF, &off, NULL);
	pool_drain(&pool);
	if (atomic_load(&handled) < 1000)
		stress_fail("only %lu signals came", atomic_load(&handled));
	return stress_end();
}
