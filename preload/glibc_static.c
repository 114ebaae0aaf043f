/*
 * What the rest of a static glibc asks of its malloc.
 *
 * In libbuddy.a only. Its fork() calls the first three; here nothing is to be
 * done, as no lock is held across a fork (os/lock.h).
 */
#include <malloc.h>
#include <stdlib.h>

void __malloc_fork_lock_parent(void);
void __malloc_fork_unlock_parent(void);
void __malloc_fork_unlock_child(void);
void __malloc_arena_thread_freeres(void);
int __libc_mallopt(int param, int value);

void __malloc_fork_lock_parent(void)
{
}

void __malloc_fork_unlock_parent(void)
{
}

void __malloc_fork_unlock_child(void)
{
}

void __malloc_arena_thread_freeres(void)
{
}

int __libc_mallopt(int param, int value)
{
	return mallopt(param, value);
}
