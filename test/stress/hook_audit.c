/*
 * An LD_AUDIT library: it lives in a namespace of its own, with a libc of its
 * own, and sees every binding; it allocates there.
 */
#define _GNU_SOURCE
#include <link.h>
#include <stdlib.h>
#include <string.h>

static void allocate(void)
{
	char *p = malloc(300);

	if (p)
		memset(p, 2, 300);
	free(p);
}

unsigned int la_version(unsigned int version)
{
	allocate();
	return version < LAV_CURRENT ? version : LAV_CURRENT;
}

unsigned int la_objopen(struct link_map *map, Lmid_t lmid, uintptr_t *cookie)
{
	(void)map;
	(void)lmid;
	(void)cookie;
	allocate();
	return LA_FLG_BINDTO | LA_FLG_BINDFROM;
}

uintptr_t la_symbind64(ElfW(Sym) * sym, unsigned int index, uintptr_t *from,
		       uintptr_t *to, unsigned int *flags, const char *name)
{
	(void)index;
	(void)from;
	(void)to;
	(void)flags;
	(void)name;
	allocate();
	return sym->st_value;
}
