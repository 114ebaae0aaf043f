/*
 * fork in a signal handler that interrupted an allocation, by fork() and by
 * _Fork() where there is one. Both sides go on with the interrupted call, and
 * the child then starts a thread. Another thread allocates meanwhile.
 */
#include "stress.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct pool pool;
static struct prng in_handler;
static volatile sig_atomic_t forks;
static volatile sig_atomic_t is_child;
static _Atomic bool stop;
static pid_t (*kind[3])(void);
static size_t nr_kinds;

static pid_t raw_fork(void)
{
	return (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

static void on_timer(int signo)
{
	int saved = errno;
	pid_t pid;

	(void)signo;
	if (is_child)
		return;
	pid = stress_fork(kind[(size_t)forks % nr_kinds]);
	if (pid == 0)
		is_child = 1;
	for (int i = 0; i < 10; i++)
		pool_step(&pool, &in_handler, 64 * KIB);
	if (pid == 0) {
		errno = saved;
		return; /* into the interrupted call */
	}
	stress_reap(pid, 0);
	forks++;
	errno = saved;
}

static void *child_thread(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg)};

	for (int i = 0; i < 30; i++)
		pool_step(&pool, &r, 300 * KIB);
	return NULL;
}

_Noreturn static void end_child(bool raw)
{
	/* a raw clone leaves libc's thread list as it was: no threads there */
	if (!raw)
		pthread_join(stress_spawn(child_thread, NULL, 0), NULL);
	if (forks % 16 == 0)
		stress_verify();
	_exit(0);
}

static void *work(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg)};

	while (!atomic_load(&stop)) {
		for (int i = 0; i < 10; i++)
			pool_step(&pool, &r, 300 * KIB);
		usleep(100); /* few processors must do for all threads */
	}
	return NULL;
}

/*
 * Born with all signals masked: a child of this thread's fork would have
 * nobody to end it.
 */
static pthread_t spawn_worker(void)
{
	sigset_t all, old;
	pthread_t thread;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	thread = stress_spawn(work, (void *)2, 0);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return thread;
}

static void arm(struct prng *r)
{
	struct itimerspec once = {.it_value = {.tv_nsec = 1}};
	static timer_t timer;
	static bool made;
	struct sigevent event;

	if (!made) {
		memset(&event, 0, sizeof(event));
		event.sigev_notify = SIGEV_SIGNAL;
		event.sigev_signo = SIGRTMIN;
		MUST(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
		made = true;
	}
	once.it_value.tv_nsec = 10000 + (long)prng_below(r, 60000);
	MUST(timer_settime(timer, 0, &once, NULL) == 0);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_timer};
	unsigned long wanted;
	pthread_t thread;
	struct prng r;
	int before;

	stress_start(argc, argv, 120, 1200);
	r.state = stress_seed(0);
	in_handler.state = stress_seed(1);
	kind[nr_kinds++] = fork;
	*(void **)&kind[nr_kinds] = dlsym(RTLD_DEFAULT, "_Fork");
	if (kind[nr_kinds])
		nr_kinds++;
	kind[nr_kinds++] = raw_fork;
	MUST(sigaction(SIGRTMIN, &action, NULL) == 0);
	wanted = stress_count(500, 20000);
	thread = spawn_worker();
	stress_at("forks in handlers");
	while ((unsigned long)forks < wanted) {
		before = forks;
		arm(&r);
		while (forks == before && !is_child)
			pool_step(&pool, &r, 300 * KIB);
		if (is_child)
			end_child(kind[(size_t)forks % nr_kinds] == raw_fork);
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	pool_drain(&pool);
	return stress_end();
}
