/* Which objects of a slab are free. */
#include "secret.h"
#include "slab_map.h"

static uint64_t read_word(const uint64_t *word)
{
	/* Pairs with the change of a bit: in mark_free(), or take_words(). */
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

bool slab_has_free(const struct kmem_cache *c, struct page *page)
{
	const uint64_t *map = slab_bitmap(c, page);

	for (uint32_t w = 0; w < BITMAP_WORDS(c->nr_objects); w++)
		if (read_word(&map[w]))
			return true;
	return false;
}

bool slab_all_free(const struct kmem_cache *c, struct page *page)
{
	const uint64_t *map = slab_bitmap(c, page);

	for (uint32_t w = 0; w < BITMAP_WORDS(c->nr_objects); w++)
		if (read_word(&map[w]) != bitmap_mask(w, 0, c->nr_objects))
			return false;
	return true;
}

/* The lowest n set bits of a word that has more. */
static uint64_t lowest_set(uint64_t word, uint32_t n)
{
	uint64_t rest = word;

	/* In most words all are set. */
	if (word == ~UINT64_C(0))
		return bitmap_mask(0, 0, n);
	while (n--)
		rest &= rest - 1;
	return word & ~rest;
}

/*
 * Writes the objects of a word's bits, of which there are n, downwards from
 * `out`.
 */
static void put_out(char *first, size_t size, uint64_t bits, uint32_t n,
		    void **out)
{
	if (!(bits & (bits + 1))) {
		/* A row of neighbours. */
		for (; n; n--, first += size)
			*--out = first;
		return;
	}
	for (; bits; bits &= bits - 1)
		*--out = first + (size_t)lowest_bit(bits) * size;
}

/*
 * Takes up to `left` objects from the words [w, end), in the order of their
 * addresses. The caller holds the slab, so no bit that it saw goes away.
 */
static uint32_t take_words(const struct kmem_cache *c, struct page *page,
			   uint32_t w, uint32_t end, uint32_t left, void **out)
{
	uint64_t *map = slab_bitmap(c, page);
	char *base = page_to_addr(page);

	for (; w < end && left; w++) {
		uint64_t bits = read_word(&map[w]);
		uint32_t n = count_bits(bits);

		if (!n)
			continue;
		if (n > left) {
			n = left;
			bits = lowest_set(bits, n);
		}
		/* Pairs with the release in mark_free(). */
		__atomic_fetch_and(&map[w], ~bits, __ATOMIC_ACQ_REL);
		put_out(base + (size_t)w * BITS_PER_WORD * c->size, c->size,
			bits, n, out + left);
		left -= n;
		page->hint = (uint8_t)w;
	}
	return left;
}

static bool random_places;

void slab_randomize(void)
{
	random_places = true;
}

/* The free object at a random place, or the next one. */
static slow_path uint32_t take_random(const struct kmem_cache *c,
				      struct page *page, uint32_t left,
				      void **out)
{
	uint64_t *map = slab_bitmap(c, page);
	char *base = page_to_addr(page);

	while (left) {
		size_t from = secret_below(c->nr_objects);
		size_t i = bitmap_next_set(map, from, c->nr_objects);

		if (i == c->nr_objects)
			i = bitmap_next_set(map, 0, from);
		if (i == from && !bitmap_test(map, i))
			break;
		/* As in take_words(). */
		__atomic_fetch_and(&map[i / BITS_PER_WORD],
				   ~(UINT64_C(1) << (i % BITS_PER_WORD)),
				   __ATOMIC_ACQ_REL);
		out[--left] = base + i * c->size;
	}
	return left;
}

/*
 * Goes on where it stopped last, and then with what was freed behind it in the
 * meantime. Only when that is not enough, words follow of which nothing was
 * ever out: so no more of a slab is touched than is in use at a time.
 */
uint32_t slab_take(const struct kmem_cache *c, struct page *page, uint32_t left,
		   void **out)
{
	uint32_t end = BITMAP_WORDS(c->nr_objects);
	uint32_t from = page->hint;

	if (unlikely(random_places))
		return take_random(c, page, left, out);
	left = take_words(c, page, from, page->touched, left, out);
	if (left)
		left = take_words(c, page, 0, from, left, out);
	if (left) {
		left = take_words(c, page, page->touched, end, left, out);
		if (page->hint >= page->touched)
			page->touched = page->hint + 1;
	}
	return left;
}

_Static_assert(SLAB_MAP_WORDS < UINT8_MAX, "a word's number in struct page");
