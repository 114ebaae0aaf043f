/*
 * Signals: a handler may call everything, whatever it interrupted.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#define INTERVAL_US 150

static volatile sig_atomic_t handled;
static volatile bool wrong;
static void *from_handler[16];

/* Blocks that the handler keeps from one call to another, and new ones. */
static void on_timer(int sig)
{
	int saved = errno;
	size_t n = (size_t)handled % ARRAY_SIZE(from_handler);
	size_t size = 1 + n * n * n * 90;
	unsigned char *p = from_handler[n];

	(void)sig;
	if (p && (p[0] != n + 1 || p[size - 1] != n + 1))
		wrong = true;
	heap_free(p, "free");
	p = heap_malloc(size);
	if (p) {
		p[0] = (unsigned char)(n + 1);
		p[size - 1] = (unsigned char)(n + 1);
	}
	from_handler[n] = p;
	heap_free(heap_calloc(1, size), "free");
	heap_free(heap_realloc(heap_malloc(40), size, "realloc"), "free");
	handled++;
	errno = saved;
}

static void start_timer(void)
{
	struct itimerval every = {{0, INTERVAL_US}, {0, INTERVAL_US}};
	struct sigaction action = {.sa_handler = on_timer,
				   .sa_flags = SA_RESTART};

	sigaction(SIGALRM, &action, NULL);
	assert_int_equal(setitimer(ITIMER_REAL, &every, NULL), 0);
}

static void stop_timer(void)
{
	struct itimerval never = {{0, 0}, {0, 0}};

	setitimer(ITIMER_REAL, &never, NULL);
	signal(SIGALRM, SIG_DFL);
}

static void release_the_handlers_blocks(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(from_handler); i++)
		heap_free(from_handler[i], "free");
}

/* Calls of all kinds, with their contents checked. */
static void work(uint64_t seed, unsigned int milliseconds)
{
	enum { SLOTS = 200 };
	static unsigned char *block[SLOTS];
	static size_t size[SLOTS];
	uint64_t end = os_milliseconds() + milliseconds;

	while (os_milliseconds() < end) {
		for (int i = 0; i < 200; i++) {
			uint32_t s = unit_below(&seed, SLOTS);

			if (block[s]) {
				assert_int_equal(block[s][0], s);
				assert_int_equal(block[s][size[s] - 1], s);
			}
			heap_free(block[s], "free");
			size[s] = 1 + unit_below(&seed, i % 50 ? 2000 : 600000);
			block[s] = heap_malloc(size[s]);
			assert_non_null(block[s]);
			block[s][0] = (unsigned char)s;
			block[s][size[s] - 1] = (unsigned char)s;
		}
	}
	for (int s = 0; s < SLOTS; s++)
		heap_free(block[s], "free");
}

static void test_handlers_interrupt_everything(void **state)
{
	(void)state;
	start_timer();
	work(unit_seed(), unit_steps(800));
	stop_timer();
	assert_true(handled > 20);
	assert_false(wrong);
	release_the_handlers_blocks();
	unit_verify();
}

static void test_in_the_very_first_call(void **state)
{
	(void)state;
	/* Each child's first call comes while signals rain. */
	for (int i = 0; i < 40; i++) {
		int status;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid) {
			start_timer();
			for (int n = 0; n < 300; n++)
				heap_free(heap_malloc(10 + (size_t)n * 7),
					  "free");
			stop_timer();
			_exit(wrong || mm_verify());
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

/* Once, as a fork may take longer than any interval. */
static const struct itimerval once = {{0, 0}, {0, 500}};

static void on_fork_signal(int sig)
{
	int status;
	pid_t pid = fork();

	(void)sig;
	handled++;
	if (!pid) {
		/* The child of a handler's fork, in the midst of a call. */
		char *p = heap_malloc(1000);

		if (!p)
			_exit(1);
		memset(p, 1, 1000);
		heap_free(p, "free");
		_exit(mm_verify() ? 2 : 0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		wrong = true;
	setitimer(ITIMER_REAL, &once, NULL);
}

static void test_forks_in_handlers(void **state)
{
	(void)state;
	signal(SIGALRM, on_fork_signal);
	setitimer(ITIMER_REAL, &once, NULL);
	work(unit_seed(), unit_steps(500));
	signal(SIGALRM, SIG_IGN);
	stop_timer();
	assert_true(handled > 5);
	assert_false(wrong);
	unit_verify();
}

static bool stop;

static void *churn(void *arg)
{
	uint64_t seed = (uintptr_t)arg;
	void *p[50] = {NULL};

	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		uint32_t i = unit_below(&seed, ARRAY_SIZE(p));

		heap_free(p[i], "free");
		p[i] = heap_malloc(1 + unit_below(&seed, 300000));
	}
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		heap_free(p[i], "free");
	return NULL;
}

static int use_after_fork(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < 300; i++) {
		char *p = heap_malloc(1 + i * i * 4);

		CHILD_CHECK(p);
		p[0] = 1;
		heap_free(p, "free");
	}
	CHILD_CHECK(!mm_verify());
	return 0;
}

static void test_forks_of_a_threaded_process(void **state)
{
	pthread_t thread[3];

	(void)state;
	for (uintptr_t i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, churn, (void *)(i + 1));
	for (unsigned int i = 0; i < unit_steps(60); i++)
		unit_child_passes(use_after_fork, NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	for (int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	unit_verify();
}

UNIT_MAIN(TEST(test_handlers_interrupt_everything),
	  TEST(test_in_the_very_first_call), TEST(test_forks_in_handlers),
	  TEST(test_forks_of_a_threaded_process))
