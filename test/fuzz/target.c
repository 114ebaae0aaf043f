/* One input: its calls in order, and the self-check between them. */
#include <string.h>

#include "buddy.h"
#include "fuzz.h"

/* How many calls are made between two checks; the first byte chooses. */
static const unsigned int intervals[] = {1, 8, 32, 128};

static void verify(void)
{
	if (buddy_mm_verify())
		model_fails("mm_verify", NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model m;
	struct input in = {data, data + size};
	unsigned int interval = intervals[input_below(&in, 4)];

	memset(&m, 0, sizeof(m));
	inject_freeze_clock(true);
	for (unsigned int i = 1; !input_is_over(&in); i++) {
		fuzz_call(&in, &m);
		if (!(i % interval))
			verify();
	}
	inject_disarm();
	m.refusing = false;
	model_check_all(&m);
	fuzz_end(&m);
	/* As little as possible of one input remains for the next. */
	buddy_trim(0);
	verify();
	return 0;
}
