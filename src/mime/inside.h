/* What lies inside a mail's encoded parts: mails that were attached in base64, and Outlook's winmail.dat. The
 * scanner passes such a part as it is; here it is opened, and its parts join the index as if they had stood
 * in the mail. Their offsets lie behind the mail's own end, where the reader gives the decoded bytes.
 *
 * What cannot be opened, or passes a limit of base/limits.h (LIMIT_INSIDE_…, LIMIT_MIME_…), stays a plain
 * file. */
#ifndef MIME_INSIDE_H
#define MIME_INSIDE_H

#include "base/io.h"
#include "base/mem.h"
#include "mime/index.h"

struct mime_inside;

/* `mail` is copied; what it reads from, and the index, must outlive *ret, which is NULL when there is nothing
 * to open. At most `bytes` are decoded for it, LIMIT_INSIDE_BYTES or less. Results are those of the reader.
 */
enum result mime_inside_open(struct reader mail, const struct mime_index *index, uint64_t bytes,
	struct mime_inside **ret, struct err *err) must_check;
void mime_inside_free(struct mime_inside *inside);
DEFINE_CLEANUP(struct mime_inside *, mime_inside_free)

/* Both live as long as it does. For one thread at a time. */
const struct mime_index *mime_inside_index(const struct mime_inside *inside);
struct reader mime_inside_bytes(struct mime_inside *inside);

/* The parts of a message/rfc822 part as an index of their own, with the mail in it first: they keep paths and
 * offsets. False when the part is no opened message. */
bool mime_inside_message(
	const struct mime_index *index, struct str path, struct arena *arena, struct mime_index *ret);

#endif
