/* lib/base: what needs neither the operating system nor state of its own. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include "bits.h"
#include "compiler.h"
#include "hash.h"
#include "text.h"

#endif
