/* slab/slab_stack: last in, first out; and nothing lost between threads. */
#include <pthread.h>

#include "unit.h"

static struct slab_stack stack;

static struct page *new_page(void)
{
	struct page *page = alloc_pages(NULL, GFP_UNMOVABLE, 0);

	assert_non_null(page);
	return page;
}

static void test_last_in_first_out(void **state)
{
	struct page *page[5];

	(void)state;
	assert_null(slab_stack_pop(&stack));
	assert_null(slab_stack_first(&stack));
	for (int i = 0; i < 5; i++) {
		page[i] = new_page();
		slab_stack_push(&stack, page[i]);
		assert_ptr_equal(slab_stack_first(&stack), page[i]);
	}
	for (int i = 5; i-- > 0;)
		assert_ptr_equal(slab_stack_pop(&stack), page[i]);
	assert_null(slab_stack_pop(&stack));
}

/* The same page is first as when it was seen, but not the same stack. */
static void test_a_head_that_came_back_is_another(void **state)
{
	struct page *a = new_page(), *b = new_page();
	uint64_t seen;

	(void)state;
	slab_stack_push(&stack, b);
	slab_stack_push(&stack, a);
	seen = stack.head;
	assert_ptr_equal(slab_stack_pop(&stack), a);
	assert_ptr_equal(slab_stack_pop(&stack), b);
	slab_stack_push(&stack, a);
	assert_ptr_equal(slab_stack_first(&stack), a);
	assert_true(stack.head != seen);
}

enum { THREADS = 4, PAGES = 6, ROUNDS = 100000 };

/* Whoever pops a page has it alone: `nr` counts who has it. */
static void *shuffle(void *arg)
{
	struct page *hand[2] = {NULL};

	for (int i = 0; i < ROUNDS; i++) {
		struct page **slot = &hand[i % 2];

		if (*slot) {
			__atomic_fetch_sub(&(*slot)->nr, 1, __ATOMIC_RELAXED);
			slab_stack_push(&stack, *slot);
		}
		*slot = slab_stack_pop(&stack);
		if (*slot &&
		    __atomic_fetch_add(&(*slot)->nr, 1, __ATOMIC_RELAXED))
			return arg;
	}
	for (int i = 0; i < 2; i++) {
		if (hand[i]) {
			hand[i]->nr--;
			slab_stack_push(&stack, hand[i]);
		}
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[THREADS];
	unsigned int found = 0;

	(void)state;
	for (int i = 0; i < PAGES; i++) {
		struct page *page = new_page();

		page->nr = 0;
		slab_stack_push(&stack, page);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, shuffle, &stack);
	for (int i = 0; i < THREADS; i++) {
		void *wrong;

		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
	while (slab_stack_pop(&stack))
		found++;
	assert_int_equal(found, PAGES);
}

UNIT_MAIN(TEST(test_last_in_first_out),
	  TEST(test_a_head_that_came_back_is_another), TEST(test_threads))
