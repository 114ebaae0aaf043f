/*
 * Signals over threads that are just being born or just dying: short threads
 * whose very first allocation, last free and TLS destructors are interrupted
 * by handlers that allocate. A separate process sends the signals; the main
 * thread keeps them blocked, so that they go to the short ones.
 */
#include "stress.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define CREATORS 2

/* Not real-time ones: in a deadlock they would fill the user's queue. */
static const int signals[] = {SIGUSR1, SIGUSR2, SIGWINCH};

static struct pool pool;
static pthread_key_t key;
static _Atomic uint64_t handled;
static _Atomic uint64_t dice;
static uint64_t deadline;

static void on_signal(int signo)
{
	struct prng r = {atomic_fetch_add(&dice, 0x9e3779b97f4a7c15u)};
	int saved = errno;

	(void)signo;
	pool_step(&pool, &r, 8 * KIB);
	atomic_fetch_add(&handled, 1);
	errno = saved;
}

static void on_death(void *block)
{
	struct prng r = {(uint64_t)(uintptr_t)block};

	block_free((uintptr_t)block);
	pool_step(&pool, &r, 1 * KIB);
	/* the next round of destructors meets us again, a few times */
	if (prng_below(&r, 2))
		pthread_setspecific(key, (void *)block_new(&r, 40));
}

static void *live_shortly(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg)};

	for (int i = 0; i < 4; i++)
		pool_step(&pool, &r, 64 * KIB);
	/* at least eight bytes, so that the name is the address */
	pthread_setspecific(key, (void *)block_new(&r, 100));
	return NULL;
}

static void *create(void *arg)
{
	sigset_t none;

	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
	for (uintptr_t i = 0; stress_now() < deadline; i++)
		pthread_join(
			stress_spawn(live_shortly,
				     (void *)(i * CREATORS + (uintptr_t)arg),
				     64 * KIB),
			NULL);
	return NULL;
}

_Noreturn static void send_signals(pid_t target)
{
	struct timespec pause = {.tv_nsec = 15000};

	prctl(PR_SET_TIMERSLACK, 1);
	for (int i = 0;; i = (i + 1) % 3) {
		if (kill(target, signals[i]) && errno == ESRCH)
			_exit(0);
		nanosleep(&pause, NULL);
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal};
	pthread_t creators[CREATORS];
	sigset_t all;
	pid_t self, sender;

	stress_start(argc, argv, 120, 300);
	atomic_store(&dice, stress_seed(1));
	MUST(pthread_key_create(&key, on_death) == 0);
	action.sa_flags = SA_RESTART;
	for (int i = 0; i < 3; i++)
		MUST(sigaction(signals[i], &action, NULL) == 0);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	self = getpid();
	sender = stress_fork(fork);
	if (sender == 0)
		send_signals(self);
	deadline = stress_now() + stress_count(3, 60) * 1000000000u;
	stress_at("births and deaths under fire");
	for (uintptr_t i = 0; i < CREATORS; i++)
		creators[i] = stress_spawn(create, (void *)i, 0);
	for (int i = 0; i < CREATORS; i++)
		pthread_join(creators[i], NULL);
	kill(sender, SIGKILL);
	pool_drain(&pool);
	if (atomic_load(&handled) < 500)
		stress_fail("only %llu signals came",
			    (unsigned long long)atomic_load(&handled));
	return stress_end();
}
