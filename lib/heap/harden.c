/* The hardened mode. */
#include <errno.h>
#include <string.h>

#include "frame.h"
#include "harden.h"
#include "large.h"
#include "malloc.h"

/* Below this, memset() zeroes faster than the kernel takes pages back. */
#define PURGE_MIN ((size_t)1 << 20)

uint32_t harden_flags;

static uint32_t wanted; /* flags that wait for harden_settle() */
static uint64_t poison;

static bool has(uint32_t flag)
{
	return READ_ONCE(harden_flags) & flag;
}

/* Bytes behind what was asked for that a block has at least. */
static size_t tail(void)
{
	return has(HARDEN_CANARY) ? 1 : 0;
}

/* ---- beginning --------------------------------------------------------- */

static uint32_t flags_of_options(void)
{
	uint32_t flags = 0;

	flags |= options.canary ? HARDEN_CANARY : 0;
	flags |= options.zero ? HARDEN_ZERO : 0;
	flags |= options.poison ? HARDEN_POISON : 0;
	flags |= options.quarantine ? HARDEN_QUARANTINE : 0;
	flags |= options.random ? HARDEN_RANDOM : 0;
	flags |= options.guard ? HARDEN_GUARD : 0;
	flags |= options.sample ? HARDEN_SAMPLE : 0;
	return flags;
}

static void begin_exact(void)
{
	magazines_disable();
	if (wanted & HARDEN_RANDOM)
		slab_randomize();
	if (wanted & HARDEN_EXACT) {
		tags_disable();
		ledger_enable();
	}
	poison = wanted & HARDEN_ZERO ? 0 : poison_word(secret_word(&poison));
	__atomic_fetch_or(&harden_flags, wanted, __ATOMIC_RELEASE);
	wanted = 0;
}

void harden_begin(void)
{
	uint32_t flags = flags_of_options();
	uint32_t seen = flags & (HARDEN_EXACT | HARDEN_RANDOM);

	if (!flags)
		return;
	secret_init();
	if (flags & HARDEN_SAMPLE)
		sample_enable(options.sample);
	wanted = seen;
	__atomic_store_n(&harden_flags, flags & ~seen, __ATOMIC_RELEASE);
	if (wanted && !thread_cache_count())
		begin_exact();
}

static void untag(struct page *page, void *arg)
{
	(void)arg;
	tag_slab(&kmem_caches[page->cache], page, false);
}

void harden_settle(void)
{
	struct thread_cache *tc, *own;
	struct report r;

	if (!wanted)
		return;
	/* Nobody can empty the magazines of other threads for them. */
	if (thread_cache_count() > 1) {
		wanted = 0;
		report_begin(&r);
		text_str(&r.text, "BUDDY_CONF: other threads have started "
				  "before: only guard and sample are on");
		report_end(&r);
		return;
	}
	tc = soft_mask();
	own = thread_cache_enter(tc, false);
	begin_exact();
	if (own)
		thread_cache_drain(own);
	for (unsigned int i = 1; i < NR_CACHES; i++)
		for_each_slab(&kmem_caches[i], untag, NULL);
	thread_cache_leave(tc, own);
}

/* ---- handing out ------------------------------------------------------- */

static void check_poison(const struct kmem_cache *c, const void *obj,
			 const char *function)
{
	size_t bad = poison_check(obj, c->size, poison);

	if (unlikely(bad < c->size))
		misuse_block(MISUSE_AFTER_FREE, function, obj, c->size, bad);
}

/*
 * The object has an entry from now on. When there is no memory for that the
 * program goes on with one of unknown size: its class's.
 */
static void *hand_out(unsigned int cache, void *obj, size_t size)
{
	const struct kmem_cache *c = &kmem_caches[cache];
	struct page *page = compound_head(pfn_to_page(addr_to_pfn(obj)));
	uint32_t *entry = ledger_entry(c, page, obj, true);
	uint32_t old;

	if (unlikely(!entry))
		return obj;
	old = ledger_swap(entry, LEDGER_IN_USE | (uint32_t)size);
	if (ledger_state(old) == LEDGER_FILLED)
		check_poison(c, obj, "malloc");
	if (has(HARDEN_CANARY))
		canary_set(obj, size, c->size);
	return obj;
}

void *harden_object(unsigned int cache, void *obj)
{
	/* A cache's objects have no rest that a canary could stand in. */
	return obj ? hand_out(cache, obj, kmem_caches[cache].size) : NULL;
}

static void *alloc_object(struct thread_cache *own, unsigned int class,
			  size_t size)
{
	void *obj = magazine_alloc_slow(own, class);

	return obj && harden_is_exact() ? hand_out(class, obj, size) : obj;
}

static struct mm_thread *mm_of(struct thread_cache *own)
{
	return own ? &own->mm : NULL;
}

static void wipe(void *p, size_t len)
{
	size_t whole = align_down(len, os_page_size());

	if (whole < PURGE_MIN || os_purge(p, whole))
		whole = 0;
	memset((char *)p + whole, 0, len - whole);
}

static struct page *fenced_run(struct thread_cache *own, size_t len,
			       size_t alignment, bool zero)
{
	unsigned int order = 0;
	struct page *page;

	if (alignment > PAGE_SIZE)
		order = order_at_least(alignment >> PAGE_SHIFT);
	page = fence_alloc(mm_of(own), len, order);
	if (page && zero && !(page->flags & PG_ZEROED))
		wipe(page_to_addr(page), len);
	return page;
}

static struct page *plain_run(struct thread_cache *own, size_t len,
			      size_t alignment, bool zero)
{
	void *p = alignment > MIN_OBJECT_SIZE
			  ? large_alloc_aligned(own, alignment, len)
			  : large_alloc(own, len, zero);

	return p ? page_of(p) : NULL;
}

/* Bytes of a run that may be touched. */
static size_t run_room(const struct page *page)
{
	size_t most = large_usable(page);
	size_t room = fence_usable(page->requested + tail());

	return page->flags & PG_FENCED && room < most ? room : most;
}

static void *alloc_large(struct thread_cache *own, size_t size,
			 size_t alignment, bool zero)
{
	size_t len = size + tail();
	struct page *page = NULL;
	void *p;

	if (has(HARDEN_GUARD))
		page = fenced_run(own, len, alignment, zero);
	/* A process that has no mappings left must go on without. */
	if (!page)
		page = plain_run(own, len, alignment, zero);
	if (!page)
		return NULL;
	p = page_to_addr(page);
	if (!has(HARDEN_EXACT | HARDEN_GUARD))
		return p;
	page->flags &= (uint16_t)~PG_ZEROED;
	page->flags |= PG_SIZED;
	page->requested = size;
	if (has(HARDEN_CANARY))
		canary_set(p, size, run_room(page));
	return p;
}

/* About how many blocks a miss of this size stands for. */
static uint32_t weight_of(const struct thread_cache *own, size_t size)
{
	if (!own || size > SMALL_MAX)
		return 1;
	return own->capacity[size_class(size)] / 2 + 1u;
}

static void *alloc_sample(const struct thread_cache *own, size_t size,
			  size_t alignment)
{
	if (!has(HARDEN_SAMPLE) || !sample_is_due(weight_of(own, size)))
		return NULL;
	return sample_alloc(alignment, size);
}

void *harden_alloc(struct thread_cache *own, size_t size, size_t alignment,
		   bool zero)
{
	unsigned int class = 0;
	void *p;

	/* Of nothing one byte may be used: none would seem no block at all. */
	if (!size)
		size = 1;
	p = alloc_sample(own, size, alignment);
	if (p)
		return p;
	if (alignment > MIN_OBJECT_SIZE)
		class = aligned_class(alignment, size + tail());
	else if (size + tail() <= SMALL_MAX)
		class = size_class(size + tail());
	if (class)
		p = alloc_object(own, class, size);
	if (!p && (!class || size > FINE_MAX))
		p = alloc_large(own, size, alignment, zero);
	return p;
}

/* ---- looking ----------------------------------------------------------- */

struct seen {
	struct page *page; /* NULL: a sample */
	uint32_t *entry;   /* of an object, unless it has none */
	size_t size;	   /* that was asked for */
	size_t room;	   /* bytes that are the block's */
	bool exact;	   /* `size` is what the program said */
	bool freed;
};

static bool see_run(struct seen *s, struct page *page)
{
	if (!(page->flags & PG_SIZED))
		return false;
	*s = (struct seen){.page = page,
			   .size = page->requested,
			   .room = run_room(page),
			   .exact = true};
	return true;
}

static bool see_object(struct seen *s, struct page *page, const void *p)
{
	const struct kmem_cache *c = &kmem_caches[page->cache];
	uint32_t *entry = ledger_entry(c, page, p, false);
	uint32_t known = entry ? READ_ONCE(*entry) : LEDGER_UNKNOWN;

	if (!harden_is_exact())
		return false;
	*s = (struct seen){.page = page,
			   .entry = entry,
			   .size = c->size,
			   .room = c->size,
			   .freed = ledger_state(known) == LEDGER_FREED ||
				    slab_object_is_free(c, page, p)};
	if (ledger_state(known) == LEDGER_IN_USE) {
		s->size = ledger_bytes(known);
		s->exact = true;
	}
	return true;
}

static bool see_sample(struct seen *s, const void *p)
{
	struct sample_view v;

	if (!has(HARDEN_SAMPLE) || !sample_look(p, &v) || !v.at_start ||
	    v.state != SAMPLE_IN_USE)
		return false;
	*s = (struct seen){.size = v.size, .room = v.size, .exact = true};
	return true;
}

static bool see(struct seen *s, const void *p)
{
	struct page *page;

	if (see_sample(s, p))
		return true;
	page = block_of(p);
	if (!page)
		return false;
	return page->type == PAGE_RUN ? see_run(s, page)
				      : see_object(s, page, p);
}

static void check_end(const struct seen *s, const void *p, const char *function)
{
	size_t bad;

	if (!has(HARDEN_CANARY) || !s->exact)
		return;
	bad = canary_check(p, s->size, s->room);
	if (unlikely(bad < s->room))
		misuse_block(MISUSE_OVERFLOW, function, p, s->size, bad);
}

/* ---- taking back ------------------------------------------------------- */

/* False for an object that is given back as its constructor left it. */
static bool fill(const struct kmem_cache *c, void *obj)
{
	if (c->ctor)
		return false;
	if (has(HARDEN_ZERO | HARDEN_POISON))
		poison_fill(obj, c->size, poison);
	else if (options.junk)
		memset(obj, JUNK_FREE, c->size);
	return has(HARDEN_POISON);
}

/* From the program's last free to the slab, after the quarantine if any. */
static void give_object_back(struct thread_cache *own, void *obj, bool check)
{
	struct page *page = compound_head(pfn_to_page(addr_to_pfn(obj)));
	const struct kmem_cache *c = &kmem_caches[page->cache];
	uint32_t *entry = ledger_entry(c, page, obj, false);
	bool filled = has(HARDEN_POISON) && !c->ctor;

	if (filled && check)
		check_poison(c, obj, "free");
	if (entry)
		ledger_swap(entry, filled ? LEDGER_FILLED : LEDGER_UNKNOWN);
	magazine_free_slow(own, page->cache, obj, "free");
}

static void free_object(struct thread_cache *own, const struct seen *s, void *p,
			const char *function)
{
	const struct kmem_cache *c = &kmem_caches[s->page->cache];

	/* The exchange tells apart two threads that free the same block. */
	if (s->entry &&
	    ledger_state(ledger_swap(s->entry, LEDGER_FREED)) == LEDGER_FREED)
		misuse("double free", function, p);
	fill(c, p);
	/* A user's cache could not be ended while its objects were kept. */
	if (!has(HARDEN_QUARANTINE) || c->index >= FIRST_INTERNAL) {
		give_object_back(own, p, false);
		return;
	}
	p = quarantine_put(p, c->size);
	if (p)
		give_object_back(own, p, true);
}

static void give_run_back(struct thread_cache *own, struct page *page)
{
	size_t len = (size_t)page->nr << PAGE_SHIFT;

	if (page->flags & PG_CACHED && !(page->flags & PG_FENCED) &&
	    os_protect(page_to_addr(page), len, true))
		return; /* without access it is of no use to anybody */
	page->flags &= (uint16_t)~PG_CACHED;
	if (page->flags & PG_FENCED)
		fence_free(mm_of(own), page);
	else
		large_free(own, page);
}

/* Takes access and memory away; false when the run cannot be kept. */
static bool lock_run_up(struct page *page)
{
	return has(HARDEN_QUARANTINE) && !(page->flags & PG_HUGE) &&
	       page->nr <= QUARANTINE_RUN_PAGES &&
	       !os_decommit(page_to_addr(page), (size_t)page->nr << PAGE_SHIFT);
}

static void free_run_block(struct thread_cache *own, const struct seen *s)
{
	struct page *page = s->page;

	page->flags &= (uint16_t)~PG_SIZED;
	if (lock_run_up(page)) {
		page->flags |= PG_CACHED;
		page = quarantine_put_run(page);
	} else if (has(HARDEN_ZERO) && !(page->flags & PG_HUGE)) {
		wipe(page_to_addr(page), s->size);
	} else if (options.junk) {
		memset(page_to_addr(page), JUNK_FREE, s->size);
	}
	if (page)
		give_run_back(own, page);
}

bool harden_free(void *p, struct thread_cache *tc, const char *function)
{
	struct seen s;
	struct frame f;

	if (has(HARDEN_SAMPLE) && sample_free(p, function)) {
		soft_unmask(tc);
		return true;
	}
	if (!see(&s, p))
		return false;
	if (s.freed)
		misuse("double free", function, p);
	check_end(&s, p, function);
	f = frame_enter(tc);
	if (s.page->type == PAGE_RUN)
		free_run_block(f.own, &s);
	else
		free_object(f.own, &s, p, function);
	frame_leave(&f);
	return true;
}

bool harden_free_sized(void *p, size_t alignment, size_t size,
		       const char *function)
{
	struct seen s;

	if (!see(&s, p))
		return false;
	if (s.freed)
		misuse("double free", function, p);
	if (!s.exact)
		return false;
	if (!is_power_of_two(alignment) || (uintptr_t)p & (alignment - 1))
		misuse("wrong alignment", function, p);
	if ((size ? size : 1) != s.size)
		misuse("wrong size", function, p);
	heap_free_checked(p, function);
	return true;
}

unsigned int harden_drain(struct thread_cache *own)
{
	unsigned int n = 0;
	struct page *page;
	void *obj;

	for (; (obj = quarantine_take()); n++)
		give_object_back(own, obj, true);
	for (; (page = quarantine_take_run()); n++)
		give_run_back(own, page);
	return n;
}

/* ---- resizing ---------------------------------------------------------- */

/* Whether a block of that size would be of the same kind as this one. */
static bool stays(const struct seen *s, size_t size)
{
	size_t len = size + tail();

	if (!s->page)
		return false;
	if (s->page->type == PAGE_SLAB) {
		if (!s->exact)
			return size <= s->room && size > s->room / 2;
		return len <= SMALL_MAX && size_class(len) == s->page->cache;
	}
	if (len <= SMALL_MAX)
		return false;
	if (s->page->flags & PG_FENCED)
		return fence_usable(len) == s->room;
	return len <= s->room && s->room - len < PAGE_SIZE;
}

static void set_size(const struct seen *s, void *p, size_t size)
{
	if (!s->exact)
		return;
	if (s->page->type == PAGE_SLAB)
		ledger_swap(s->entry, LEDGER_IN_USE | (uint32_t)size);
	else
		s->page->requested = size;
	if (has(HARDEN_CANARY))
		canary_set(p, size, s->room);
}

static void *resize(const struct seen *s, void *p, size_t size,
		    const char *function)
{
	void *new;

	if (stays(s, size)) {
		set_size(s, p, size);
		return p;
	}
	new = heap_malloc(size);
	if (!new)
		return NULL;
	memcpy(new, p, s->size < size ? s->size : size);
	heap_free(p, function);
	return new;
}

bool harden_realloc(void *p, size_t size, const char *function, void **out)
{
	struct seen s;

	if (!see(&s, p))
		return false;
	if (s.freed)
		misuse("use after free", function, p);
	check_end(&s, p, function);
	*out = NULL;
	if (!size)
		heap_free(p, function);
	else if (size > PTRDIFF_MAX)
		errno = ENOMEM;
	else
		*out = resize(&s, p, size, function);
	return true;
}

bool harden_usable_size(const void *p, const char *function, size_t *size)
{
	struct seen s;

	if (!see(&s, p))
		return false;
	if (s.freed)
		misuse("use after free", function, p);
	*size = s.size;
	return true;
}
