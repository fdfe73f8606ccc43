#include "flow/open.h"

#include "base/limits.h"
#include "flow/letter.h"
#include "flow/open_private.h"
#include "mime/header.h"
#include "mime/inside.h"

static void set_letter(struct open_message *mail, struct str header, struct arena *arena)
{
	struct letter letter;

	letter_read(header, arena, &letter);
	mail->summary.subject = letter.subject;
	mail->summary.from = open_person_of(letter.from);
	mail->summary.sent_at = mime_header_date(mime_header_get(header, STR("Date")), arena);
	mail->sender = open_person_of(letter.sender);
	mail->to = open_people_of(letter.to, letter.to_count, arena);
	mail->to_count = letter.to_count;
	mail->cc = open_people_of(letter.cc, letter.cc_count, arena);
	mail->cc_count = letter.cc_count;
}

enum result open_attached(const struct open_message *message, struct str path, struct arena *arena,
	struct open_message *ret, struct err *err)
{
	struct mime_index *index = arena_array(arena, struct mime_index, 1);
	cleanup(buf_done) struct buf header = buf_new(LIMIT_MIME_HEADER_BYTES + 2);
	struct open_message mail = *message;

	if (!mime_inside_message(message->index, path, arena, index))
		return err_set(err, RESULT_NOT_FOUND, "there is no such mail in the message");
	const struct mime_part *top = &index->parts[0];
	TRY(reader_to_buf(&message->content, top->header_offset, top->header_len, &header, err));
	mail.index = index;
	mail.arena = (struct arena){0};
	mail.held = NULL;
	mail.owner = mail.sender = (struct open_person){0};
	set_letter(&mail, arena_str(arena, buf_str(&header)), arena);
	*ret = mail;
	return RESULT_OK;
}
