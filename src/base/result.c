#include "base/result.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>

static const char *const names[RESULT_COUNT] = {
	[RESULT_OK] = "ok",
	[RESULT_NOT_FOUND] = "not_found",
	[RESULT_DENIED] = "denied",
	[RESULT_CONFLICT] = "conflict",
	[RESULT_INVALID] = "invalid",
	[RESULT_GONE] = "gone",
	[RESULT_TOO_LARGE] = "too_large",
	[RESULT_BUSY] = "busy",
	[RESULT_UNAVAILABLE] = "unavailable",
	[RESULT_INTERNAL] = "internal",
};

const char *result_name(enum result result)
{
	assert(result >= 0 && result < RESULT_COUNT);
	return names[result];
}

__attribute__((format(printf, 3, 0))) static void err_fill(
	struct err *err, const char *code, const char *format, va_list args)
{
	if (err == NULL)
		return;
	err->code = code;
	(void)vsnprintf(err->text, sizeof(err->text), format, args);
}

enum result err_set(struct err *err, enum result result, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	err_fill(err, NULL, format, args);
	va_end(args);
	return result;
}

enum result err_code(struct err *err, enum result result, const char *code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	err_fill(err, code, format, args);
	va_end(args);
	return result;
}
