/* lib/slab: objects, from slabs to the threads' magazines. */
#ifndef SLAB_SLAB_H
#define SLAB_SLAB_H

#include "canary.h"
#include "kmem_cache.h"
#include "ledger.h"
#include "magazine.h"
#include "misuse.h"
#include "poison.h"
#include "quarantine.h"
#include "sample.h"
#include "secret.h"
#include "size_class.h"
#include "slab_map.h"
#include "slab_purge.h"
#include "tags.h"
#include "thread_cache.h"

#endif
