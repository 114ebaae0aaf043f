/*
 * Factoring by Pollard's rho with big numbers that are each a block of their
 * own: every addition, product and remainder makes a result and drops its
 * operands. Nothing but the hit path of small sizes is used; this is also the
 * program on which instructions are counted. An operation is one number made.
 */
#include "work.h"

#define FULL_REPEATS 4u

/* Little-endian digits of 32 bits, without leading zeroes. */
struct big {
	uint32_t length;
	uint32_t digits[];
};

static uint64_t made;

static struct big *big_new(uint32_t length)
{
	struct big *big = work_alloc(sizeof(*big) + length * 4 + 4);

	big->length = length;
	made++;
	return big;
}

static struct big *big_trim(struct big *big)
{
	while (big->length > 0 && big->digits[big->length - 1] == 0)
		big->length--;
	return big;
}

static struct big *big_from(uint64_t value)
{
	struct big *big = big_new(2);

	big->digits[0] = (uint32_t)value;
	big->digits[1] = (uint32_t)(value >> 32);
	return big_trim(big);
}

static struct big *big_copy(const struct big *a)
{
	struct big *big = big_new(a->length);

	memcpy(big->digits, a->digits, a->length * 4);
	return big;
}

static int big_compare(const struct big *a, const struct big *b)
{
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	for (uint32_t i = a->length; i-- > 0;) {
		if (a->digits[i] != b->digits[i])
			return a->digits[i] < b->digits[i] ? -1 : 1;
	}
	return 0;
}

static bool big_is_one(const struct big *a)
{
	return a->length == 1 && a->digits[0] == 1;
}

static struct big *big_add(const struct big *a, const struct big *b)
{
	const struct big *longer = a->length > b->length ? a : b;
	const struct big *shorter = longer == a ? b : a;
	struct big *sum = big_new(longer->length + 1);
	uint64_t carry = 0;

	for (uint32_t i = 0; i < longer->length; i++) {
		carry += longer->digits[i];
		carry += i < shorter->length ? shorter->digits[i] : 0;
		sum->digits[i] = (uint32_t)carry;
		carry >>= 32;
	}
	sum->digits[longer->length] = (uint32_t)carry;
	return big_trim(sum);
}

/* a - b, of which a is not the smaller. */
static struct big *big_subtract(const struct big *a, const struct big *b)
{
	struct big *rest = big_new(a->length);
	int64_t borrow = 0;

	for (uint32_t i = 0; i < a->length; i++) {
		borrow += a->digits[i];
		borrow -= i < b->length ? b->digits[i] : 0;
		rest->digits[i] = (uint32_t)borrow;
		borrow >>= 32;
	}
	return big_trim(rest);
}

static struct big *big_multiply(const struct big *a, const struct big *b)
{
	struct big *product = big_new(a->length + b->length);

	memset(product->digits, 0, product->length * 4);
	for (uint32_t i = 0; i < a->length; i++) {
		uint64_t carry = 0;

		for (uint32_t j = 0; j < b->length; j++) {
			carry += (uint64_t)a->digits[i] * b->digits[j] +
				 product->digits[i + j];
			product->digits[i + j] = (uint32_t)carry;
			carry >>= 32;
		}
		product->digits[i + b->length] = (uint32_t)carry;
	}
	return big_trim(product);
}

/* a * 2^bits. */
static struct big *big_shift(const struct big *a, uint32_t bits)
{
	uint32_t whole = bits / 32, part = bits % 32;
	struct big *shifted = big_new(a->length + whole + 1);
	uint64_t carry = 0;

	memset(shifted->digits, 0, whole * 4);
	for (uint32_t i = 0; i < a->length; i++) {
		carry |= (uint64_t)a->digits[i] << part;
		shifted->digits[i + whole] = (uint32_t)carry;
		carry >>= 32;
	}
	shifted->digits[a->length + whole] = (uint32_t)carry;
	return big_trim(shifted);
}

static uint32_t big_bits(const struct big *a)
{
	if (a->length == 0)
		return 0;
	return a->length * 32 -
	       (uint32_t)__builtin_clz(a->digits[a->length - 1]);
}

/* Consumes a; gives a mod m, by shifting and subtracting. */
static struct big *big_reduce(struct big *a, const struct big *m)
{
	while (big_compare(a, m) >= 0) {
		uint32_t gap = big_bits(a) - big_bits(m);
		struct big *part = big_shift(m, gap), *rest;

		if (big_compare(part, a) > 0) {
			free(part);
			part = big_shift(m, gap - 1);
		}
		rest = big_subtract(a, part);
		free(part);
		free(a);
		a = rest;
	}
	return a;
}

/* Consumes both. */
static struct big *big_gcd(struct big *a, struct big *b)
{
	while (b->length > 0) {
		struct big *rest = big_reduce(a, b);

		a = b;
		b = rest;
	}
	free(b);
	return a;
}

/* Consumes x; gives x * x + c mod n. */
static struct big *rho_step(struct big *x, const struct big *c,
			    const struct big *n)
{
	struct big *square = big_reduce(big_multiply(x, x), n);
	struct big *sum = big_add(square, c);

	free(x);
	free(square);
	return big_reduce(sum, n);
}

static struct big *rho_gcd(const struct big *x, const struct big *y,
			   const struct big *n)
{
	struct big *gap =
		big_compare(x, y) < 0 ? big_subtract(y, x) : big_subtract(x, y);

	return big_gcd(gap, big_copy(n));
}

/* A factor of n, found by Floyd's cycle: one step and two steps. */
static struct big *rho(const struct big *n, uint64_t constant)
{
	struct big *c = big_from(constant), *x = big_from(2);
	struct big *y = big_from(2), *factor = big_from(1);

	while (big_is_one(factor)) {
		free(factor);
		x = rho_step(x, c, n);
		y = rho_step(rho_step(y, c, n), c, n);
		factor = rho_gcd(x, y, n);
	}
	free(c);
	free(x);
	free(y);
	return factor;
}

int main(int argc, char **argv)
{
	/* products of two primes each */
	static const uint64_t primes[][2] = {
		{1000003, 1299709},
		{15485863, 32452843},
		{2147483647, 4294967291},
	};
	struct work_args args;
	uint64_t repeats, checksum = 0;
	double begin;

	work_parse(&args, argc, argv);
	repeats = work_scaled(&args, FULL_REPEATS, 1);
	begin = work_seconds();
	for (uint64_t i = 0; i < repeats * 3; i++) {
		struct big *p = big_from(primes[i % 3][0]);
		struct big *q = big_from(primes[i % 3][1]);
		struct big *n = big_multiply(p, q);
		struct big *factor = rho(n, i / 3 + 1);

		checksum += factor->digits[0] + factor->length;
		free(p);
		free(q);
		free(n);
		free(factor);
	}
	work_report("bignum", made, work_seconds() - begin, checksum);
	return 0;
}
