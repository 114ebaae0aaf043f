/* The one C++ file of the suite: see shim.h. */
#include "shim.h"

#include <benchmark/benchmark.h>

struct bench_state {
	benchmark::State &google;
	const bench_case &what;
};

void bench_add(const struct bench_case *what)
{
	const bench_case copy = *what;
	auto run = [copy](benchmark::State &google) {
		bench_state state = {google, copy};

		copy.body(&state);
	};

	benchmark::RegisterBenchmark(copy.name, run)
		->Threads(copy.threads ? static_cast<int>(copy.threads) : 1)
		->UseRealTime();
}

bool bench_batch(struct bench_state *state, int64_t iterations)
{
	return state->google.KeepRunningBatch(iterations);
}

const struct bench_case *bench_what(const struct bench_state *state)
{
	return &state->what;
}

unsigned bench_thread(const struct bench_state *state)
{
	return static_cast<unsigned>(state->google.thread_index());
}

void bench_fail(struct bench_state *state, const char *why)
{
	state->google.SkipWithError(why);
}

int bench_main(int argc, char **argv)
{
	benchmark::Initialize(&argc, argv);
	if (benchmark::ReportUnrecognizedArguments(argc, argv))
		return 2;
	benchmark::RunSpecifiedBenchmarks();
	benchmark::Shutdown();
	return 0;
}
