# Python's own tests, with every object in malloc instead of its arenas.
# needs: python3
# quick: no
export PYTHONMALLOC=malloc
tests="test_json test_threading test_thread test_queue test_gc test_weakref
	test_list test_dict test_set test_bytes test_memoryview test_array
	test_struct test_zlib test_pickle test_mmap test_fork1 test_buffer
	test_multiprocessing_fork"
for test in $tests; do
	# The order and the times that it prints differ from run to run.
	# shellcheck disable=SC2015
	/usr/bin/python3 -m test -q "$test" >log 2>&1 &&
		echo "$test passed" || { cat log && exit 1; }
	sed -n 's/^\(Total tests: run=[0-9]*\).*/\1/p' log
done
