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

struct options {
	bool stats_print;    /* statistics on fd 2 at exit */
	bool verify_at_exit; /* mm_verify at exit; a failure aborts */
	bool check_full;     /* no magazines: each double free is seen */
	bool guard;	     /* guard pages when blocks are split */
	bool segv_report;    /* at a fault, what its address is */
	bool junk;	     /* fill what is handed out and what is freed */
};

extern struct options options;

/* Reads them, if that has not been done and the environment is there. */
void options_init(void);

/* Sets options from a text like that of BUDDY_CONF. */
void options_parse(const char *text);

#endif
