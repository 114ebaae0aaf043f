/*
 * Size classes: which sizes of objects there are.
 *
 *	 16 to 256 bytes	by 16: classes 1 to 16
 *	256 bytes to 8 KiB	eight to a doubling: classes 17 to 56
 *	8 KiB to 256 KiB	four to a doubling: classes 57 to 76
 *
 * Fine steps waste little inside the blocks (at most 15 bytes to 256, an
 * eighth to 8 KiB, a fifth above) and cost a slab and a magazine each; a slab's
 * untouched pages cost nothing.
 *
 * Class 0 is no class.
 */
#ifndef SLAB_SIZE_CLASS_H
#define SLAB_SIZE_CLASS_H

#include "mm/mm.h"

#define OBJECT_SHIFT 4
#define LINEAR_MAX ((size_t)256)
#define LINEAR_SHIFT 8
#define FINE_MAX ((size_t)8192)
#define FINE_SHIFT 13
#define SMALL_MAX ((size_t)256 << 10)

#define NR_LINEAR (LINEAR_MAX >> OBJECT_SHIFT)
#define FINE_STEPS_SHIFT 3
#define COARSE_STEPS_SHIFT 2
#define FIRST_FINE (NR_LINEAR + 1)
#define NR_FINE ((FINE_SHIFT - LINEAR_SHIFT) << FINE_STEPS_SHIFT)
#define FIRST_COARSE (FIRST_FINE + NR_FINE)
#define NR_COARSE (5u << COARSE_STEPS_SHIFT)
#define NR_SIZE_CLASSES ((unsigned int)(FIRST_COARSE + NR_COARSE))

/*
 * The class of `last`, a size less 1, in a range of 2^steps classes to each
 * doubling from 2^base on. The highest bit tells the doubling and the `steps`
 * bits below it the class; as those two together are at least 2^steps, one
 * doubling is taken off again.
 */
static always_inline unsigned int size_class_step(size_t last,
						  unsigned int first,
						  unsigned int base,
						  unsigned int steps)
{
	unsigned int top = highest_bit(last);

	return (top << steps) + (unsigned int)(last >> (top - steps)) + first -
	       ((base + 1) << steps);
}

/* Up to here a size leads to its class by a table. */
#define TABLE_MAX ((size_t)1024)

/* The class of a size above LINEAR_MAX, up to SMALL_MAX. */
static inline unsigned int size_class_geometric(size_t size)
{
	if (size <= FINE_MAX)
		return size_class_step(size - 1, FIRST_FINE, LINEAR_SHIFT,
				       FINE_STEPS_SHIFT);
	return size_class_step(size - 1, FIRST_COARSE, FINE_SHIFT,
			       COARSE_STEPS_SHIFT);
}

/* The smallest class for a size up to SMALL_MAX. */
static inline unsigned int size_class(size_t size)
{
	if (size <= LINEAR_MAX)
		return size ? (unsigned int)((size + MIN_OBJECT_SIZE - 1) >>
					     OBJECT_SHIFT)
			    : 1;
	return size_class_geometric(size);
}

#endif
