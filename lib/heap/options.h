/*
 * Options, from the environment variable BUDDY_CONF="key:value,key:value".
 *
 * They are read once, before the first object is handed out. A key or a value
 * that is not known is reported on fd 2 and otherwise ignored; a process that
 * runs with more rights than its caller takes no options at all.
 */
#ifndef HEAP_OPTIONS_H
#define HEAP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct options {
	bool stats_print;    /* statistics on fd 2 at exit */
	bool verify_at_exit; /* mm_verify at exit; a failure aborts */
	bool check_full;     /* no magazines: each double free is seen */
	bool guard;	     /* guard pages at splits and around large blocks */
	bool segv_report;    /* at a fault, what its address is */
	bool deepbind;	     /* RTLD_DEEPBIND stays: see preload/dlopen.c */
	bool junk;	     /* fill what is handed out and what is freed */

	/* See harden.h; harden:full sets them all, and guard. */
	bool canary;	 /* bytes behind each block that are checked */
	bool zero;	 /* what is freed is zeroed */
	bool poison;	 /* what is freed is checked when handed out again */
	bool random;	 /* objects come from random places of their slab */
	bool quarantine; /* what is freed is kept for a while */
	uint32_t sample; /* one allocation in so many stands alone; 0: none */
};

extern struct options options;

/* Reads them, if that has not been done and the environment is there. */
void options_init(void);

/* Sets options from a text like that of BUDDY_CONF. */
void options_parse(const char *text);

#endif
