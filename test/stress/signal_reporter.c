/*
 * SIGSEGV handlers that allocate: a crash reporter on an alternate stack, and
 * a pager that unprotects memory when it is touched. The pager's faults also
 * come from inside realloc, which copies a block that the program protected,
 * and the allocator must then hold nothing that the handler needs.
 */
#include "stress.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK (512 * KIB)

static struct pool pool;
static struct prng in_handler;
static size_t os_page;
static volatile sig_atomic_t faults;
static char *volatile guarded;

static void on_fault(int signo, siginfo_t *info, void *context)
{
	char *page = (char *)((uintptr_t)info->si_addr & ~(os_page - 1));

	(void)signo;
	(void)context;
	faults++;
	for (int i = 0; i < 20; i++)
		pool_step(&pool, &in_handler, 64 * KIB);
	MUST(mprotect(page, os_page, PROT_READ | PROT_WRITE) == 0);
}

static void on_crash(int signo)
{
	char *report = malloc(1000);

	(void)signo;
	MUST(report);
	memset(report, 'x', 1000);
	report = realloc(report, 100 * KIB);
	MUST(report);
	free(report);
	_exit(42);
}

static void install(void (*plain)(int), void (*full)(int, siginfo_t *, void *))
{
	struct sigaction action = {.sa_flags = SA_ONSTACK};

	if (plain) {
		action.sa_handler = plain;
	} else {
		action.sa_sigaction = full;
		action.sa_flags |= SA_SIGINFO;
	}
	MUST(sigaction(SIGSEGV, &action, NULL) == 0);
}

/* A page inside a block of whole pages is protected, and realloc meets it. */
static void test_realloc(struct prng *r, size_t size, size_t larger)
{
	uintptr_t block = block_new(r, size);
	char *p = block_memory(block);
	int before = faults;

	p = (char *)(((uintptr_t)p + size / 2) & ~(os_page - 1));
	MUST(mprotect(p, os_page, PROT_NONE) == 0);
	block = block_resize(r, block, larger);
	MUST(block);
	block_free(block);
	/* block_resize() reads the block first: the fault has come by now */
	MUST(faults > before);
}

/* As above, with no check of ours in between: realloc itself meets it. */
static void test_copy(size_t size, size_t larger)
{
	char *p = malloc(size), *page, *moved;

	MUST(p);
	memset(p, 7, size);
	page = (char *)(((uintptr_t)p + size / 2) & ~(os_page - 1));
	MUST(mprotect(page, os_page, PROT_NONE) == 0);
	moved = realloc(p, larger);
	MUST(moved);
	/* moved by the kernel, the page is still protected: touch it */
	for (size_t i = 0; i < size; i += os_page)
		MUST(((volatile char *)moved)[i] == 7);
	/* a page that stayed behind must not surprise its next owner */
	mprotect(page, os_page, PROT_READ | PROT_WRITE);
	free(moved);
}

static void test_crash(void)
{
	pid_t pid = stress_fork(fork);

	if (pid == 0) {
		install(on_crash, NULL);
		guarded = NULL;
		*(volatile char *)guarded = 1;
		_exit(1);
	}
	stress_reap(pid, 42);
}

int main(int argc, char **argv)
{
	stack_t stack = {.ss_size = STACK}, now;
	struct prng r;
	unsigned long rounds;

	stress_start(argc, argv, 120, 120);
	os_page = (size_t)sysconf(_SC_PAGESIZE);
	r.state = stress_seed(0);
	in_handler.state = stress_seed(1);
	stack.ss_sp = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(stack.ss_sp != MAP_FAILED);
	MUST(sigaltstack(&stack, NULL) == 0);
	rounds = stress_count(50, 2000);
	for (unsigned long i = 0; i < rounds; i++) {
		install(NULL, on_fault);
		stress_at("faults in the program");
		test_realloc(&r, 16 * os_page, 64 * os_page);
		test_realloc(&r, 256 * os_page, 300 * os_page);
		stress_at("faults inside realloc");
		test_copy(16 * os_page, 64 * os_page);
		test_copy(100 * os_page, 500 * os_page);
		stress_at("a crash report");
		test_crash();
	}
	MUST(sigaltstack(NULL, &now) == 0);
	MUST(now.ss_sp == stack.ss_sp && now.ss_size == stack.ss_size);
	pool_drain(&pool);
	return stress_end();
}
