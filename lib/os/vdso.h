/*
 * The kernel's own shared object, which it maps into each process: functions
 * that need no system call (vdso(7)).
 *
 * The C library's clock_gettime() would lead there, too, but another preloaded
 * library may have put its own in front of it, which may allocate.
 */
#ifndef OS_VDSO_H
#define OS_VDSO_H

/*
 * The address of a function that the image of an ELF shared object defines, or
 * NULL, also without an image. Reads only what the image's program headers
 * lead to, so it is safe in a signal handler.
 */
const void *vdso_function(const void *image, const char *name);

/* This process's image, or NULL where the kernel or an emulator gives none. */
const void *vdso_image(void);

#endif
