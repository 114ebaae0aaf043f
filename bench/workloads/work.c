/* See work.h. */
#include "work.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

void work_die(const char *what)
{
	fprintf(stderr, "workload: %s\n", what);
	exit(2);
}

void work_parse(struct work_args *args, int argc, char **argv)
{
	static const struct option options[] = {
		{"seed", required_argument, NULL, 's'},
		{"scale", required_argument, NULL, 'f'},
		{"threads", required_argument, NULL, 't'},
		{"size", required_argument, NULL, 'z'},
		{"mode", required_argument, NULL, 'm'},
		{NULL, 0, NULL, 0},
	};
	int option;

	*args = (struct work_args){
		.seed = 1, .scale = 1.0, .threads = 1, .size = 64, .mode = ""};
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			args->seed = strtoull(optarg, NULL, 0);
			break;
		case 'f':
			args->scale = strtod(optarg, NULL);
			break;
		case 't':
			args->threads = (unsigned)strtoul(optarg, NULL, 0);
			break;
		case 'z':
			args->size = strtoull(optarg, NULL, 0);
			break;
		case 'm':
			args->mode = optarg;
			break;
		default:
			exit(2);
		}
	}
	if (optind != argc)
		work_die("unexpected argument");
	if (!(args->scale > 0.0))
		work_die("--scale must be above 0");
	if (args->threads < 1 || args->threads > WORK_MAX_THREADS)
		work_die("--threads must be 1 to 64");
	if (args->size < 1)
		work_die("--size must be above 0");
}

uint64_t work_scaled(const struct work_args *args, uint64_t full,
		     uint64_t least)
{
	uint64_t scaled = (uint64_t)((double)full * args->scale);

	return scaled < least ? least : scaled;
}

double work_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

size_t work_resident_kb(void)
{
	unsigned long size, resident;
	FILE *statm = fopen("/proc/self/statm", "r");

	if (statm == NULL || fscanf(statm, "%lu %lu", &size, &resident) != 2)
		work_die("/proc/self/statm cannot be read");
	fclose(statm);
	return resident * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}

struct gang {
	void (*body)(struct work_thread *);
	pthread_barrier_t start;
};

/* Two cache lines apart: processors fetch lines in pairs. */
struct member {
	_Alignas(2 * WORK_CACHE_LINE) struct work_thread thread;
	struct gang *gang;
	pthread_t id;
};

static void *member_main(void *arg)
{
	struct member *member = arg;

	pthread_barrier_wait(&member->gang->start);
	member->gang->body(&member->thread);
	return NULL;
}

double work_run_threads(const struct work_args *args, void *shared,
			void (*body)(struct work_thread *),
			uint64_t *operations, uint64_t *checksum)
{
	static struct member members[WORK_MAX_THREADS];
	struct gang gang = {.body = body};
	double begin;

	pthread_barrier_init(&gang.start, NULL, args->threads + 1);
	for (unsigned i = 0; i < args->threads; i++) {
		struct member *member = &members[i];

		*member = (struct member){
			.thread = {.args = args, .index = i, .shared = shared},
			.gang = &gang,
		};
		work_seed(&member->thread.random, args->seed + i);
		if (pthread_create(&member->id, NULL, member_main, member))
			work_die("no thread");
	}
	begin = work_seconds();
	pthread_barrier_wait(&gang.start);
	for (unsigned i = 0; i < args->threads; i++) {
		pthread_join(members[i].id, NULL);
		*operations += members[i].thread.operations;
		*checksum += members[i].thread.checksum;
	}
	begin = work_seconds() - begin;
	pthread_barrier_destroy(&gang.start);
	return begin;
}

void work_report_more(const char *name, uint64_t operations, double seconds,
		      uint64_t checksum, const char *more)
{
	printf("{\"name\": \"%s\", \"operations\": %" PRIu64
	       ", \"seconds\": %.9f, \"checksum\": \"%016" PRIx64 "\"%s%s}\n",
	       name, operations, seconds, checksum, *more ? ", " : "", more);
}

void work_report(const char *name, uint64_t operations, double seconds,
		 uint64_t checksum)
{
	work_report_more(name, operations, seconds, checksum, "");
}
