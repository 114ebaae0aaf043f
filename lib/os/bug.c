/* Assertions about the library's own state. */
#include "bug.h"

/* The path's last part: the build folder is nobody's business. */
static const char *base_name(const char *path)
{
	for (const char *p = path; *p; p++)
		if (*p == '/')
			path = p + 1;
	return path;
}

void report_bug_begin(struct report *r, const char *cond, const char *file,
		      int line, const char *function)
{
	report_begin(r);
	text_str(&r->text, "BUG in ");
	text_str(&r->text, function);
	text_str(&r->text, " (");
	text_str(&r->text, base_name(file));
	text_char(&r->text, ':');
	text_dec(&r->text, (uint64_t)line);
	text_str(&r->text, "): ");
	text_str(&r->text, cond);
}

noreturn_fn void report_bug(const char *cond, const char *file, int line,
			    const char *function)
{
	struct report r;

	report_bug_begin(&r, cond, file, line, function);
	report_abort(&r);
}
