/* Options, from BUDDY_CONF. */
#include <stddef.h>
#include <string.h>

#include "harden.h"
#include "mm/mm.h"
#include "options.h"
#include "segv_report.h"
#include "slab/slab.h"
#include "stats.h"

/* Guard pages stand beside single pages, which slabs are made of. */
#define GUARD_ORDER 1u

struct options options;

/* Where to print at exit: programs like ls close fd 2 before that. */
static int exit_fd = -1;

enum option_type { OPTION_BOOL, OPTION_CHECK, OPTION_HARDEN, OPTION_NUMBER };

/* Of the values "off" and "on" in this order. */
static const char *const values[][2] = {
	[OPTION_BOOL] = {"false", "true"},
	[OPTION_CHECK] = {"fast", "full"},
	[OPTION_HARDEN] = {"off", "full"},
};

static const struct option {
	const char *key;
	enum option_type type;
	void *value;
} known[] = {
	{"stats_print", OPTION_BOOL, &options.stats_print},
	{"verify_at_exit", OPTION_BOOL, &options.verify_at_exit},
	{"check", OPTION_CHECK, &options.check_full},
	{"guard", OPTION_BOOL, &options.guard},
	{"deepbind", OPTION_BOOL, &options.deepbind},
	{"junk", OPTION_BOOL, &options.junk},
	{"segv_report", OPTION_BOOL, &options.segv_report},
	{"harden", OPTION_HARDEN, NULL},
	{"canary", OPTION_BOOL, &options.canary},
	{"zero", OPTION_BOOL, &options.zero},
	{"poison", OPTION_BOOL, &options.poison},
	{"random", OPTION_BOOL, &options.random},
	{"quarantine", OPTION_BOOL, &options.quarantine},
	{"sample", OPTION_NUMBER, &options.sample},
};

/* One allocation in so many is sampled with harden:full. */
#define HARDEN_SAMPLES 1000u

#define NUMBER_MAX ((uint32_t)1 << 30)
#define DECIMAL 10u

/* A part of a text, not ended by a NUL. */
struct span {
	const char *start;
	size_t len;
};

static bool span_is(struct span s, const char *word)
{
	return strlen(word) == s.len && !memcmp(s.start, word, s.len);
}

static void text_span(struct text *t, struct span s)
{
	text_char(t, '\'');
	for (size_t i = 0; i < s.len; i++)
		text_char(t, s.start[i]);
	text_char(t, '\'');
}

static void complain(const char *what, struct span a, const char *of,
		     struct span b)
{
	struct report r;

	report_begin(&r);
	text_str(&r.text, "BUDDY_CONF: ");
	text_str(&r.text, what);
	text_span(&r.text, a);
	if (of) {
		text_str(&r.text, of);
		text_span(&r.text, b);
	}
	report_end(&r);
}

static void set_harden(bool on)
{
	options.guard = on;
	options.canary = on;
	options.zero = on;
	options.poison = on;
	options.random = on;
	options.quarantine = on;
	options.sample = on ? HARDEN_SAMPLES : 0;
}

static bool set_number(uint32_t *to, struct span value)
{
	uint32_t n = 0;

	if (!value.len)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (value.start[i] < '0' || value.start[i] > '9')
			return false;
		n = n * DECIMAL + (uint32_t)(value.start[i] - '0');
		if (n > NUMBER_MAX)
			return false;
	}
	*to = n;
	return true;
}

static bool set_value(const struct option *o, struct span value)
{
	bool on;

	if (o->type == OPTION_NUMBER)
		return set_number(o->value, value);
	on = span_is(value, values[o->type][1]);
	if (!on && !span_is(value, values[o->type][0]))
		return false;
	if (o->type == OPTION_HARDEN)
		set_harden(on);
	else
		*(bool *)o->value = on;
	return true;
}

static void set_option(struct span key, struct span value)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (!span_is(key, known[i].key))
			continue;
		if (!set_value(&known[i], value))
			complain("bad value ", value, " for key ", key);
		return;
	}
	complain("unknown key ", key, NULL, key);
}

void options_parse(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, ",");
		const char *colon = memchr(text, ':', len);
		size_t key_len = colon ? (size_t)(colon - text) : len;
		struct span key = {text, key_len};
		struct span value = {text + len, 0};

		if (colon)
			value = (struct span){colon + 1, len - key_len - 1};
		if (len)
			set_option(key, value);
		text += len;
		text += *text == ',';
	}
}

static void options_apply(void)
{
	/* Both are for the slow path to see every call. */
	if (options.check_full || options.junk)
		magazines_disable();
	if (options.guard)
		buddy_set_guard_order(GUARD_ORDER);
	harden_begin();
	if (options.stats_print)
		exit_fd = os_keep_fd(2);
	/* Where that cannot be had the program runs without. */
	if (options.segv_report && segv_report_install())
		options.segv_report = false;
}

/* Without BUDDY_CONF nothing of what options do is even made resident. */
static bool given;

void options_init(void)
{
	static bool done;
	const char *conf;
	bool ready;

	if (READ_ONCE(done))
		return;
	conf = os_getenv("BUDDY_CONF", &ready);
	if (!ready || __atomic_exchange_n(&done, true, __ATOMIC_ACQ_REL))
		return;
	if (!conf)
		return;
	given = true;
	options_parse(conf);
	options_apply();
}

/* Before the environment is there no option is known; this is the latest. */
__attribute__((constructor)) static void on_start(void)
{
	options_init();
	if (given)
		harden_settle();
}

/* Runs when the library is unloaded, which is at exit. */
__attribute__((destructor)) static void on_exit_of_process(void)
{
	if (options.stats_print && exit_fd >= 0)
		stat_write_all(exit_fd);
	if (options.verify_at_exit && mm_verify()) {
		struct report r;

		report_begin(&r);
		text_str(&r.text, "mm_verify failed at exit");
		report_abort(&r);
	}
}
