/*
 * The C names under other ones, for preload/malloc.c and those who call it:
 * the fuzzer's own memory stays the C library's. Included before all else.
 */
#ifndef FUZZ_NAMES_H
#define FUZZ_NAMES_H

#define malloc c_malloc
#define free c_free
#define calloc c_calloc
#define realloc c_realloc
#define reallocarray c_reallocarray
#define free_sized c_free_sized
#define free_aligned_sized c_free_aligned_sized
#define posix_memalign c_posix_memalign
#define aligned_alloc c_aligned_alloc
#define memalign c_memalign
#define valloc c_valloc
#define pvalloc c_pvalloc
#define cfree c_cfree
#define malloc_usable_size c_malloc_usable_size
#define malloc_trim c_malloc_trim

#endif
