/* lib/heap: malloc, for the entry points in preload/ and include/buddy.h. */
#ifndef HEAP_HEAP_H
#define HEAP_HEAP_H

#include "harden.h"
#include "large.h"
#include "malloc.h"
#include "options.h"
#include "segv_report.h"
#include "stats.h"

#endif
