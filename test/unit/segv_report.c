/* heap/segv_report: what a fault's report says, and who has the signal next. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#define GIB ((size_t)1 << 30)

static void install(void)
{
	/* The sanitizers have handlers of their own, which say much more. */
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	if (segv_report_install())
		fail_msg("the handlers cannot be installed");
}

/* ---- places that cannot be reached --------------------------------------- */

static void *nowhere(void)
{
	return (void *)16;
}

static void *guard_page(void)
{
	char *p;

	buddy_set_guard_order(1);
	for (int i = 0; i < 5000; i++) {
		p = heap_malloc(2000);
		p = page_to_addr(pfn_to_page(addr_to_pfn(p)) + 1);
		if (pfn_to_page(addr_to_pfn(p))->type == PAGE_GUARD)
			return p + 5;
	}
	return NULL;
}

static void *own_data(void)
{
	struct zone *z = zone_of(heap_malloc(64));

	/* Of the pages that are not online there is none. */
	return zone_page(z, z->span - 1);
}

static void *not_online(void)
{
	return (char *)zone_of(heap_malloc(64)) + (ZONE_SIZE - PAGE_SIZE);
}

static void *freed_huge_run(void)
{
	void *p = heap_malloc(3 * GIB);

	heap_free(p, "free");
	return p;
}

static void *behind_a_huge_run(void)
{
	char *p = heap_malloc(5 * GIB);

	return p + heap_usable_size(p, "usable");
}

static void *no_access(void)
{
	char *p = heap_malloc(PAGE_SIZE * 8);

	if (mprotect(p, PAGE_SIZE, PROT_NONE))
		return NULL;
	return p + 100;
}

static const struct place {
	const char *name;
	void *(*make)(void);
	const char *says[2];
} places[] = {
	{"nowhere",
	 nowhere,
	 {"SIGSEGV at 0x10 in thread ", "no zone has this"}},
	{"a guard page",
	 guard_page,
	 {": access denied\n  page  pfn 0x", "before that:\n  page  pfn"}},
	{"own data", own_data, {"libbuddy's own data about zone 0", ""}},
	{"not online", not_online, {"not online yet, in zone 0", ""}},
	{"a freed huge run", freed_huge_run, {"a huge run that was freed", ""}},
	{"behind a huge run",
	 behind_a_huge_run,
	 {"a huge run of ", ", behind"}},
	{"no access", no_access, {"a run in use, 8 pages of 64 KiB from ", ""}},
};

static int faults(void *arg)
{
	const struct place *place = arg;
	const volatile char *p = place->make();

	CHILD_CHECK(p);
	install();
	return *p;
}

static void test_what_it_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const struct place *place = &places[i];
		struct unit_child c = unit_child(faults, (void *)place);

		if (!WIFSIGNALED(c.status) || WTERMSIG(c.status) != SIGSEGV)
			fail_msg("%s: status 0x%x: %s", place->name,
				 (unsigned int)c.status, c.output);
		if (!strstr(c.output, place->says[0]) ||
		    !strstr(c.output, place->says[1]))
			fail_msg("%s: %s", place->name, c.output);
	}
}

/* ---- who has the signal next -------------------------------------------- */

static void ends_with_7(int sig, siginfo_t *info, void *context)
{
	(void)context;
	_exit(sig == SIGSEGV && info->si_addr == (void *)16 ? 7 : 8);
}

static int the_programs_handler(void *arg)
{
	struct sigaction action = {.sa_sigaction = ends_with_7,
				   .sa_flags = SA_SIGINFO};
	const volatile char *volatile place = nowhere();

	(void)arg;
	sigaction(SIGSEGV, &action, NULL);
	CHILD_CHECK(!segv_report_install());
	return *place;
}

static void test_the_programs_handler_is_next(void **state)
{
	struct unit_child c = unit_child(the_programs_handler, NULL);

	(void)state;
	assert_true(WIFEXITED(c.status));
	assert_int_equal(WEXITSTATUS(c.status), 7);
	assert_non_null(strstr(c.output, "libbuddy: SIGSEGV at 0x10"));
}

static int is_sent_a_signal(void *arg)
{
	install();
	kill(getpid(), *(int *)arg);
	return 0;
}

static void test_a_signal_that_was_sent(void **state)
{
	int sent[] = {SIGSEGV, SIGBUS};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sent); i++) {
		struct unit_child c = unit_child(is_sent_a_signal, &sent[i]);

		assert_true(WIFSIGNALED(c.status));
		assert_int_equal(WTERMSIG(c.status), sent[i]);
		assert_string_equal(c.output, "");
	}
}

static int reads_behind_a_file(void *arg)
{
	FILE *f = tmpfile();
	const volatile char *p;

	(void)arg;
	CHILD_CHECK(f);
	p = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED, fileno(f), 0);
	CHILD_CHECK(p != MAP_FAILED);
	install();
	return *p;
}

static void test_sigbus(void **state)
{
	struct unit_child c = unit_child(reads_behind_a_file, NULL);

	(void)state;
	assert_true(WIFSIGNALED(c.status));
	assert_int_equal(WTERMSIG(c.status), SIGBUS);
	assert_non_null(strstr(c.output, "libbuddy: SIGBUS at 0x"));
	assert_non_null(strstr(c.output, "no zone has this address"));
}

static void test_is_off_by_default(void **state)
{
	struct sigaction now;

	(void)state;
	signal(SIGSEGV, SIG_DFL);
	options_init();
	sigaction(SIGSEGV, NULL, &now);
	assert_true(now.sa_handler == SIG_DFL);
	assert_false(options.segv_report);
}

UNIT_MAIN(TEST(test_what_it_says), TEST(test_the_programs_handler_is_next),
	  TEST(test_a_signal_that_was_sent), TEST(test_sigbus),
	  TEST(test_is_off_by_default))
