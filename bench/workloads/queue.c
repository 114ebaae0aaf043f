/*
 * Producers and consumers: half of the threads make messages (a header and a
 * payload of 32 to 2,000 bytes), the other half take them off a locked queue,
 * read them and free both. Each message dies on another thread than it was
 * born on. The queue is filled and emptied 16 messages at a time.
 */
#include "work.h"

#define CAPACITY 1024u
#define BATCH 16u
#define FULL_MESSAGES 4000000u /* per producer */
#define LEAST_BYTES 32u
#define MOST_BYTES 2000u

struct message {
	struct message *next;
	unsigned char *payload;
	size_t size;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	struct message *first, **last;
	unsigned length, producers;
} queue = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.filled = PTHREAD_COND_INITIALIZER,
	.emptied = PTHREAD_COND_INITIALIZER,
	.last = &queue.first,
};

static struct message *message_new(struct work_random *random)
{
	struct message *message = work_alloc(sizeof(*message));

	message->next = NULL;
	message->size = work_between(random, LEAST_BYTES, MOST_BYTES);
	message->payload = work_alloc(message->size);
	work_write(message->payload, message->size,
		   (unsigned char)message->size);
	return message;
}

static void put(struct message *first, struct message **last, unsigned count)
{
	pthread_mutex_lock(&queue.lock);
	while (queue.length >= CAPACITY)
		pthread_cond_wait(&queue.emptied, &queue.lock);
	*queue.last = first;
	queue.last = last;
	queue.length += count;
	pthread_cond_signal(&queue.filled);
	pthread_mutex_unlock(&queue.lock);
}

/* Up to BATCH messages as a list; NULL when all producers have ended. */
static struct message *take(void)
{
	struct message *first, **end = &queue.first;

	pthread_mutex_lock(&queue.lock);
	while (queue.first == NULL && queue.producers > 0)
		pthread_cond_wait(&queue.filled, &queue.lock);
	first = queue.first;
	for (unsigned i = 0; i < BATCH && *end != NULL; i++) {
		end = &(*end)->next;
		queue.length--;
	}
	queue.first = *end;
	if (queue.first == NULL)
		queue.last = &queue.first;
	if (first != NULL)
		*end = NULL;
	pthread_cond_signal(&queue.emptied);
	pthread_mutex_unlock(&queue.lock);
	return first;
}

static void produce(struct work_thread *thread)
{
	uint64_t messages = work_scaled(thread->args, FULL_MESSAGES, BATCH);

	for (uint64_t i = 0; i < messages; i += BATCH) {
		struct message *first = NULL, **last = &first;

		for (unsigned j = 0; j < BATCH; j++) {
			*last = message_new(&thread->random);
			last = &(*last)->next;
		}
		put(first, last, BATCH);
		thread->operations += BATCH;
	}
	pthread_mutex_lock(&queue.lock);
	queue.producers--;
	pthread_cond_broadcast(&queue.filled);
	pthread_mutex_unlock(&queue.lock);
}

static void consume(struct work_thread *thread)
{
	struct message *message;

	while ((message = take()) != NULL) {
		while (message != NULL) {
			struct message *next = message->next;

			thread->checksum +=
				work_read(message->payload, message->size);
			free(message->payload);
			free(message);
			message = next;
		}
	}
}

static void body(struct work_thread *thread)
{
	if (thread->index % 2 == 0)
		produce(thread);
	else
		consume(thread);
}

int main(int argc, char **argv)
{
	struct work_args args;
	uint64_t operations = 0, checksum = 0;
	double seconds;

	work_parse(&args, argc, argv);
	if (args.threads % 2 != 0)
		work_die("--threads must be even");
	queue.producers = args.threads / 2;
	seconds = work_run_threads(&args, NULL, body, &operations, &checksum);
	work_report("queue", operations, seconds, checksum);
	return 0;
}
