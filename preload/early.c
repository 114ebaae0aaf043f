/*
 * The thread-local pointer before the loader has filled it in, and what stands
 * behind it.
 *
 * An IFUNC resolver of the program may allocate. It runs while the program,
 * which comes last, is being relocated: the libraries are ready by then, but
 * the first thread's thread-locals still read as zeroes, and their initial
 * values are copied only after that. So this library has an IFUNC of its own,
 * for its resolver's sake: it runs at the end of this library's relocation,
 * fills in what the hot paths read, and makes the pointer one of them. The
 * calls that come before the copy work on the slabs themselves, and the copy
 * then begins afresh.
 *
 * Not in the archive: there the order of the two resolvers is the linker's
 * choice, and in a static program the copy comes first.
 */
#include "slab/slab.h"

static void nothing(void)
{
}

/* One compiler does not see that the attribute below uses it. */
maybe_unused static void (*resolve(void))(void)
{
	tags_fill_hot();
	if (!READ_ONCE(thread_cache_top))
		set_no_cache(EMPTY_GONE);
	return nothing;
}

/* Not static: clang 14 would export it then. */
__attribute__((ifunc("resolve"), visibility("hidden"))) void early(void);

/* Somebody must ask for its address, or it is never resolved. */
maybe_unused void (*const buddy_early)(void) = early;
