/* The one result vocabulary of the program. Verbs answer with it; every edge has one table that turns it
 * into its own terms (SMTP reply, HTTP status, exit code). */
#ifndef BASE_RESULT_H
#define BASE_RESULT_H

#include <stdarg.h>
#include <stdbool.h>

enum result {
	RESULT_OK = 0,
	RESULT_NOT_FOUND,   /* does not exist, or may not be known to exist (R15) */
	RESULT_DENIED,	    /* exists and is known to the caller, who may not do this */
	RESULT_CONFLICT,    /* somebody else changed it first, or it exists already */
	RESULT_INVALID,	    /* the input can never be right */
	RESULT_GONE,	    /* was there and has ended: recalled, expired, destroyed */
	RESULT_TOO_LARGE,   /* past a named limit */
	RESULT_BUSY,	    /* too many at once or too often; try again later */
	RESULT_UNAVAILABLE, /* something we depend on does not answer; try again later */
	RESULT_INTERNAL,    /* our bug or a broken store; logged by the edge */
	RESULT_COUNT
};

#define must_check __attribute__((warn_unused_result))

/* Detail of a failure for people: the reason in words, never a secret and never message content.
 * `code` is an optional stable word for programs, a string literal such as "sending-limit". */
struct err {
	const char *code;
	char text[480];
};

/* Fills err (which may be NULL) and returns the result given, so that a failure is one statement. */
enum result err_set(struct err *err, enum result result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As err_set, with the stable word `code` (static lifetime). */
enum result err_code(struct err *err, enum result result, const char *code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The result's name in lower case, for logs and JSON. */
const char *result_name(enum result result);

/* Returns from the calling function when the expression is not RESULT_OK. */
#define TRY(expression)                                                                                      \
	do {                                                                                                 \
		enum result try_result_ = (expression);                                                      \
		if (try_result_ != RESULT_OK)                                                                \
			return try_result_;                                                                  \
	} while (0)

#endif
