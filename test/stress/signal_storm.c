/*
 * A storm of queued, thread-directed signals over allocating threads. Three
 * real-time signals nest into each other on an alternate stack. Afterwards
 * each thread must have seen every signal that was sent to it, and its mask
 * and alternate stack must be what they were.
 */
#include "stress.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#define WORKERS 3
#define KINDS 3
#define BACKLOG 300
#define STACK (512 * KIB)

struct worker {
	pthread_t thread;
	struct prng in_handler;
	_Atomic unsigned long received;
	_Atomic unsigned long sum;
	unsigned long sent;
	unsigned long sent_sum;
	_Atomic bool ready;
	_Atomic bool stop;
};

static struct pool pool;
static struct worker workers[WORKERS];
static _Thread_local struct worker *self;

static void on_signal(int signo, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)signo;
	(void)context;
	for (int i = 0; i < 2; i++)
		pool_step(&pool, &self->in_handler, 64 * KIB);
	atomic_fetch_add(&self->received, 1);
	atomic_fetch_add(&self->sum, (unsigned long)info->si_value.sival_int);
	errno = saved;
}

static void check_unchanged(const sigset_t *mask, const stack_t *stack)
{
	sigset_t now_mask;
	stack_t now_stack;

	MUST(pthread_sigmask(SIG_SETMASK, NULL, &now_mask) == 0);
	for (int s = 1; s <= SIGRTMAX; s++)
		if (sigismember(mask, s) != sigismember(&now_mask, s))
			stress_fail("signal %d changed in the mask", s);
	MUST(sigaltstack(NULL, &now_stack) == 0);
	MUST(now_stack.ss_sp == stack->ss_sp);
	MUST(now_stack.ss_size == stack->ss_size);
	MUST(now_stack.ss_flags == stack->ss_flags);
}

static void *work(void *arg)
{
	stack_t stack = {.ss_size = STACK};
	struct prng r;
	sigset_t mask;

	self = arg;
	r.state = stress_seed((uint64_t)(self - workers));
	self->in_handler.state = stress_seed((uint64_t)(self - workers) + 50);
	stack.ss_sp = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(stack.ss_sp != MAP_FAILED);
	MUST(sigaltstack(&stack, NULL) == 0);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	sigaddset(&mask, SIGRTMAX);
	MUST(pthread_sigmask(SIG_SETMASK, &mask, NULL) == 0);
	atomic_store(&self->ready, true);
	while (!atomic_load(&self->stop)) {
		for (int i = 0; i < 50; i++)
			pool_step(&pool, &r, 1 * MIB);
		check_unchanged(&mask, &stack);
	}
	check_unchanged(&mask, &stack);
	return NULL;
}

static void send(struct worker *w, struct prng *r)
{
	union sigval value = {.sival_int = (int)prng_below(r, 1000)};
	int signo = SIGRTMIN + (int)prng_below(r, KINDS);
	int error;

	if (w->sent - atomic_load(&w->received) > BACKLOG) {
		sched_yield();
		return;
	}
	error = pthread_sigqueue(w->thread, signo, value);
	if (error == EAGAIN) {
		sched_yield();
		return;
	}
	MUST(error == 0);
	w->sent++;
	w->sent_sum += (unsigned long)value.sival_int;
}

/* Signals are queued, so they arrive; a lost one is a deadlock here. */
static void stop(struct worker *w)
{
	while (atomic_load(&w->received) != w->sent)
		sched_yield();
	atomic_store(&w->stop, true);
	pthread_join(w->thread, NULL);
	MUST(atomic_load(&w->sum) == w->sent_sum);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_sigaction = on_signal};
	struct prng r;
	uint64_t deadline;
	int i;

	stress_start(argc, argv, 120, 300);
	r.state = stress_seed(99);
	action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
	for (i = 0; i < KINDS; i++)
		MUST(sigaction(SIGRTMIN + i, &action, NULL) == 0);
	for (i = 0; i < WORKERS; i++)
		workers[i].thread = stress_spawn(work, &workers[i], 0);
	for (i = 0; i < WORKERS; i++)
		while (!atomic_load(&workers[i].ready))
			sched_yield();
	stress_at("the storm");
	deadline = stress_now() + stress_count(2, 60) * 1000000000u;
	while (stress_now() < deadline)
		for (i = 0; i < 20; i++)
			send(&workers[prng_below(&r, WORKERS)], &r);
	stress_at("waiting for all signals");
	for (i = 0; i < WORKERS; i++)
		stop(&workers[i]);
	pool_drain(&pool);
	return stress_end();
}
