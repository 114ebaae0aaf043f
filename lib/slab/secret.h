/*
 * What an attacker must not know: the process's key, and what follows from it.
 *
 * The key is made once, before the first object is handed out. Children of a
 * fork have it, too, as the canaries that they inherit were made with it; but
 * each draws random numbers of its own.
 */
#ifndef SLAB_SECRET_H
#define SLAB_SECRET_H

#include <stdint.h>

void secret_init(void);

/* A word that belongs to an address: the same each time. */
uint64_t secret_word(const void *p);

/* A random number; no two calls have the same. */
uint64_t secret_random(void);

/* Below n, which is not 0. */
static inline uint32_t secret_below(uint32_t n)
{
	return (uint32_t)((uint32_t)secret_random() * (uint64_t)n >> 32);
}

#endif
