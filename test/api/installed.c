/*
 * A program of a user's who found libbuddy installed: says on whose malloc it
 * runs, and leaves with the result of the self-check.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "buddy.h"

int main(void)
{
	void *p = malloc(20), *q = buddy_malloc(20);
	/* The C library's blocks of 20 bytes have room for 24. */
	int same = malloc_usable_size(p) == buddy_usable_size(q);

	printf("%d.%d %s\n", BUDDY_VERSION_MAJOR, BUDDY_VERSION_MINOR,
	       same ? "libbuddy" : "beside");
	free(p);
	buddy_free(q);
	return buddy_mm_verify() != 0;
}
