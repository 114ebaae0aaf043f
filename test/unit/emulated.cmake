# What qemu's user mode cannot show of each module, and why. All else is tested on
# it, by test/run --arch.

# Advice is taken and not followed, so nothing is brought in, nor made small.
set(emulator_cannot_thp test_what_is_always_small test_populated_by_huge_pages
	test_dear_huge_pages test_fresh_memory_is_small_too)
set(emulator_cannot_populate test_a_dear_one_makes_the_rest_small
	test_small_ones_are_not_timed test_another_policy_is_not_timed
	test_the_kernel_knows)
set(emulator_cannot_fault_ahead test_learns_when_one_is_freed
	test_learns_from_the_one_before test_forgets)

# There the library moves no pages, as those of a mapping would stay.
set(emulator_cannot_large test_moved_and_resized_again)

# The emulator's own mappings count, and limits are not set for it.
set(emulator_cannot_huge test_alloc_is_refused test_resize_is_refused
	test_addresses_are_given_back)
set(emulator_cannot_zone test_small_span_under_a_limit
	test_too_large_for_the_limit test_no_addresses test_header_refused)

# A reservation that is tried again and again takes it seconds each time.
set(emulator_cannot_nth_failure test_refused_from_then_on)

# It writes to fd 2 itself when a signal ends a process.
set(emulator_cannot_bug test_what_it_says)
set(emulator_cannot_segv_report test_a_signal_that_was_sent)

# It keeps signals to itself that the kernel has for programs.
set(emulator_cannot_sigmask test_masks_all_but_the_synchronous
	test_restores_what_was_masked)

# A vfork is a fork, and a thread that a forked child starts ends the emulator.
set(emulator_cannot_fork test_vfork_is_the_same_process)
set(emulator_cannot_lock test_one_thread_of_the_child_repairs)

# /proc/self/exe is the emulator.
set(emulator_cannot_options test_from_the_environment
	test_statistics_at_exit test_a_bad_environment)
