/* slab/magazine: threads that work at a time do not share cache lines. */
#include <pthread.h>

#include "unit.h"

#define TURNS 12
#define AT_A_TIME 8
#define OBJECTS (TURNS * AT_A_TIME)
#define MOST_BYTES ((size_t)256)

static size_t size;
static pthread_barrier_t turn;
static void *objects[2][OBJECTS];

/* Takes a few while the other does, and waits for it. */
static void *take(void *arg)
{
	void **own = arg;

	for (int i = 0; i < OBJECTS; i++) {
		if (i % AT_A_TIME == 0)
			pthread_barrier_wait(&turn);
		own[i] = heap_malloc(size);
	}
	pthread_barrier_wait(&turn);
	return NULL;
}

static void take_in_turns(void)
{
	pthread_t other;

	pthread_barrier_init(&turn, NULL, 2);
	pthread_create(&other, NULL, take, objects[1]);
	take(objects[0]);
	pthread_join(other, NULL);
	pthread_barrier_destroy(&turn);
}

static uintptr_t line_of(const void *p, size_t offset)
{
	return ((uintptr_t)p + offset) / CACHE_LINE;
}

static bool share_a_line(const void *a, const void *b)
{
	return line_of(a, 0) <= line_of(b, size - 1) &&
	       line_of(b, 0) <= line_of(a, size - 1);
}

static void test_threads_do_not_share_lines(void **state)
{
	(void)state;
	for (size = MIN_OBJECT_SIZE; size <= MOST_BYTES; size += 16) {
		take_in_turns();
		for (int i = 0; i < OBJECTS; i++) {
			assert_non_null(objects[0][i]);
			for (int j = 0; j < OBJECTS; j++)
				if (share_a_line(objects[0][i], objects[1][j]))
					fail_msg("%zu bytes: %p, %p", size,
						 objects[0][i], objects[1][j]);
		}
		for (int i = 0; i < OBJECTS; i++) {
			heap_free(objects[0][i], "free");
			heap_free(objects[1][i], "free");
		}
		unit_verify();
	}
}

UNIT_MAIN(TEST(test_threads_do_not_share_lines))
