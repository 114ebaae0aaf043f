/*
 * An exhaustive check of the protocol that makes malloc safe in handlers.
 *
 * The thread's pointer to its cache is loaded, then overwritten with the
 * address of an empty one (`busy`); then the magazine is read and updated;
 * then the pointer is put back. A call that finds `busy` there (it runs in a
 * handler that interrupted another call) sees an empty magazine, so it comes
 * to the slow path, which recognises `busy` and works on the slab's bitmap.
 * The slab's lock is only held with signals masked.
 *
 * One thread runs any sequence of malloc and free; at every step of a call a
 * handler may begin another call, nested up to DEPTH; a second thread takes
 * bits from the bitmap and gives them back. All states are visited. In each:
 * no block is handed out while somebody has it; none is lost or doubled when
 * all calls are done; nobody waits for a lock that its own thread holds.
 * Protocols with one rule broken must be caught, which proves that the model
 * can see it. --verbose shows how; BUDDY_TEST_LONG=1 takes one block more.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BLOCKS 3
#define CAPACITY 2
#define DEPTH 3 /* handlers in handlers */
#define NONE MOST_BLOCKS

enum { UNLOCKED, OURS, THEIRS };

/* The steps of a call. Each is one access to what others can see. */
enum step {
	IDLE,
	LOAD_TC,
	SET_BUSY,
	READ_TOP,
	POP,
	WRITE_TOP_POP,
	PUSH,
	WRITE_TOP_PUSH,
	SLOW_MASK,
	SLOW_LOCK,
	SLOW_READ,
	SLOW_WRITE,
	SLOW_MORE,
	SLOW_UNLOCK,
	SLOW_UNMASK,
	RESTORE,
};

/* A call on the stack; unused members are 0, so that equal states are. */
struct frame {
	uint8_t step;
	uint8_t is_free;
	uint8_t busy;  /* what the call found in the thread's pointer */
	uint8_t block; /* to be freed, or found */
	uint8_t n;     /* the magazine's fill, as it was read */
	uint8_t word;  /* the bitmap, as it was read */
};

struct state {
	uint8_t bitmap; /* free blocks */
	uint8_t fill;	/* of the magazine */
	uint8_t magazine[CAPACITY];
	uint8_t busy;	/* the thread's pointer */
	uint8_t held;	/* blocks that the program has: any call may free */
	uint8_t theirs; /* blocks of the second thread */
	uint8_t lock;
	uint8_t masked;
	uint8_t their_step; /* outside, has locked, read, written */
	uint8_t their_word;
	uint8_t depth; /* calls on the stack */
	struct frame frame[DEPTH + 1];
};

enum rule { ALL_KEPT, NO_BUSY, NO_MASK, EARLY_RESTORE, NESTED_REFILL };

static const char *const rule_name[] = {
	"all rules kept",
	"busy is not set",
	"the lock is held with signals open",
	"the pointer is put back before the magazine's top",
	"a nested call does not recognise busy",
};

static int blocks = 2;
static enum rule broken;
static const char *wrong; /* what the state just made violates */

/* ---- one step of the top call ---------------------------------------------
 */

static uint8_t lowest(uint8_t bitmap)
{
	for (uint8_t b = 0; b < blocks; b++)
		if (bitmap >> b & 1)
			return b;
	return NONE;
}

static void finish(struct state *s, struct frame *f)
{
	if (!f->is_free && f->block != NONE) {
		if ((s->held | s->theirs) >> f->block & 1)
			wrong = "a block was handed out twice";
		s->held |= (uint8_t)(1u << f->block);
	}
	memset(f, 0, sizeof(*f));
	s->depth--;
}

/* Whether the slow path may use the magazine: only its owner's outer call. */
static bool owns_magazine(const struct frame *f)
{
	return !f->busy || broken == NESTED_REFILL;
}

static void fast_step(struct state *s, struct frame *f)
{
	switch (f->step) {
	case LOAD_TC:
		f->busy = s->busy;
		f->step = SET_BUSY;
		break;
	case SET_BUSY:
		if (broken != NO_BUSY)
			s->busy = 1;
		f->step = READ_TOP;
		break;
	case READ_TOP:
		f->n = f->busy ? 0 : s->fill;
		if (f->is_free)
			f->step =
				f->busy || f->n == CAPACITY ? SLOW_MASK : PUSH;
		else
			f->step = f->n ? POP : SLOW_MASK;
		break;
	case POP:
		f->block = s->magazine[f->n - 1];
		if (broken == EARLY_RESTORE)
			s->busy = f->busy;
		f->step = WRITE_TOP_POP;
		break;
	case WRITE_TOP_POP:
		s->fill = f->n - 1;
		f->step = RESTORE;
		break;
	case PUSH:
		s->magazine[f->n] = f->block;
		if (broken == EARLY_RESTORE)
			s->busy = f->busy;
		f->step = WRITE_TOP_PUSH;
		break;
	case WRITE_TOP_PUSH:
		s->fill = f->n + 1;
		f->step = RESTORE;
		break;
	case RESTORE:
		s->busy = f->busy;
		finish(s, f);
		break;
	}
}

static void slow_write(struct state *s, struct frame *f)
{
	if (f->is_free) {
		s->bitmap = f->word | (uint8_t)(1u << f->block);
	} else {
		f->block = lowest(f->word);
		if (f->block != NONE)
			f->word &= (uint8_t) ~(1u << f->block);
		s->bitmap = f->word;
	}
	f->word = 0;
	f->step = owns_magazine(f) ? SLOW_MORE : SLOW_UNLOCK;
}

/* The rest of a flush or refill, one block at a time. */
static void slow_more(struct state *s, struct frame *f)
{
	uint8_t b;

	if (f->is_free && s->fill) {
		s->bitmap |= (uint8_t)(1u << s->magazine[--s->fill]);
		return;
	}
	b = lowest(s->bitmap);
	if (!f->is_free && s->fill < CAPACITY - 1 && b != NONE) {
		s->bitmap &= (uint8_t) ~(1u << b);
		s->magazine[s->fill++] = b;
		return;
	}
	f->step = SLOW_UNLOCK;
}

static void slow_step(struct state *s, struct frame *f)
{
	switch (f->step) {
	case SLOW_MASK:
		s->masked = broken != NO_MASK;
		f->step = SLOW_LOCK;
		break;
	case SLOW_LOCK:
		s->lock = OURS;
		f->step = SLOW_READ;
		break;
	case SLOW_READ:
		f->word = s->bitmap;
		f->step = SLOW_WRITE;
		break;
	case SLOW_WRITE:
		slow_write(s, f);
		break;
	case SLOW_MORE:
		slow_more(s, f);
		break;
	case SLOW_UNLOCK:
		s->lock = UNLOCKED;
		f->step = SLOW_UNMASK;
		break;
	case SLOW_UNMASK:
		s->masked = 0;
		f->step = RESTORE;
		break;
	}
}

/* What is over leaves nothing behind in the magazine's free slots. */
static void forget(struct state *s)
{
	for (uint8_t i = s->fill; i < CAPACITY; i++)
		if (!s->busy && !s->depth)
			s->magazine[i] = 0;
}

/* ---- the states --------------------------------------------------------- */

struct visited {
	struct state state;
	uint32_t parent;
};

static struct visited *all;
static uint32_t nr_all, room;
static uint32_t *table;
static uint32_t table_size;

static uint32_t hash(const struct state *s)
{
	const uint8_t *p = (const uint8_t *)s;
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < sizeof(*s); i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return (uint32_t)(h ^ h >> 32);
}

static void place(uint32_t index)
{
	uint32_t at = hash(&all[index].state) & (table_size - 1);

	while (table[at])
		at = (at + 1) & (table_size - 1);
	table[at] = index + 1;
}

static void make_room(void)
{
	room = room ? room * 2 : 1u << 16;
	table_size = room * 2;
	all = realloc(all, room * sizeof(*all));
	free(table);
	table = calloc(table_size, sizeof(*table));
	if (!all || !table) {
		perror("model");
		exit(1);
	}
	for (uint32_t i = 0; i < nr_all; i++)
		place(i);
}

static void visit(const struct state *s, uint32_t parent)
{
	uint32_t at;

	if (nr_all == room)
		make_room();
	at = hash(s) & (table_size - 1);
	for (; table[at]; at = (at + 1) & (table_size - 1))
		if (!memcmp(&all[table[at] - 1].state, s, sizeof(*s)))
			return;
	all[nr_all].state = *s;
	all[nr_all].parent = parent;
	table[at] = ++nr_all;
}

/* Every block is in one place when nobody is inside. */
static void check_quiet(const struct state *s)
{
	int places[MOST_BLOCKS] = {0};

	if (s->depth || s->their_step)
		return;
	for (int b = 0; b < blocks; b++)
		places[b] = (s->bitmap >> b & 1) + (s->held >> b & 1) +
			    (s->theirs >> b & 1);
	for (int i = 0; i < s->fill; i++)
		places[s->magazine[i]]++;
	for (int b = 0; b < blocks; b++) {
		if (places[b] == 0)
			wrong = "a block was lost";
		if (places[b] > 1)
			wrong = "a block is in two places";
	}
	if (s->busy || s->masked || s->lock)
		wrong = "busy, masked or locked with nobody inside";
}

static void reach(struct state *s, uint32_t parent)
{
	forget(s);
	if (!wrong)
		check_quiet(s);
	visit(s, parent);
}

/* ---- what can happen next ----------------------------------------------- */

static void begin_calls(const struct state *s, uint32_t at)
{
	struct state next;
	struct frame *f;

	if (s->depth > DEPTH || s->masked)
		return;
	next = *s;
	f = &next.frame[next.depth++];
	f->step = LOAD_TC;
	f->block = NONE;
	reach(&next, at);
	for (uint8_t b = 0; b < blocks && !wrong; b++) {
		if (!(s->held >> b & 1))
			continue;
		next = *s;
		next.held &= (uint8_t) ~(1u << b);
		f = &next.frame[next.depth++];
		f->step = LOAD_TC;
		f->is_free = 1;
		f->block = b;
		reach(&next, at);
	}
}

static void go_on(const struct state *s, uint32_t at)
{
	struct state next = *s;
	struct frame *f;

	if (!s->depth)
		return;
	f = &next.frame[next.depth - 1];
	if (f->step == SLOW_LOCK && s->lock) {
		if (s->lock == OURS)
			wrong = "deadlock: a handler waits for its own thread";
		return;
	}
	if (f->step >= SLOW_MASK && f->step <= SLOW_UNMASK)
		slow_step(&next, f);
	else
		fast_step(&next, f);
	reach(&next, at);
}

/* The second thread: lock, read, write (one block out or back), unlock. */
static void go_on_there(const struct state *s, uint32_t at)
{
	struct state next = *s;
	uint8_t b;

	switch (s->their_step) {
	case 0:
		if (s->lock)
			return;
		next.lock = THEIRS;
		next.their_step = 1;
		break;
	case 1:
		next.their_word = s->bitmap;
		next.their_step = 2;
		break;
	case 2:
		next.their_word = 0;
		next.their_step = 3;
		b = lowest(s->theirs ? s->theirs : s->their_word);
		if (b == NONE)
			break;
		if (!s->theirs && s->held >> b & 1)
			wrong = "a block was handed out twice";
		next.bitmap = s->their_word ^ (uint8_t)(1u << b);
		next.theirs ^= (uint8_t)(1u << b);
		break;
	default:
		next.lock = UNLOCKED;
		next.their_step = 0;
	}
	reach(&next, at);
}

/* ---- reports ------------------------------------------------------------ */

static void show_path(uint32_t at)
{
	const struct state *s = &all[at].state;

	if (at)
		show_path(all[at].parent);
	printf("   bitmap %x magazine %d busy %d held %x theirs %x lock %d |",
	       s->bitmap, s->fill, s->busy, s->held, s->theirs, s->lock);
	for (int i = 0; i < s->depth; i++)
		printf(" %s:%d", s->frame[i].is_free ? "free" : "malloc",
		       s->frame[i].step);
	printf("\n");
}

/* True when the outcome is what it must be. */
static bool check(enum rule rule, bool verbose)
{
	struct state start;
	uint32_t at;

	broken = rule;
	wrong = NULL;
	nr_all = 0;
	if (table)
		memset(table, 0, table_size * sizeof(*table));
	memset(&start, 0, sizeof(start));
	start.bitmap = (uint8_t)((1u << blocks) - 1);
	visit(&start, 0);
	for (at = 0; at < nr_all && !wrong; at++) {
		struct state s = all[at].state; /* the array may move */

		begin_calls(&s, at);
		if (!wrong)
			go_on(&s, at);
		if (!wrong)
			go_on_there(&s, at);
	}
	printf("%s: %u states, %s\n", rule_name[rule], nr_all,
	       wrong ? wrong : "nothing wrong");
	if (wrong && (verbose || rule == ALL_KEPT))
		show_path(nr_all - 1);
	return (rule == ALL_KEPT) == !wrong;
}

int main(int argc, char **argv)
{
	bool verbose = argc > 1 && !strcmp(argv[1], "--verbose");
	const char *env = getenv("BUDDY_TEST_LONG");
	int failures = 0;

	/* some ten times the states, and more than a GiB for them */
	if (env && *env && strcmp(env, "0") != 0)
		blocks = MOST_BLOCKS;
	for (int rule = ALL_KEPT; rule <= NESTED_REFILL; rule++)
		failures += !check((enum rule)rule, verbose);
	free(all);
	free(table);
	if (failures)
		printf("%d outcomes are not as they must be\n", failures);
	return failures != 0;
}
