/* A keyed hash of one word. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>

/*
 * SipHash-1-3 of the eight bytes of v, after J.-P. Aumasson and D. Bernstein,
 * "SipHash: a fast short-input PRF" (2012). Who does not know the key cannot
 * tell the results from random numbers, also when v is known.
 */
uint64_t siphash_word(const uint64_t key[2], uint64_t v);

#endif
