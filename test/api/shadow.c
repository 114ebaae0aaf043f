/* The shadow of live blocks, and their patterns: see shadow.h. */
#include "shadow.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"

struct range {
	uintptr_t start, end;
};

static struct range *ranges; /* ascending, disjoint */
static size_t nr_ranges, max_ranges;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void shadow_start(size_t most)
{
	CHECK(ranges == NULL);
	ranges = mmap(NULL, most * sizeof(*ranges), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(ranges != MAP_FAILED);
	max_ranges = most;
}

/* The first range that starts at `address` or above. */
static size_t find(uintptr_t address)
{
	size_t low = 0, high = nr_ranges;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (ranges[middle].start < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void shadow_enter(const void *ptr, size_t size)
{
	struct range new = {(uintptr_t)ptr, (uintptr_t)ptr + size};

	CHECK(new.start != 0 && new.end >= new.start);
	if (new.end == new.start)
		new.end++; /* a block of nothing still has an address */
	pthread_mutex_lock(&lock);
	CHECK(nr_ranges < max_ranges);
	size_t at = find(new.start);
	CHECK(at == nr_ranges || new.end <= ranges[at].start);
	CHECK(at == 0 || ranges[at - 1].end <= new.start);
	memmove(ranges + at + 1, ranges + at,
		(nr_ranges - at) * sizeof(*ranges));
	ranges[at] = new;
	nr_ranges++;
	pthread_mutex_unlock(&lock);
}

void shadow_leave(const void *ptr)
{
	pthread_mutex_lock(&lock);
	size_t at = find((uintptr_t)ptr);
	CHECK(at < nr_ranges && ranges[at].start == (uintptr_t)ptr);
	nr_ranges--;
	memmove(ranges + at, ranges + at + 1,
		(nr_ranges - at) * sizeof(*ranges));
	pthread_mutex_unlock(&lock);
}

size_t shadow_count(void)
{
	pthread_mutex_lock(&lock);
	size_t nr = nr_ranges;
	pthread_mutex_unlock(&lock);
	return nr;
}

static unsigned char pattern(uint64_t tag, size_t offset)
{
	return (unsigned char)(((tag ^ offset) * 0x9e3779b97f4a7c15u) >> 56);
}

/* The offset after `at` that is filled and checked. */
static size_t next_offset(size_t at, size_t size)
{
	const size_t whole = 1 << 16, ends = 64;
	const size_t step = size <= 1 << 20 ? 4096 : size / 251;

	if (size <= whole || at < ends || at + ends >= size)
		return at + 1;
	size_t next = (at / step + 1) * step;
	return next + ends < size ? next : size - ends;
}

void shadow_fill(void *ptr, size_t size, uint64_t tag)
{
	unsigned char *byte = ptr;

	for (size_t at = 0; at < size; at = next_offset(at, size))
		byte[at] = pattern(tag, at);
}

void shadow_check(const void *ptr, size_t size, uint64_t tag)
{
	const unsigned char *byte = ptr;

	for (size_t at = 0; at < size; at = next_offset(at, size))
		if (byte[at] != pattern(tag, at)) {
			check_note("block %p of %zu bytes differs at %zu", ptr,
				   size, at);
			CHECK_EQ(byte[at], pattern(tag, at));
		}
}
