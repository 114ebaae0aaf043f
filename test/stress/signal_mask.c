/*
 * What a call must leave alone: the thread's signal mask (whatever it was),
 * pending signals, and how often a queued one is pending. No handler may run
 * inside a call for a signal that the thread has blocked.
 */
#include "stress.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define QUEUED 20

static volatile sig_atomic_t delivered[_NSIG + 1];
static volatile sig_atomic_t last_value;

static void on_signal(int signo, siginfo_t *info, void *context)
{
	(void)context;
	/* queued signals of one number come in the order of sending */
	if (signo == SIGRTMIN) {
		MUST(info->si_value.sival_int == last_value + 1);
		last_value++;
	}
	delivered[signo]++;
}

static bool usable(int signo)
{
	return signo != SIGKILL && signo != SIGSTOP &&
	       (signo < 32 || signo >= SIGRTMIN);
}

static void random_mask(struct prng *r, sigset_t *mask)
{
	sigemptyset(mask);
	for (int s = 1; s <= SIGRTMAX; s++)
		if (usable(s) && prng_below(r, 2))
			sigaddset(mask, s);
}

static void check_same(const sigset_t *want, const char *what,
		       int (*get)(sigset_t *))
{
	sigset_t now;

	MUST(get(&now) == 0);
	for (int s = 1; s <= SIGRTMAX; s++)
		if (usable(s) && sigismember(want, s) != sigismember(&now, s))
			stress_fail("signal %d changed in the %s", s, what);
}

static int get_mask(sigset_t *set)
{
	return pthread_sigmask(SIG_SETMASK, NULL, set);
}

/* All kinds of calls, of hits and misses, of all sizes. */
static void exercise(struct prng *r)
{
	static const struct {
		size_t size, count;
	} kind[] = {{1, 300},	   {24, 300},	   {500, 100},
		    {8 * KIB, 40}, {40 * KIB, 20}, {200 * KIB, 10},
		    {1 * MIB, 3},  {5 * MIB, 1}};
	uintptr_t block[300];
	size_t k, i;

	for (k = 0; k < ARRAY_SIZE(kind); k++) {
		for (i = 0; i < kind[k].count; i++)
			block[i] = block_new(r, kind[k].size);
		for (i = 0; i < kind[k].count; i++)
			block[i] = block_resize(r, block[i], kind[k].size * 2);
		for (i = 0; i < kind[k].count; i++)
			block_free(block[i]);
	}
}

static void test_mask(struct prng *r)
{
	sigset_t mask;

	random_mask(r, &mask);
	MUST(pthread_sigmask(SIG_SETMASK, &mask, NULL) == 0);
	exercise(r);
	check_same(&mask, "mask", get_mask);
}

static void test_pending(struct prng *r)
{
	sigset_t all, none, pending;
	int i;

	sigfillset(&all);
	sigemptyset(&none);
	MUST(pthread_sigmask(SIG_SETMASK, &all, NULL) == 0);
	memset((void *)delivered, 0, sizeof(delivered));
	last_value = 0;
	pthread_kill(pthread_self(), SIGUSR1);
	kill(getpid(), SIGUSR2);
	pthread_kill(pthread_self(), SIGSEGV);
	for (i = 1; i <= QUEUED; i++) {
		union sigval value = {.sival_int = i};

		/* EAGAIN: the queue is shared by all processes of a user */
		while (pthread_sigqueue(pthread_self(), SIGRTMIN, value))
			sched_yield();
	}
	MUST(sigpending(&pending) == 0);
	exercise(r);
	MUST(delivered[SIGUSR1] + delivered[SIGUSR2] + delivered[SIGSEGV] +
		     delivered[SIGRTMIN] ==
	     0);
	check_same(&all, "mask", get_mask);
	check_same(&pending, "pending set", sigpending);
	MUST(pthread_sigmask(SIG_SETMASK, &none, NULL) == 0);
	exercise(r);
	MUST(delivered[SIGUSR1] == 1);
	MUST(delivered[SIGUSR2] == 1);
	MUST(delivered[SIGSEGV] == 1);
	MUST(delivered[SIGRTMIN] == QUEUED);
}

static void *in_thread(void *arg)
{
	struct prng *r = arg;

	test_mask(r);
	return NULL;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_sigaction = on_signal};
	unsigned long rounds;
	struct prng r;

	stress_start(argc, argv, 120, 1400);
	r.state = stress_seed(0);
	action.sa_flags = SA_SIGINFO;
	for (int s = 1; s <= SIGRTMAX; s++)
		if (usable(s) && s != SIGCHLD)
			MUST(sigaction(s, &action, NULL) == 0);
	rounds = stress_count(20, 1000);
	for (unsigned long i = 0; i < rounds; i++) {
		stress_at("random masks");
		test_mask(&r);
		pthread_join(stress_spawn(in_thread, &r, 0), NULL);
		stress_at("pending signals");
		test_pending(&r);
	}
	return stress_end();
}
