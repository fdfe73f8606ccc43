/* Header fields of a raw header block: RFC 5322 fields, RFC 2047 text, RFC 2045 and 2231 parameters.
 * Everything here takes hostile bytes; what it gives for display is UTF-8 without control characters, so
 * nothing that was hidden in an encoded word can become a second header field or line. */
#ifndef MIME_HEADER_H
#define MIME_HEADER_H

#include "base/arena.h"

/* Once, before anything of this folder; GMime keeps tables of its own. */
void mime_init(void);

struct mime_field {
	struct str name;  /* as written */
	struct str value; /* raw, folded, without the line end */
	struct str whole; /* the field with its line ends */
};

/* Steps through the fields of a block: begin with *rest = block; false at the end. Lines that are no field
 * (an mbox line, garbage) are skipped. */
bool mime_field_next(struct str *rest, struct mime_field *ret);

/* The raw value of the first field of that name, in any case; a NULL pointer when there is none. */
struct str mime_header_get(struct str block, struct str name);

/* How many fields of that name there are. */
size_t mime_header_count(struct str block, struct str name);

/* A value as one line: folding taken away, control characters as spaces, trimmed. Still encoded. */
struct str mime_header_unfold(struct str value, struct arena *arena);

/* An unfolded line that GMime decodes word by word. */
struct str mime_header_separate_words(struct str line, struct arena *arena);

/* A value for display: unfolded, encoded words and raw 8-bit text made UTF-8 (what cannot be read becomes
 * U+FFFD), at most `limit` bytes. */
struct str mime_header_text(struct str value, size_t limit, struct arena *arena);

/* Makes any bytes text for display as above: without control and bidirectional formatting characters. */
struct str mime_clean_text(struct str text, size_t limit, struct arena *arena);

/* A Date value in ms since 1970 UTC; 0 when it cannot be read or lies before. */
int64_t mime_header_date(struct str value, struct arena *arena);

/* Steps through the identifiers of an unfolded value as below: begin with *line = value; false at the end. */
bool mime_message_id_next(struct str *line, struct str *ret);

/* The identifiers in a References, In-Reply-To or Message-ID value, without the angle brackets; at most
 * `max`. */
size_t mime_message_ids(struct str value, struct str *ret, size_t max, struct arena *arena);

struct mime_parameter {
	struct str name;  /* lower case, without * and numbers */
	struct str value; /* UTF-8 for extended ones, as written otherwise */
};

struct mime_parameters {
	struct str value; /* what stands before the first parameter, lower case: "text/html", "attachment" */
	struct mime_parameter *items;
	size_t count;
	bool past_limit; /* more than LIMIT_MIME_PARAMETERS, or a continuation with a higher number */
};

/* Parses "value; name=value; …". Continuations (name*0, name*1 …) are joined as far as their numbers are
 * dense; when some are left, all of the name are joined once more as a further parameter, since programs
 * differ. Duplicates are all kept, in order. LIMIT_MIME_PARAMETERS are read, the rest is left out. */
struct mime_parameters mime_parameters_parse(struct str value, struct arena *arena);

/* The first of that name; a NULL pointer when there is none. */
struct str mime_parameter_get(const struct mime_parameters *parameters, struct str name);

#endif
