/*
 * A ring of threads: tokens travel round it, each a block that the next
 * thread reads, often exchanges for a block of another size, and passes on.
 * Blocks end up freed everywhere but where they came from. A token carries
 * its own generator, so that the work does not depend on the timing.
 */
#include "work.h"

#include <sched.h>
#include <stdatomic.h>

#define TOKENS 256u    /* per thread */
#define MAILBOX 32768u /* a power of two, above TOKENS * WORK_MAX_THREADS */
#define FULL_HOPS 20000u
#define LEAST_BYTES 48u
#define MOST_BYTES 600u

struct token {
	struct work_random random;
	uint64_t hops; /* left */
	size_t size;
};

/* From one thread to the next: one writer, one reader, never full. */
struct mailbox {
	_Alignas(WORK_CACHE_LINE) _Atomic uint64_t written;
	_Alignas(WORK_CACHE_LINE) struct token *tokens[MAILBOX];
};

struct ring {
	struct mailbox mailboxes[WORK_MAX_THREADS];
	_Atomic uint64_t alive;
};

static struct token *token_new(struct work_random random, uint64_t hops)
{
	size_t size = work_between(&random, LEAST_BYTES, MOST_BYTES);
	struct token *token = work_alloc(size);

	work_write(token, size, 0);
	*token = (struct token){random, hops, size};
	return token;
}

static void post(struct mailbox *mailbox, struct token *token)
{
	uint64_t at =
		atomic_load_explicit(&mailbox->written, memory_order_relaxed);

	mailbox->tokens[at % MAILBOX] = token;
	atomic_store_explicit(&mailbox->written, at + 1, memory_order_release);
}

/* The token to pass on, or NULL when its way is over. */
static struct token *visit(struct token *token, uint64_t *checksum)
{
	struct token *other = NULL;

	*checksum += token->hops ^ token->size;
	if (--token->hops == 0) {
		free(token);
		return NULL;
	}
	if (work_below(&token->random, 4) == 0)
		return token;
	other = token_new(token->random, token->hops);
	work_next(&other->random);
	free(token);
	return other;
}

static void travel(struct work_thread *thread)
{
	struct ring *ring = thread->shared;
	struct mailbox *in = &ring->mailboxes[thread->index];
	struct mailbox *out =
		&ring->mailboxes[(thread->index + 1) % thread->args->threads];
	uint64_t hops = work_scaled(thread->args, FULL_HOPS, 1), read = 0;

	for (unsigned i = 0; i < TOKENS; i++, work_next(&thread->random))
		post(out, token_new(thread->random, hops));
	while (atomic_load_explicit(&ring->alive, memory_order_relaxed) > 0) {
		uint64_t end = atomic_load_explicit(&in->written,
						    memory_order_acquire);

		if (read == end)
			sched_yield();
		for (; read < end; read++, thread->operations++) {
			struct token *token = visit(in->tokens[read % MAILBOX],
						    &thread->checksum);

			if (token != NULL)
				post(out, token);
			else
				atomic_fetch_sub(&ring->alive, 1);
		}
	}
}

int main(int argc, char **argv)
{
	static struct ring ring;
	struct work_args args;
	uint64_t operations = 0, checksum = 0;
	double seconds;

	work_parse(&args, argc, argv);
	atomic_init(&ring.alive, (uint64_t)args.threads * TOKENS);
	seconds =
		work_run_threads(&args, &ring, travel, &operations, &checksum);
	work_report("ring", operations, seconds, checksum);
	return 0;
}
