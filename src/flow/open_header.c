#include "flow/open.h"

#include "flow/choice.h"
#include "mime/rewrite.h"

enum result open_header(const struct open_message *message, struct buf *header, struct err *err)
{
	/* A sender's program may leave Bcc in; nobody else learns of it (R15). */
	const struct str drop[] = {DEFINITION_HEADER, STR("Bcc"), STR("Resent-Bcc")};
	struct mime_rewrite change = {.drop = drop,
		.drop_count = message->summary.copy.is_owner ? 1 : COUNT_OF(drop),
		.subject = message->summary.subject.ptr ? message->summary.subject : STR("")};
	struct writer out = writer_of_buf(header);

	return mime_rewrite_header(&message->content, message->index, &change, &out, err);
}
