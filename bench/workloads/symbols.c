/*
 * Symbol algebra: random formulas in x are differentiated three times over,
 * simplified and evaluated. Every step copies and drops subtrees of 32-byte
 * nodes, in no particular order; an operation is one node made.
 */
#include "work.h"

#define HEIGHT 6u
#define DERIVATIVES 3u
#define FULL_FORMULAS 4000u

enum kind { NUMBER, SYMBOL, SUM, PRODUCT };

struct term {
	enum kind kind;
	uint64_t number; /* of a NUMBER */
	struct term *left, *right;
};

static uint64_t made;

static struct term *make(enum kind kind, uint64_t number, struct term *left,
			 struct term *right)
{
	struct term *term = work_alloc(sizeof(*term));

	made++;
	*term = (struct term){kind, number, left, right};
	return term;
}

static void drop(struct term *term)
{
	if (term->kind >= SUM) {
		drop(term->left);
		drop(term->right);
	}
	free(term);
}

static struct term *copy(const struct term *term)
{
	if (term->kind < SUM)
		return make(term->kind, term->number, NULL, NULL);
	return make(term->kind, 0, copy(term->left), copy(term->right));
}

static struct term *invent(struct work_random *random, unsigned height)
{
	enum kind kind;

	if (height == 0 && work_below(random, 2) == 0)
		return make(SYMBOL, 0, NULL, NULL);
	if (height == 0)
		return make(NUMBER, 1 + work_below(random, 9), NULL, NULL);
	kind = work_below(random, 2) ? SUM : PRODUCT;
	return make(kind, 0, invent(random, height - 1),
		    invent(random, height - 1));
}

static struct term *derive(const struct term *term)
{
	switch (term->kind) {
	case NUMBER:
		return make(NUMBER, 0, NULL, NULL);
	case SYMBOL:
		return make(NUMBER, 1, NULL, NULL);
	case SUM:
		return make(SUM, 0, derive(term->left), derive(term->right));
	case PRODUCT:
		break;
	}
	return make(SUM, 0,
		    make(PRODUCT, 0, derive(term->left), copy(term->right)),
		    make(PRODUCT, 0, copy(term->left), derive(term->right)));
}

static bool is_number(const struct term *term, uint64_t number)
{
	return term->kind == NUMBER && term->number == number;
}

/* Drops the node and one side; the other side stands for them. */
static struct term *keep(struct term *term, struct term *kept)
{
	drop(kept == term->left ? term->right : term->left);
	free(term);
	return kept;
}

static struct term *fold(struct term *term)
{
	uint64_t a = term->left->number, b = term->right->number;
	uint64_t number = term->kind == SUM ? a + b : a * b;

	drop(term);
	return make(NUMBER, number, NULL, NULL);
}

/* Consumes the term. */
static struct term *simplify(struct term *term)
{
	uint64_t neutral = term->kind == PRODUCT;

	if (term->kind < SUM)
		return term;
	term->left = simplify(term->left);
	term->right = simplify(term->right);
	if (term->left->kind == NUMBER && term->right->kind == NUMBER)
		return fold(term);
	if (is_number(term->left, neutral))
		return keep(term, term->right);
	if (is_number(term->right, neutral))
		return keep(term, term->left);
	if (term->kind == PRODUCT && is_number(term->left, 0))
		return keep(term, term->left);
	if (term->kind == PRODUCT && is_number(term->right, 0))
		return keep(term, term->right);
	return term;
}

static uint64_t evaluate(const struct term *term, uint64_t x)
{
	switch (term->kind) {
	case NUMBER:
		return term->number;
	case SYMBOL:
		return x;
	case SUM:
		return evaluate(term->left, x) + evaluate(term->right, x);
	case PRODUCT:
		break;
	}
	return evaluate(term->left, x) * evaluate(term->right, x);
}

static uint64_t study(struct work_random *random)
{
	struct term *formula = invent(random, HEIGHT);
	uint64_t sum = 0;

	for (unsigned i = 0; i < DERIVATIVES; i++) {
		struct term *derived = simplify(derive(formula));

		drop(formula);
		formula = derived;
		sum += evaluate(formula, 7);
	}
	drop(formula);
	return sum;
}

int main(int argc, char **argv)
{
	struct work_args args;
	struct work_random random;
	uint64_t formulas, checksum = 0;
	double begin;

	work_parse(&args, argc, argv);
	work_seed(&random, args.seed);
	formulas = work_scaled(&args, FULL_FORMULAS, 1);
	begin = work_seconds();
	for (uint64_t i = 0; i < formulas; i++)
		checksum += study(&random);
	work_report("symbols", made, work_seconds() - begin, checksum);
	return 0;
}
