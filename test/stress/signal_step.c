/*
 * A handler at every instruction boundary of an allocation. A tracer
 * single-steps a child through one operation (hits, misses, all sizes, a
 * thread's first call and its end) and at each boundary delivers a signal
 * whose handler allocates, frees and, now and then, verifies. Two ways:
 *
 *   fork  the handler forks; the copy allocates, returns into the operation,
 *         finishes it with only this one interruption, and checks everything;
 *         the original returns at once and is stepped on.
 *   all   the handler allocates at every boundary of one and the same call.
 *
 * A call whose signals are masked at a boundary gets this one when it unmasks
 * them: then that boundary's turn is there.
 */
#include "stress.h"
#include "trace.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_COPIES 30000
#define VISITS ((size_t)1 << 16)
#define SHORT_CALL 100 /* boundaries */
#define FAMILIAR 4
#define HELD 64
#define EXTRA 150
#define FILL 0x5a
#define SHOWN (1 * MIB) /* what is filled and checked of a larger block */

/* What tracer and tracee both see. */
struct board {
	volatile int inside;	/* the operation runs */
	volatile int fork_mode; /* the handler forks */
	volatile int failures;	/* copies that found something wrong */
	volatile unsigned long handled;
};

static struct board *volatile board; /* a copy has its own */
static struct board own_board;
static struct prng dice, in_handler;
static uintptr_t held[HELD]; /* blocks that the handler may free */
static size_t nr_held;
static volatile bool is_copy;

/* What the operations work on. */
static void *subject;
static void *extra[EXTRA];
static size_t nr_extra;

/* ---- operations: one call, or a burst that is sure to miss -------------- */

struct operation {
	const char *name;
	size_t size;
	void (*prepare)(size_t size);
	void (*run)(size_t size);
	enum { IN_MAIN, IN_THREAD, AT_END } where;
};

static void no_preparation(size_t size)
{
	(void)size;
}

static void warm(size_t size)
{
	void *p[4];

	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		MUST(p[i] = malloc(size));
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		free(p[i]);
}

static void have_subject(size_t size)
{
	warm(size);
	subject = malloc(size);
	MUST(subject);
	memset(subject, FILL, size < SHOWN ? size : SHOWN);
}

static void have_many(size_t size)
{
	for (nr_extra = 0; nr_extra < ARRAY_SIZE(extra); nr_extra++)
		MUST(extra[nr_extra] = malloc(size));
}

static void run_malloc(size_t size)
{
	subject = malloc(size);
}

static void run_calloc(size_t size)
{
	subject = calloc(1, size);
}

static void run_free(size_t size)
{
	(void)size;
	free(subject);
	subject = NULL;
}

static void run_grow(size_t size)
{
	subject = realloc(subject, size * 3);
}

static void run_shrink(size_t size)
{
	subject = realloc(subject, size / 3);
}

static void run_aligned(size_t size)
{
	subject = aligned_alloc(4096, size);
}

/* Enough of one class to empty a magazine. */
static void run_burst(size_t size)
{
	while (nr_extra < 40)
		extra[nr_extra++] = malloc(size);
}

static void run_burst_free(size_t size)
{
	(void)size;
	while (nr_extra)
		free(extra[--nr_extra]);
}

static void run_pair(size_t size)
{
	void *p = malloc(size);

	*(volatile char *)p = 1;
	free(p);
}

static void run_trim(size_t size)
{
	(void)size;
	malloc_trim(0);
}

static const struct operation operations[] = {
	{"malloc hit", 24, warm, run_malloc, IN_MAIN},
	{"malloc hit", 1000, warm, run_malloc, IN_MAIN},
	{"malloc miss", 48, no_preparation, run_malloc, IN_MAIN},
	{"malloc miss", 3000, no_preparation, run_malloc, IN_MAIN},
	{"malloc medium", 40 * KIB, no_preparation, run_malloc, IN_MAIN},
	{"malloc large", 1 * MIB, no_preparation, run_malloc, IN_MAIN},
	{"malloc huge", 3 * GIB, no_preparation, run_malloc, IN_MAIN},
	{"burst of malloc", 80, no_preparation, run_burst, IN_MAIN},
	{"free hit", 24, have_subject, run_free, IN_MAIN},
	{"free medium", 40 * KIB, have_subject, run_free, IN_MAIN},
	{"free large", 1 * MIB, have_subject, run_free, IN_MAIN},
	{"free huge", 3 * GIB, have_subject, run_free, IN_MAIN},
	{"burst of free", 112, have_many, run_burst_free, IN_MAIN},
	{"calloc hit", 64, warm, run_calloc, IN_MAIN},
	{"calloc large", 600 * KIB, no_preparation, run_calloc, IN_MAIN},
	{"aligned_alloc", 5000, no_preparation, run_aligned, IN_MAIN},
	{"realloc grow", 24, have_subject, run_grow, IN_MAIN},
	{"realloc grow", 20 * KIB, have_subject, run_grow, IN_MAIN},
	{"realloc grow", 1 * MIB, have_subject, run_grow, IN_MAIN},
	{"realloc shrink", 3000, have_subject, run_shrink, IN_MAIN},
	{"realloc shrink", 3 * MIB, have_subject, run_shrink, IN_MAIN},
	{"malloc_trim", 200, warm, run_trim, IN_MAIN},
	{"burst of medium free", 40 * KIB, have_many, run_burst_free, IN_MAIN},
	{"a thread's first malloc", 24, no_preparation, run_malloc, IN_THREAD},
	{"a thread's first free", 24, have_subject, run_free, IN_THREAD},
	{"a thread's first pair", 40 * KIB, no_preparation, run_pair,
	 IN_THREAD},
	{"a thread's end", 24, no_preparation, run_pair, AT_END},
};

/* ---- the tracee --------------------------------------------------------- */

static void work_in_handler(void)
{
	static const size_t sizes[] = {24,   24,   48,	 80,	   112,
				       1000, 1000, 3000, 40 * KIB, 300 * KIB};
	uintptr_t mine[6];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(mine); i++)
		mine[i] = block_new(
			&in_handler,
			sizes[prng_below(&in_handler, ARRAY_SIZE(sizes))]);
	mine[0] = block_resize(&in_handler, mine[0], 100);
	/* a block of the interrupted code goes, another takes its place */
	i = prng_below(&in_handler, nr_held);
	block_free(held[i]);
	held[i] = mine[5];
	for (i = 0; i < ARRAY_SIZE(mine) - 1; i++)
		block_free(mine[i]);
}

static void on_signal(int signo)
{
	int saved = errno;
	int status;
	pid_t pid;

	(void)signo;
	if (board->fork_mode) {
		pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL,
				     NULL);
		if (pid > 0) {
			while (waitpid(pid, &status, 0) != pid)
				;
			board->handled++;
			board->failures += status != 0;
			raise(SIGTRAP);
			errno = saved;
			return;
		}
		is_copy = true;
		in_handler.state += board->handled * 0x9e3779b97f4a7c15u;
		own_board.handled = board->handled;
		board = &own_board;
	}
	work_in_handler();
	if (!is_copy) {
		board->handled++;
		if (board->handled % 64 == 0)
			stress_verify();
		raise(SIGTRAP);
	}
	errno = saved;
}

static void check_contents(const unsigned char *p, size_t size)
{
	for (size_t i = 0; i < size && i < SHOWN; i++)
		if (p[i] != FILL)
			stress_fail("realloc lost byte %zu", i);
}

/* All blocks must be usable at the same time, and nobody else's. */
static void check_result(const struct operation *op)
{
	uintptr_t all[EXTRA + HELD + 1];
	size_t n = 0, i, size = op->size;

	if (op->run == run_shrink)
		size /= 3;
	if (op->run == run_grow || op->run == run_shrink)
		check_contents(subject, size);
	if (op->run == run_grow)
		size *= 3;
	if (size > SHOWN)
		size = SHOWN;
	if (subject)
		all[n++] = block_fill(&dice, subject, size);
	for (i = 0; i < nr_extra; i++) {
		MUST(extra[i]);
		all[n++] = block_fill(&dice, extra[i], size);
	}
	for (i = 0; i < nr_held; i++)
		all[n++] = held[i];
	for (i = 0; i < n; i++)
		block_check(all[i]);
	for (i = 0; i < n; i++)
		block_free(all[i]);
	if (!is_copy || board->handled % stress_count(4, 1) == 0)
		stress_verify();
}

static void begin(void)
{
	board->inside = 1;
	raise(SIGTRAP);
}

static void end(const struct operation *op)
{
	/* first this: no boundary follows at which to become a copy */
	board->inside = 0;
	if (!is_copy)
		raise(SIGTRAP);
	check_result(op);
	if (is_copy)
		_exit(0);
}

/*
 * Keys around the allocator's own, if it has one: destructors run in the order
 * of the keys, and the first is made before any allocation.
 */
static pthread_key_t key_before, key_behind;

static void before_the_end(void *op)
{
	(void)op;
	begin();
}

static void behind_the_end(void *op)
{
	end(op);
}

static void make_first_key(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	pthread_key_create(&key_before, before_the_end);
}

__attribute__((section(".preinit_array"),
	       used)) static void (*const early)(int, char **,
						 char **) = make_first_key;

static void *perform(void *arg)
{
	const struct operation *op = arg;

	if (op->where != AT_END) {
		begin();
		op->run(op->size);
		end(op);
		return NULL;
	}
	op->run(op->size);
	pthread_setspecific(key_before, op);
	pthread_setspecific(key_behind, op);
	return NULL;
}

static void run_operation(const struct operation *op)
{
	while (nr_held < HELD)
		held[nr_held++] = block_new(&dice, prng_size(&dice, 8 * KIB));
	op->prepare(op->size);
	if (op->where != IN_MAIN)
		pthread_join(stress_spawn(perform, (void *)op, 0), NULL);
	else
		perform((void *)op);
}

_Noreturn static void be_traced(const struct operation *op)
{
	struct sigaction action = {.sa_handler = on_signal};

	MUST(sigaction(SIGUSR1, &action, NULL) == 0);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		stress_skip("no permission to trace");
	raise(SIGSTOP);
	run_operation(op);
	_exit(0);
}

/* ---- the tracer --------------------------------------------------------- */

/* One in FAMILIAR of the instructions that an earlier operation's copies took.
 */
static bool is_spared(uintptr_t pc)
{
	static unsigned char familiar[VISITS];
	unsigned char *known = &familiar[pc % VISITS];

	if (*known)
		return prng_below(&dice, stress_count(FAMILIAR, 1)) != 0;
	*known = 1;
	return false;
}

/*
 * An instruction's first visit in an operation has its turn (in a long run
 * 200), of later ones a few. A copy costs milliseconds, so in a short run the
 * longer operations leave out most of what the others have come through.
 */
static bool has_turn(uintptr_t pc, unsigned char *visits, unsigned long turns)
{
	unsigned char *seen = &visits[pc % VISITS];

	if (*seen >= stress_count(1, 200))
		return prng_below(&dice, 2048) == 0;
	++*seen;
	return !board->fork_mode || !is_spared(pc) || turns < SHORT_CALL;
}

/*
 * From the stop before the operation to the stop behind it, with the handler
 * at each boundary. Returns how many had their turn. The limits are for the
 * long fills of large blocks, and for lock-free loops: interrupted in every
 * round by a handler that changes what they read, they may never end.
 */
static unsigned long step_through(pid_t tid, unsigned long limit)
{
	static unsigned char visits[VISITS];
	unsigned long most = stress_count(40000, 4000000);
	unsigned long turns = 0, steps = 0;

	memset(visits, 0, sizeof(visits));
	while (board->inside && turns < limit && steps++ < most) {
		if (!has_turn(trace_pc(tid), visits, turns)) {
			trace_step(tid);
			continue;
		}
		turns++;
		if (trace_signal(tid, SIGUSR1, (uintptr_t)on_signal))
			trace_finish_handler(tid);
	}
	return turns;
}

static void experiment(const struct operation *op, int fork_mode)
{
	unsigned long steps;
	pid_t pid, tid;
	int status;

	memset((void *)board, 0, sizeof(*board));
	board->fork_mode = fork_mode;
	pid = stress_fork(fork);
	if (pid == 0)
		be_traced(op);
	trace_begin(pid);
	tid = trace_until_trap(pid);
	if (!tid || !board->inside)
		stress_fail("%s of %zu: it never began", op->name, op->size);
	steps = step_through(tid,
			     fork_mode ? MOST_COPIES : stress_count(400, 5000));
	status = trace_end(pid, tid);
	printf("%-24s %10zu %s: %lu boundaries, %lu handlers\n", op->name,
	       op->size, fork_mode ? "fork" : "all ", steps, board->handled);
	if (status || board->failures)
		stress_fail("%s of %zu: status %#x, %d wrong copies", op->name,
			    op->size, (unsigned int)status, board->failures);
	/* the rest were masked: a lock is held with signals off */
	if (board->handled < 20)
		stress_fail("%s of %zu: only %lu handlers at %lu boundaries",
			    op->name, op->size, board->handled, steps);
}

int main(int argc, char **argv)
{
	stress_start(argc, argv, 900, 1400);
	setvbuf(stdout, NULL, _IOLBF, 0);
	dice.state = stress_seed(0);
	in_handler.state = stress_seed(1);
	MUST(pthread_key_create(&key_behind, behind_the_end) == 0);
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	MUST(board != MAP_FAILED);
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
		stress_at(operations[i].name);
		experiment(&operations[i], 0);
		experiment(&operations[i], 1);
	}
	return stress_end();
}
