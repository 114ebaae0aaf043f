/* Gathers the families of micro-benchmarks and hands over to the shim. */
#include "micro.h"

#include <stdio.h>

const char *micro_size_text(size_t size)
{
	static char text[24];

	if (size >= 1048576 && size % 1048576 == 0)
		snprintf(text, sizeof(text), "%zuM", size / 1048576);
	else if (size >= 1024 && size % 1024 == 0)
		snprintf(text, sizeof(text), "%zuK", size / 1024);
	else
		snprintf(text, sizeof(text), "%zu", size);
	return text;
}

void micro_add(const char *family, const char *label,
	       void (*body)(struct bench_state *), size_t size, unsigned mode,
	       unsigned threads)
{
	struct bench_case what = {
		.body = body, .size = size, .mode = mode, .threads = threads};

	snprintf(what.name, sizeof(what.name), "%s/%s", family, label);
	bench_add(&what);
}

int main(int argc, char **argv)
{
	micro_add_pairs();
	micro_add_bursts();
	micro_add_realloc();
	micro_add_threads();
	micro_add_pages();
	return bench_main(argc, argv);
}
