/* Words of the compiler under the names that the code uses. */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define noinline __attribute__((__noinline__))
#define slow_path __attribute__((__noinline__, __cold__))
#define always_inline inline __attribute__((always_inline))
#define must_check __attribute__((warn_unused_result))
#define noreturn_fn __attribute__((noreturn))
#define cacheline_aligned __attribute__((aligned(CACHE_LINE)))
#define maybe_unused __attribute__((unused))
#define exported __attribute__((visibility("default")))

/*
 * Begins a cache line, and so is in as few of them as can be: what fetches
 * instructions works by lines.
 */
#define hot_path __attribute__((aligned(CACHE_LINE)))

/*
 * A call in a return statement that is a jump: of gcc a function asks for it,
 * whatever the build's own optimisation is; of clang the statement does.
 */
#ifdef __clang__
#define tail_calls
#define must_tail __attribute__((musttail))
#else
#define tail_calls __attribute__((optimize("O2")))
#define must_tail
#endif

/*
 * A large array of which few pages are ever touched. These stand together, so
 * that the small variables between them share pages (preload/libbuddy.ld).
 */
#define sparse __attribute__((section(".bss.sparse")))

/* The same for one that begins with small variables. */
#define sparse_first __attribute__((section(".bss.first")))

/* One cache line of every processor that the library is built for. */
#define CACHE_LINE 64

/*
 * Orders this thread's memory accesses as its own signal handlers see them.
 * It costs nothing: only the compiler is held back.
 */
#define signal_fence() __atomic_signal_fence(__ATOMIC_SEQ_CST)

/* A single access that the compiler neither splits, repeats nor drops. */
#define READ_ONCE(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

/*
 * Makes the compiler forget what it knows of a variable. What is then reached
 * through it is read anew, by an instruction that works on memory, which is
 * shorter than to keep it in a register. Costs nothing itself.
 */
#define forget_value(x) __asm__("" : "+r"(x))

/* Has a variable where a function returns its value, so that it stays there. */
#ifdef __x86_64__
#define in_return_register(x) __asm__("" : "+a"(x))
#else
#define in_return_register(x) (void)(x)
#endif

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
