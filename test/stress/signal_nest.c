/*
 * Handlers that interrupt handlers that interrupt an allocation: four timers
 * in one thread, each with a signal of its own, none masking another, some
 * on the alternate stack. The innermost handler also raises a signal itself.
 * The outermost sets the timers anew when it ends, so that the thread always
 * gets on, however slow the machine is.
 */
#include "stress.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define KINDS 4
#define STACK (1 * MIB)
#define DEEP 3

static struct pool pool;
static struct prng in_handler[KINDS + 1];
static struct prng pause_length;
static timer_t timers[KINDS];
static volatile sig_atomic_t depth, deepest;
static volatile sig_atomic_t handled;

/* Close enough to each other that the later ones meet the first at work. */
static void set_timers(void)
{
	long first = 10000 + (long)prng_below(&pause_length, 50000);

	for (int i = 0; i < KINDS; i++) {
		struct itimerspec once = {.it_value = {.tv_nsec = first}};

		timer_settime(timers[i], 0, &once, NULL);
		first += (long)prng_below(&pause_length, 15000);
	}
}

static void on_signal(int signo)
{
	int kind = signo - SIGRTMIN;
	int saved = errno;

	depth++;
	if (depth > deepest)
		deepest = depth;
	for (int i = 0; i < 4; i++)
		pool_step(&pool, &in_handler[kind], 300 * KIB);
	if (depth == 2 && kind < KINDS - 1 && handled % 4 == 0)
		raise(SIGRTMIN + KINDS);
	for (int i = 0; i < 4; i++)
		pool_step(&pool, &in_handler[kind], 8 * KIB);
	handled++;
	if (depth == 1)
		set_timers();
	depth--;
	errno = saved;
}

static void make_timer(int kind)
{
	struct sigevent event;

	memset(&event, 0, sizeof(event));
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = SIGRTMIN + kind;
	MUST(timer_create(CLOCK_MONOTONIC, &event, &timers[kind]) == 0);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal};
	stack_t stack = {.ss_size = STACK};
	struct prng r;
	uint64_t deadline;
	sigset_t all;
	int i;

	stress_start(argc, argv, 120, 300);
	r.state = stress_seed(0);
	stack.ss_sp = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(stack.ss_sp != MAP_FAILED);
	MUST(sigaltstack(&stack, NULL) == 0);
	for (i = 0; i <= KINDS; i++) {
		in_handler[i].state = stress_seed(1 + (uint64_t)i);
		action.sa_flags = SA_RESTART | (i & 1 ? SA_ONSTACK : 0);
		MUST(sigaction(SIGRTMIN + i, &action, NULL) == 0);
	}
	stress_at("nested handlers");
	pause_length.state = stress_seed(50);
	for (i = 0; i < KINDS; i++)
		make_timer(i);
	set_timers();
	deadline = stress_now() + stress_count(2, 60) * 1000000000u;
	while (stress_now() < deadline)
		for (i = 0; i < 100; i++)
			pool_step(&pool, &r, 2 * MIB);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	printf("%d handlers, up to %d deep\n", (int)handled, (int)deepest);
	if (deepest < DEEP)
		stress_fail("handlers nested only %d deep", (int)deepest);
	MUST(depth == 0);
	pool_drain(&pool);
	return stress_end();
}
