/*
 * The run of a stress program: arguments, the watchdog, failures and the
 * self-check; the contract is in stress.h.
 *
 * The watchdog is the parent process, not an alarm: a deadlocked allocator
 * may well have every signal masked.
 */
#include "stress.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t seed;
static bool thorough_run;
static int (*verify)(void);

/* Shared with the watchdog. A program that did not start has its own. */
static const char *_Atomic nowhere;
static const char *_Atomic *where = &nowhere;

static void say(const char *text, size_t length)
{
	while (length) {
		ssize_t done = write(STDERR_FILENO, text, length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return;
		text += done;
		length -= (size_t)done;
	}
}

void stress_fail(const char *format, ...)
{
	char text[512];
	va_list ap;
	int n;

	n = snprintf(text, sizeof(text),
		     "FAILED (seed %llu): ", (unsigned long long)seed);
	va_start(ap, format);
	n += vsnprintf(text + n, sizeof(text) - (size_t)n - 1, format, ap);
	va_end(ap);
	if ((size_t)n > sizeof(text) - 2)
		n = sizeof(text) - 2;
	text[n++] = '\n';
	say(text, (size_t)n);
	_exit(1);
}

void stress_skip(const char *why)
{
	say("skipped: ", 9);
	say(why, strlen(why));
	say("\n", 1);
	_exit(SKIPPED);
}

void stress_at(const char *text)
{
	atomic_store_explicit(where, text, memory_order_relaxed);
}

static void kill_group(pid_t pid)
{
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

_Noreturn static void watch(pid_t pid, unsigned int seconds)
{
	const struct timespec patience = {.tv_sec = seconds};
	const char *text;
	sigset_t set;
	int status;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (sigtimedwait(&set, NULL, &patience) >= 0 || errno == EINTR)
			continue;
		if (waitpid(pid, &status, WNOHANG) != 0)
			break;
		text = atomic_load(where);
		kill_group(pid);
		stress_fail("deadlock: no end after %u s; last seen at: %s",
			    seconds, text ? text : "the start");
	}
	/* descendants that the test left behind must not outlive it */
	kill(-pid, SIGKILL);
	if (WIFSIGNALED(status)) {
		text = atomic_load(where);
		stress_fail("killed by signal %d (%s); last seen at: %s",
			    WTERMSIG(status), strsignal(WTERMSIG(status)),
			    text ? text : "the start");
	}
	_exit(WEXITSTATUS(status));
}

static void die_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void start_watchdog(unsigned int seconds)
{
	sigset_t set, old;
	void *page;
	pid_t pid;

	page = mmap(NULL, sizeof(*where), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	MUST(page != MAP_FAILED);
	where = page;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old);
	/* some allocators do not even survive this fork */
	alarm(seconds);
	pid = fork();
	MUST(pid >= 0);
	alarm(0);
	if (pid > 0)
		watch(pid, seconds);
	die_with_parent();
	setpgid(0, 0);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

void stress_start(int argc, char **argv, unsigned int quick,
		  unsigned int patient)
{
	const char *env = getenv("BUDDY_TEST_LONG");
	struct timespec now;
	int i;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 20;
	thorough_run = env && *env && strcmp(env, "0") != 0;
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--long"))
			thorough_run = true;
		else if (!strcmp(argv[i], "--seed") && i + 1 < argc)
			seed = strtoull(argv[++i], NULL, 0);
	}
	printf("seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	/* a void pointer may not become a function pointer by a cast */
	*(void **)&verify = dlsym(RTLD_DEFAULT, "buddy_mm_verify");
	start_watchdog(thorough_run ? patient : quick);
}

int stress_end(void)
{
	stress_at("the final check");
	stress_verify();
	return 0;
}

void stress_verify(void)
{
	int error = verify ? verify() : 0;

	if (error)
		stress_fail("buddy_mm_verify() returned %d", error);
}

unsigned long stress_count(unsigned long quick, unsigned long thorough)
{
	return thorough_run ? thorough : quick;
}

uint64_t stress_seed(uint64_t part)
{
	return seed + part * 0x9e3779b97f4a7c15u;
}

uint64_t stress_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	MUST(fd >= 0);
	n = read(fd, text, size - 1);
	MUST(n > 0);
	close(fd);
	text[n] = '\0';
}

size_t stress_status(const char *key)
{
	char text[4096], *line;

	read_file("/proc/self/status", text, sizeof(text));
	line = strstr(text, key);
	MUST(line);
	line = strpbrk(line, "0123456789");
	MUST(line);
	return strtoul(line, NULL, 10) * KIB;
}

size_t stress_rss(void)
{
	return stress_status("VmRSS:");
}

pthread_t stress_spawn(void *(*run)(void *), void *arg, size_t stack)
{
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	pthread_attr_init(&attr);
	if (stack && stack < (size_t)sysconf(_SC_THREAD_STACK_MIN))
		stack = (size_t)sysconf(_SC_THREAD_STACK_MIN);
	if (stack)
		MUST(pthread_attr_setstacksize(&attr, stack) == 0);
	error = pthread_create(&thread, &attr, run, arg);
	pthread_attr_destroy(&attr);
	if (error)
		stress_fail("pthread_create: %s", strerror(error));
	return thread;
}

void stress_refuse(long number, int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K,
			 SECCOMP_RET_ERRNO | (unsigned int)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {ARRAY_SIZE(code), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		stress_skip("no seccomp filters here");
}

pid_t stress_fork(pid_t (*kind)(void))
{
	pid_t pid = kind();

	if (pid < 0)
		stress_fail("fork: %s", strerror(errno));
	if (pid == 0)
		die_with_parent();
	return pid;
}

void stress_reap(pid_t pid, int wanted)
{
	int status;

	while (waitpid(pid, &status, 0) != pid)
		MUST(errno == EINTR);
	if (WIFSIGNALED(status))
		stress_fail("child killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) != wanted)
		stress_fail("child exited with %d, not %d", WEXITSTATUS(status),
			    wanted);
}
