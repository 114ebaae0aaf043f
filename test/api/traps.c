/*
 * Undefined behaviour in a child, which must trap: that shows that the library
 * built beside this with the same flags would.
 */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int most = INT_MAX;

int main(void)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		most = most + 1;
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	if (WIFSIGNALED(status) &&
	    (WTERMSIG(status) == SIGILL || WTERMSIG(status) == SIGTRAP))
		return 0;
	printf("an overflow went by: status 0x%x\n", (unsigned int)status);
	return 1;
}
