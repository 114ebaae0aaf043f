/* lib/mm: pages, from zones to runs. */
#ifndef MM_MM_H
#define MM_MM_H

#include "buddy.h"
#include "fence.h"
#include "gfp.h"
#include "growth.h"
#include "huge.h"
#include "mm_stat.h"
#include "page.h"
#include "page_alloc.h"
#include "page_bug.h"
#include "page_list.h"
#include "pcp.h"
#include "placement.h"
#include "populate.h"
#include "reclaim.h"
#include "rmqueue.h"
#include "stash.h"
#include "verify.h"
#include "zone.h"

#endif
