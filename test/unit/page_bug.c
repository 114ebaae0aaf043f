/* mm/page_bug: an assertion about a page tells the page's state. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "unit.h"

#ifdef BUDDY_DEBUG
#define IS_DEBUG true
#else
#define IS_DEBUG false
#endif

static int bug(void *arg)
{
	page_bug(arg, "a == b", "file.c", 12, "function");
}

static void says(const void *p, const char *const *parts, size_t nr)
{
	struct page *page = pfn_to_page(addr_to_pfn(p));
	struct unit_child c = unit_child(bug, page);

	assert_true(WIFSIGNALED(c.status) && WTERMSIG(c.status) == SIGABRT);
	for (size_t i = 0; i < nr; i++)
		if (!strstr(c.output, parts[i]))
			fail_msg("'%s' is not in: %s", parts[i], c.output);
}

static void test_a_run(void **state)
{
	static const char *const parts[] = {
		"libbuddy: BUG in function (file.c:12): a == b\n  page  pfn 0x",
		": type run order", " nr 5 "};

	(void)state;
	says(heap_malloc(5 * PAGE_SIZE), parts, ARRAY_SIZE(parts));
}

static void test_a_slab(void **state)
{
	static const char *const parts[] = {": type slab order 0",
					    "\n  slab  cache 4 state 5 hint "};

	(void)state;
	says(heap_malloc(64), parts, ARRAY_SIZE(parts));
}

/* ---- what the layers assert of pages ------------------------------------- */

static int takes_a_page_off_another_list(void *arg)
{
	struct page_list a = {PFN_NONE, PFN_NONE}, b = a;
	struct page *page = arg;

	page_list_add_head(&a, page);
	page_list_del(&b, page);
	return 0;
}

static int frees_without_the_lock(void *arg)
{
	struct page *page = arg;

	set_page_type(page, PAGE_TAIL);
	free_one_page_locked(zone_of(page), page_index(page), 0);
	return 0;
}

static int frees_a_page_twice(void *arg)
{
	struct page *page = arg;

	free_pages(NULL, page, 0);
	free_pages(NULL, page, 0);
	return 0;
}

static void test_states(void **state)
{
	static const struct {
		int (*fn)(void *arg);
		const char *says;
	} bugs[] = {
		{takes_a_page_off_another_list, "!page_links_agree(l, page)"},
		{frees_without_the_lock, "!lock_is_mine(&z->lock)"},
		{frees_a_page_twice, "page->type != PAGE_RUN"},
	};

	(void)state;
	if (!IS_DEBUG) {
		print_message("no debug build: its assertions are not there\n");
		skip();
	}
	for (size_t i = 0; i < ARRAY_SIZE(bugs); i++) {
		struct page *page = alloc_pages(NULL, GFP_MOVABLE, 0);

		assert_non_null(page);
		unit_child_aborts(bugs[i].fn, page, bugs[i].says);
		unit_child_aborts(bugs[i].fn, page, "BUG in ");
	}
}

UNIT_MAIN(TEST(test_a_run), TEST(test_a_slab), TEST(test_states))
