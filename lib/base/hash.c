/* SipHash-1-3 of one word. */
#include "hash.h"

/* The words that the paper starts from: "somepseudorandomlygeneratedbytes". */
#define START_0 UINT64_C(0x736f6d6570736575)
#define START_1 UINT64_C(0x646f72616e646f6d)
#define START_2 UINT64_C(0x6c7967656e657261)
#define START_3 UINT64_C(0x7465646279746573)

/* The last word of a message has its length, 8, in the highest byte. */
#define LENGTH_WORD (UINT64_C(8) << 56)
#define FINAL_MARK 0xffu
#define FINAL_ROUNDS 3

struct sip {
	uint64_t v[4];
};

static inline uint64_t rotate(uint64_t x, unsigned int by)
{
	return x << by | x >> (64 - by);
}

static inline void sip_round(struct sip *s)
{
	uint64_t *v = s->v;

	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32) + v[3];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
	s->v[3] ^= word;
	sip_round(s);
	s->v[0] ^= word;
}

uint64_t siphash_word(const uint64_t key[2], uint64_t v)
{
	struct sip s = {{START_0 ^ key[0], START_1 ^ key[1], START_2 ^ key[0],
			 START_3 ^ key[1]}};

	sip_word(&s, v);
	sip_word(&s, LENGTH_WORD);
	s.v[2] ^= FINAL_MARK;
	for (int i = 0; i < FINAL_ROUNDS; i++)
		sip_round(&s);
	return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}
