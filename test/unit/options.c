/* heap/options: BUDDY_CONF and what it says when it is wrong. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static void check(bool stats, bool verify, bool full, bool guard, bool junk)
{
	assert_int_equal(options.stats_print, stats);
	assert_int_equal(options.verify_at_exit, verify);
	assert_int_equal(options.check_full, full);
	assert_int_equal(options.guard, guard);
	assert_int_equal(options.junk, junk);
}

static void test_defaults(void **state)
{
	(void)state;
	check(false, false, false, false, false);
}

static void test_each_key(void **state)
{
	(void)state;
	options_parse("stats_print:true");
	check(true, false, false, false, false);
	options_parse("verify_at_exit:true");
	check(true, true, false, false, false);
	options_parse("check:full");
	check(true, true, true, false, false);
	options_parse("guard:true");
	check(true, true, true, true, false);
	options_parse("junk:true");
	check(true, true, true, true, true);
	options_parse("stats_print:false,verify_at_exit:false,check:fast,"
		      "guard:false,junk:false");
	check(false, false, false, false, false);
}

static void check_harden(bool all, uint32_t sample)
{
	assert_int_equal(options.guard, all);
	assert_int_equal(options.canary, all);
	assert_int_equal(options.zero, all);
	assert_int_equal(options.poison, all);
	assert_int_equal(options.random, all);
	assert_int_equal(options.quarantine, all);
	assert_int_equal(options.sample, sample);
}

static void test_harden(void **state)
{
	(void)state;
	check_harden(false, 0);
	options_parse("harden:full");
	check_harden(true, 1000);
	options_parse("sample:30");
	check_harden(true, 30);
	options_parse("harden:off");
	check_harden(false, 0);
	options_parse("guard:true,canary:true,zero:true,poison:true,"
		      "random:true,quarantine:true,sample:1000000");
	check_harden(true, 1000000);
	options_parse("harden:full,canary:false");
	assert_false(options.canary);
	assert_true(options.poison);
}

static void test_the_last_one_counts(void **state)
{
	(void)state;
	options_parse("junk:true,junk:false");
	check(false, false, false, false, false);
	options_parse("junk:false,guard:true,junk:true");
	check(false, false, false, true, true);
}

static void test_empty_parts(void **state)
{
	(void)state;
	options_parse("");
	options_parse(",,,");
	options_parse(",junk:true,,guard:true,");
	check(false, false, false, true, true);
}

static int parse(void *arg)
{
	options_parse(arg);
	return 0;
}

struct complaint {
	const char *text;
	const char *says;
};

static const struct complaint complaints[] = {
	{"x:true", "libbuddy: BUDDY_CONF: unknown key 'x'\n"},
	{"junk:maybe",
	 "libbuddy: BUDDY_CONF: bad value 'maybe' for key 'junk'\n"},
	{"junk:", "libbuddy: BUDDY_CONF: bad value '' for key 'junk'\n"},
	{"junk", "libbuddy: BUDDY_CONF: bad value '' for key 'junk'\n"},
	{"junk:true:true",
	 "libbuddy: BUDDY_CONF: bad value 'true:true' for key 'junk'\n"},
	{"junk:TRUE",
	 "libbuddy: BUDDY_CONF: bad value 'TRUE' for key 'junk'\n"},
	{" junk:true", "libbuddy: BUDDY_CONF: unknown key ' junk'\n"},
	{"junks:true", "libbuddy: BUDDY_CONF: unknown key 'junks'\n"},
	{"jun:true", "libbuddy: BUDDY_CONF: unknown key 'jun'\n"},
	{":true", "libbuddy: BUDDY_CONF: unknown key ''\n"},
	{"check:true",
	 "libbuddy: BUDDY_CONF: bad value 'true' for key 'check'\n"},
	{"guard:full",
	 "libbuddy: BUDDY_CONF: bad value 'full' for key 'guard'\n"},
	{"harden:true",
	 "libbuddy: BUDDY_CONF: bad value 'true' for key 'harden'\n"},
	{"canary:full",
	 "libbuddy: BUDDY_CONF: bad value 'full' for key 'canary'\n"},
	{"sample:", "libbuddy: BUDDY_CONF: bad value '' for key 'sample'\n"},
	{"sample:-1",
	 "libbuddy: BUDDY_CONF: bad value '-1' for key 'sample'\n"},
	{"sample:5x",
	 "libbuddy: BUDDY_CONF: bad value '5x' for key 'sample'\n"},
	{"sample:99999999999999999999",
	 "libbuddy: BUDDY_CONF: bad value '99999999999999999999' for key "
	 "'sample'\n"},
	{"sample:0", ""},
	{"harden:off", ""},
	{"junk:true", ""},
};

static void test_complaints(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(complaints); i++) {
		struct unit_child c = unit_child(
			parse, (void *)(uintptr_t)complaints[i].text);

		assert_int_equal(c.status, 0);
		assert_string_equal(c.output, complaints[i].says);
	}
}

static int parse_both(void *arg)
{
	(void)arg;
	options_parse("nonsense:1,junk:true");
	CHILD_CHECK(options.junk);
	return 0;
}

static void test_it_goes_on_after_a_complaint(void **state)
{
	(void)state;
	unit_child_passes(parse_both, NULL);
}

static void test_long_nonsense(void **state)
{
	static char text[8000];
	struct unit_child c;

	(void)state;
	memset(text, 'k', sizeof(text) - 1);
	c = unit_child(parse, text);
	assert_int_equal(c.status, 0);
	assert_memory_equal(c.output, "libbuddy: BUDDY_CONF: unknown key '",
			    34);
}

/* ---- the environment: this program again, with BUDDY_CONF -------------- */

static int run_again(void *arg)
{
	setenv("BUDDY_CONF", arg, 1);
	execl("/proc/self/exe", "options", "--use-the-heap", (char *)NULL);
	return 99;
}

/* What that run does: a few calls, and its end. */
static int use_the_heap(void)
{
	void *p[200];

	for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = heap_malloc(50);
		if (options.junk && *(unsigned char *)p[i] != 0xa5)
			return 1;
	}
	if (options.guard && !zones[0]->nr_guard)
		return 2;
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		heap_free(p[i], "free");
	if (options.check_full && thread_cache_objects(size_class(50)))
		return 3;
	if (options.stats_print)
		close(STDERR_FILENO); /* as coreutils do */
	return 0;
}

static void test_from_the_environment(void **state)
{
	static const char all[] = "junk:true,check:full,guard:true,"
				  "verify_at_exit:true";
	static const char *const confs[] = {"junk:true", "guard:true",
					    "check:full", "verify_at_exit:true",
					    all};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(confs); i++) {
		struct unit_child c =
			unit_child(run_again, (void *)(uintptr_t)confs[i]);

		if (c.status || c.output[0])
			fail_msg("%s: status 0x%x: %s", confs[i],
				 (unsigned int)c.status, c.output);
	}
}

static void test_statistics_at_exit(void **state)
{
	static const char *const parts[] = {
		"==> buddyinfo <==\n", "==> pagetypeinfo <==\n",
		"==> zoneinfo <==\n", "==> vmstat <==\n", "==> slabinfo <==\n"};
	struct unit_child c = unit_child(run_again, "stats_print:true");
	const char *at = c.output;

	(void)state;
	assert_int_equal(c.status, 0);
	/* Also when the program has closed its fd 2. */
	for (size_t i = 0; i < 2; i++) {
		at = strstr(at, parts[i]);
		assert_non_null(at);
	}
}

static void test_a_bad_environment(void **state)
{
	struct unit_child c = unit_child(run_again, "guard:yes");

	(void)state;
	assert_int_equal(c.status, 0);
	assert_string_equal(c.output, "libbuddy: BUDDY_CONF: bad value 'yes' "
				      "for key 'guard'\n");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(test_defaults),
		TEST(test_each_key),
		TEST(test_harden),
		TEST(test_the_last_one_counts),
		TEST(test_empty_parts),
		TEST(test_complaints),
		TEST(test_it_goes_on_after_a_complaint),
		TEST(test_long_nonsense),
		TEST(test_from_the_environment),
		TEST(test_statistics_at_exit),
		TEST(test_a_bad_environment),
	};

	if (argc > 1 && !strcmp(argv[1], "--use-the-heap"))
		return use_the_heap();
	return unit_main(argc, argv, tests, ARRAY_SIZE(tests));
}
