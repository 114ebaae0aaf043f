/* Misuse of the allocator by the program. */
#include "ledger.h"
#include "misuse.h"
#include "sample.h"

static const char *const type_names[NR_PAGE_TYPES] = {
	[PAGE_TAIL] = "inside a block",	  [PAGE_FREE] = "free, in the buddy",
	[PAGE_PCP] = "free, in a pcp",	  [PAGE_RUN] = "a run in use",
	[PAGE_SLAB] = "a slab",		  [PAGE_GUARD] = "a guard page",
	[PAGE_ISOLATED] = "being purged", [PAGE_BAD] = "quarantined",
};

static uint32_t head_extent(const struct page *page)
{
	return page->type == PAGE_RUN || page->type == PAGE_ISOLATED
		       ? page->nr
		       : 1u << page->order;
}

/* The head of whatever an address lies in, by looking backwards; or NULL. */
static struct page *find_head(const void *p)
{
	struct page *page = page_of(p);
	const struct zone *z = zone_of(p);
	uint32_t index;

	if (!page) /* Past the head of a huge run, its page says nothing. */
		return NULL;
	index = page_index(page);
	for (uint32_t i = index; i >= z->first_page; i--) {
		struct page *head = zone_page(z, i);

		if (head->type == PAGE_TAIL)
			continue;
		return index - i < head_extent(head) || head->flags & PG_HUGE
			       ? head
			       : NULL;
	}
	return NULL;
}

/* What the hardened mode knows of an object. */
static void text_ledger(struct text *t, const uint32_t *entry)
{
	uint32_t known = entry ? READ_ONCE(*entry) : LEDGER_UNKNOWN;

	if (ledger_state(known) == LEDGER_FREED) {
		text_str(t, ", which was freed");
	} else if (ledger_state(known) == LEDGER_IN_USE) {
		text_str(t, ", of ");
		text_dec(t, ledger_bytes(known));
		text_str(t, " bytes");
	}
}

static void text_slab(struct text *t, const struct page *head, const void *p)
{
	const struct kmem_cache *c = &kmem_caches[head->cache];
	size_t offset =
		(size_t)((const char *)p - (const char *)page_to_addr(head));

	text_str(t, "\n  slab  objects of ");
	text_dec(t, c->size);
	text_str(t, " bytes, ");
	text_dec(t, (uint64_t)(c->nr_objects - slab_nr_free(c, head)));
	text_str(t, " of ");
	text_dec(t, c->nr_objects);
	text_str(t, " out; the pointer is ");
	text_dec(t, offset % c->size);
	text_str(t, " bytes into object ");
	text_dec(t, offset / c->size);
	if (slab_object_is_free(c, head, p))
		text_str(t, ", which is free");
	else
		text_ledger(t, ledger_entry(c, head, p, false));
}

static void text_page(struct text *t, const struct page *head, const void *p)
{
	text_str(t, "\n  page  pfn ");
	text_hex(t, page_to_pfn(head).nr);
	if (head->flags & PG_HUGE) {
		text_str(t, ", a huge run of ");
		text_dec(t, head->bytes);
		text_str(t, " bytes");
		return;
	}
	text_str(t, " of zone ");
	text_dec(t, zone_of(head)->id);
	text_str(t, ", ");
	text_str(t, head->flags & PG_FENCE ? type_names[PAGE_GUARD]
					   : type_names[head->type]);
	text_str(t, ", ");
	text_dec(t, head_extent(head));
	text_str(t, " pages of 64 KiB from ");
	text_hex(t, (uintptr_t)page_to_addr(head));
	if (head->type == PAGE_SLAB)
		text_slab(t, head, p);
}

static void text_sample(struct text *t, const struct sample_view *s)
{
	static const char *const states[] = {[SAMPLE_NONE] = "never used",
					     [SAMPLE_BUSY] = "just changing",
					     [SAMPLE_IN_USE] = "in use",
					     [SAMPLE_FREED] = "freed"};

	text_str(t, "\n  page  a sample's own, ");
	text_str(t, states[s->state]);
	if (s->state != SAMPLE_NONE) {
		text_str(t, ", of ");
		text_dec(t, s->size);
		text_str(t, " bytes");
	}
}

void text_address(struct text *t, const void *p)
{
	const struct page *head = find_head(p);
	struct sample_view sample;

	if (head)
		text_page(t, head, p);
	else if (sample_look(p, &sample))
		text_sample(t, &sample);
	else
		text_str(t, "\n  page  none: no zone has this address");
}

/* What is wrong, and what is known of the place. */
static void misuse_begin(struct report *r, const char *kind,
			 const char *function, const void *p)
{
	report_begin(r);
	text_str(&r->text, kind);
	text_str(&r->text, " in ");
	text_str(&r->text, function);
	text_char(&r->text, '(');
	text_hex(&r->text, (uintptr_t)p);
	text_char(&r->text, ')');
	text_address(&r->text, p);
}

noreturn_fn void misuse(const char *kind, const char *function, const void *p)
{
	struct report r;

	misuse_begin(&r, kind, function, p);
	report_abort(&r);
}

noreturn_fn void misuse_block(const char *kind, const char *function,
			      const void *p, size_t size, size_t offset)
{
	struct report r;

	misuse_begin(&r, kind, function, p);
	text_str(&r.text, "\n  block ");
	text_dec(&r.text, size);
	text_str(&r.text, " bytes; the first byte that was changed is number ");
	text_dec(&r.text, offset);
	report_abort(&r);
}

static const char double_free[] = "double free";

static const char *classify_sample(const struct sample_view *s)
{
	if (s->state == SAMPLE_NONE)
		return "foreign pointer";
	return s->at_start ? double_free : "interior pointer";
}

static const char *classify(const void *p)
{
	const struct page *head = find_head(p);
	struct sample_view sample;
	bool at_head;

	if (!head) {
		if (sample_look(p, &sample))
			return classify_sample(&sample);
		if (slot_of(p) == SLOT_HUGE_GONE)
			return double_free;
		return slot_of(p) == SLOT_HUGE || slot_of(p) == SLOT_HUGE_TAIL
			       ? "interior pointer"
			       : "foreign pointer";
	}
	at_head = p == page_to_addr(head);
	switch (head->type) {
	case PAGE_SLAB:
		if (cache_is_internal(head->cache))
			return "foreign pointer";
		return slab_is_object(&kmem_caches[head->cache], head, p)
			       ? double_free
			       : "interior pointer";
	case PAGE_RUN:
		if (head->flags & PG_FENCE)
			return "foreign pointer";
		return at_head ? double_free : "interior pointer";
	case PAGE_FREE:
	case PAGE_PCP:
	case PAGE_ISOLATED:
	case PAGE_GUARD:
		/* Nothing is in use there: it was, if it ever was. */
		return double_free;
	default:
		return "foreign pointer";
	}
}

noreturn_fn void misuse_pointer(const char *function, const void *p)
{
	misuse(classify(p), function, p);
}

noreturn_fn void misuse_realloc(const char *function, const void *p)
{
	const char *kind = classify(p);

	misuse(kind == double_free ? "use after free" : kind, function, p);
}
