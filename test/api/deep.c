/*
 * A plug-in that is loaded with RTLD_DEEPBIND: names that it uses are looked
 * for in itself and its own libraries, the C library among them, before those
 * of the process.
 */
#include <stdlib.h>

void *deep_take(size_t size);
void deep_give(void *p);
void *deep_malloc(void);

void *deep_take(size_t size)
{
	return malloc(size);
}

void deep_give(void *p)
{
	free(p);
}

/* What it takes for malloc. */
void *deep_malloc(void)
{
	return (void *)malloc;
}
