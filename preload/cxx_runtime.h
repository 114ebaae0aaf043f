/*
 * The C++ runtime of the program, if it has one.
 *
 * libbuddy does not link any. Weak references find the one that is linked; one
 * that came later, with a library that was dlopened, is asked for by name.
 */
#ifndef PRELOAD_CXX_RUNTIME_H
#define PRELOAD_CXX_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>

/* std::get_new_handler(), or NULL. */
void (*cxx_new_handler(void))(void);

/* Throws std::bad_alloc; without a runtime to do so, reports and aborts. */
__attribute__((noreturn)) void cxx_throw_bad_alloc(void);

/*
 * The runtime's own nothrow operator new, which calls ours and catches what a
 * new_handler throws. False when there is none to be had.
 */
bool cxx_new_nothrow(void **out, size_t size, size_t alignment);

#endif
