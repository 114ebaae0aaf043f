/*
 * Runs its arguments as a command for which every advice to the kernel is
 * taken and none is followed, as in an emulator (qemu's user mode): memory that
 * seems to be given back is not zero, and a fork wipes no page.
 */
#include "stress.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	MUST(argc > 1);
	stress_refuse(SYS_madvise, 0);
	execv(argv[1], argv + 1);
	stress_fail("%s: %s", argv[1], strerror(errno));
}
