/* The process's key. */
#include "os/os.h"
#include "secret.h"

static uint64_t word_key[2], random_key[2];

/* Random numbers are hashes of a counter, which starts anew in each process. */
static uint64_t counter;
static uint32_t counter_epoch;

void secret_init(void)
{
	static bool done;

	if (done)
		return;
	for (int i = 0; i < 2; i++) {
		word_key[i] = os_random();
		random_key[i] = os_random();
	}
	done = true;
}

uint64_t secret_word(const void *p)
{
	return siphash_word(word_key, (uintptr_t)p);
}

static slow_path void restart_counter(uint32_t epoch)
{
	/* Two threads that do so at once only skip some numbers. */
	__atomic_store_n(&counter, os_random(), __ATOMIC_RELAXED);
	WRITE_ONCE(counter_epoch, epoch);
}

uint64_t secret_random(void)
{
	uint32_t epoch = fork_epoch();

	if (unlikely(READ_ONCE(counter_epoch) != epoch))
		restart_counter(epoch);
	return siphash_word(random_key,
			    __atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED));
}
