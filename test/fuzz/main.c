/*
 * The fuzzer without libFuzzer, for any compiler: replays inputs from files
 * and folders, and makes random ones.
 *
 *	usage: fuzz-replay [--random N] [--seed S] [FILE or FOLDER]...
 *
 * A random input that fails is left in fuzz-input, in the current folder.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

#define MOST_INPUT 2048

static unsigned int replayed;

static bool replay_file(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f) {
		perror(path);
		return false;
	}
	n = fread(data, 1, sizeof(data), f);
	fclose(f);
	replayed++;
	LLVMFuzzerTestOneInput(data, n);
	return true;
}

static int is_visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static bool replay(const char *path)
{
	struct dirent **names;
	struct stat st;
	bool good = true;
	int n;

	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return replay_file(path);
	n = scandir(path, &names, is_visible, alphasort);
	for (int i = 0; i < n; i++) {
		char file[4096];

		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		good = replay_file(file) && good;
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return good && n >= 0;
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) +
		 UINT64_C(1442695040888963407);
	return *state >> 33;
}

/* Written before it is tried: what fails aborts. */
static bool keep_input(const uint8_t *data, size_t size)
{
	FILE *f = fopen("fuzz-input", "wb");
	bool good = f && fwrite(data, 1, size, f) == size;

	if (f && fclose(f))
		good = false;
	return good;
}

static bool run_random(unsigned long n, uint64_t seed)
{
	uint8_t data[MOST_INPUT];

	for (unsigned long i = 0; i < n; i++) {
		size_t size = 1 + next_random(&seed) % sizeof(data);

		for (size_t at = 0; at < size; at++)
			data[at] = (uint8_t)next_random(&seed);
		if (!keep_input(data, size)) {
			perror("fuzz-input");
			return false;
		}
		replayed++;
		LLVMFuzzerTestOneInput(data, size);
	}
	remove("fuzz-input");
	return true;
}

int main(int argc, char **argv)
{
	unsigned long random = 0, seed = 1;
	bool good = true;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--random") && i + 1 < argc)
			random = strtoul(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "--seed") && i + 1 < argc)
			seed = strtoul(argv[++i], NULL, 0);
		else
			good = replay(argv[i]) && good;
	}
	good = run_random(random, seed) && good;
	printf("fuzz: %u inputs, nothing wrong\n", replayed);
	return good && replayed ? 0 : 1;
}
