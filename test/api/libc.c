/*
 * What the C library allocates for the program comes from the same heap: each
 * of these blocks is given to free(), which would report a foreign pointer.
 */
#include <dirent.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "check.h"
#include "family.h"

static void returned(void *ptr)
{
	CHECK(ptr != NULL);
	CHECK(family_owns(ptr));
	free(ptr);
}

static void strings_are_ours(void)
{
	char *text = NULL;

	returned(strdup("a string"));
	returned(strndup("a string", 4));
	returned(wcsdup(L"a wide string"));
	CHECK(asprintf(&text, "%0*d", 100000, 1) == 100000);
	returned(text);
}

static void paths_are_ours(void)
{
	returned(realpath("/proc/self/..", NULL));
	returned(getcwd(NULL, 0));
	returned(get_current_dir_name());
}

static void lines_are_ours(void)
{
	char *line = NULL;
	size_t size = 0;
	FILE *file = fopen("/proc/self/maps", "re");

	CHECK(file != NULL);
	CHECK(getline(&line, &size, file) > 0);
	CHECK(size > 0);
	CHECK(getdelim(&line, &size, 0, file) > 0);
	fclose(file);
	returned(line);
}

/* The stream enlarges its block with realloc as it is written. */
static void memory_streams_are_ours(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	CHECK(file != NULL);
	for (int i = 0; i < 100000; i++)
		fprintf(file, "%07d\n", i);
	fclose(file);
	CHECK_EQ(size, 800000);
	CHECK(!strcmp(text + size - 8, "0099999\n"));
	returned(text);
}

static void streams_work(void)
{
	FILE *file[64];

	for (int i = 0; i < 64; i++) {
		file[i] = tmpfile();
		CHECK(file[i] != NULL);
		CHECK(setvbuf(file[i], NULL, _IOFBF, 1000u * i + 1) == 0);
		fprintf(file[i], "%d", i);
	}
	for (int i = 0; i < 64; i++) {
		int back = -1;
		rewind(file[i]);
		CHECK(fscanf(file[i], "%d", &back) == 1);
		CHECK_EQ(back, i);
		fclose(file[i]);
	}
}

static void scans_are_ours(void)
{
	struct dirent **entry;
	char *word = NULL;
	int nr = scandir("/proc/self", &entry, NULL, alphasort);

	CHECK(nr > 10);
	for (int i = 0; i < nr; i++)
		returned(entry[i]);
	returned(entry);
	CHECK(sscanf("one two", "%ms", &word) == 1);
	CHECK(!strcmp(word, "one"));
	returned(word);
}

static void expressions_work(void)
{
	regex_t expression;

	for (int i = 0; i < 100; i++) {
		CHECK(!regcomp(&expression, "^(a|b|[c-x]+)*(yy|z{2,9})$",
			       REG_EXTENDED));
		CHECK(!regexec(&expression, "abababccdyy", 0, NULL, 0));
		CHECK(regexec(&expression, "abababccdy", 0, NULL, 0));
		regfree(&expression);
	}
}

static void the_environment_works(void)
{
	char name[32];

	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "API_VARIABLE_%d", i);
		CHECK(!setenv(name, name, 1));
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "API_VARIABLE_%d", i);
		CHECK(!strcmp(getenv(name), name));
		CHECK(!unsetenv(name));
	}
}

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(strings_are_ours),
		CHECK_TEST(paths_are_ours),
		CHECK_TEST(lines_are_ours),
		CHECK_TEST(memory_streams_are_ours),
		CHECK_TEST(streams_work),
		CHECK_TEST(scans_are_ours),
		CHECK_TEST(expressions_work),
		CHECK_TEST(the_environment_works),
	};

	return check_run(argc, argv, tests, sizeof(tests) / sizeof(*tests));
}
