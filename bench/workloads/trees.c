/*
 * Bursty trees: one tall tree stays, while thousands of short ones are built,
 * walked and torn down around it, of ever another height. Nodes are 32 bytes
 * and hardly live; an operation is one node.
 */
#include "work.h"

#define TALL 17u
#define LOWEST 4u
#define HIGHEST 14u
#define FULL_NODES 24000000u

struct node {
	struct node *left, *right;
	uint64_t key, weight;
};

static struct node *plant(unsigned height, uint64_t key)
{
	struct node *node = work_alloc(sizeof(*node));

	*node = (struct node){.key = key, .weight = height};
	if (height > 0) {
		node->left = plant(height - 1, 2 * key);
		node->right = plant(height - 1, 2 * key + 1);
	}
	return node;
}

static uint64_t walk(const struct node *node)
{
	if (node == NULL)
		return 0;
	return (node->key ^ node->weight) + walk(node->left) +
	       walk(node->right);
}

static void fell(struct node *node)
{
	if (node == NULL)
		return;
	fell(node->left);
	fell(node->right);
	free(node);
}

int main(int argc, char **argv)
{
	struct work_args args;
	struct work_random random;
	struct node *tall;
	uint64_t nodes, built = 0, checksum = 0;
	double begin;

	work_parse(&args, argc, argv);
	work_seed(&random, args.seed);
	nodes = work_scaled(&args, FULL_NODES, 1);
	begin = work_seconds();
	tall = plant(TALL, 1);
	while (built < nodes) {
		unsigned height =
			(unsigned)work_between(&random, LOWEST, HIGHEST);
		struct node *tree = plant(height, built);

		checksum += walk(tree);
		fell(tree);
		built += (2u << height) - 1;
	}
	checksum += walk(tall);
	fell(tall);
	built += (2u << TALL) - 1;
	work_report("trees", built, work_seconds() - begin, checksum);
	return 0;
}
