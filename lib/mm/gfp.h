/* How to allocate pages; the values are those of include/buddy.h. */
#ifndef MM_GFP_H
#define MM_GFP_H

#include "page.h"

enum gfp {
	GFP_UNMOVABLE = 0x00,
	GFP_MOVABLE = 0x01,
	GFP_RECLAIMABLE = 0x02,
	GFP_MT_MASK = 0x03,
	GFP_ZERO = 0x10,
	GFP_NOFAIL = 0x20,
	GFP_ATOMIC = 0x40,
	GFP_COLD = 0x80,
	GFP_ALL = 0xf3,
	/* Ours: much of the run goes back at once, or is never touched. */
	GFP_SPARSE = 0x100,
};

static inline bool gfp_valid(unsigned int gfp)
{
	return !(gfp & ~(unsigned int)GFP_ALL) &&
	       (gfp & GFP_MT_MASK) != GFP_MT_MASK;
}

static inline enum migratetype gfp_migratetype(unsigned int gfp)
{
	return (enum migratetype)(gfp & GFP_MT_MASK);
}

/* What is clean, and what is cold, is at the tail of a pcp's lists. */
static inline bool prefers_tail(unsigned int gfp)
{
	return gfp & (GFP_COLD | GFP_ZERO);
}

#endif
