#include "flow/open_whole.h"

#define HEADER_BYTES_MAX ((size_t)256 * 1024)

static uint64_t body_offset(const struct open_whole *whole)
{
	return whole->message->index->parts[0].body_offset;
}

static enum result read_whole(
	void *context, uint64_t offset, void *data, size_t size, size_t *ret_read, struct err *err)
{
	const struct open_whole *whole = context;
	struct bytes header = buf_bytes(&whole->header);
	struct reader before = reader_of_bytes(&header);
	size_t done = 0, got = 0;

	if (offset < header.len)
		TRY(reader_read(&before, offset, data, size, &done, err));
	/* Behind the mail lies what is inside its parts. */
	uint64_t at = offset + done - header.len + body_offset(whole);
	uint64_t left = whole->message->mail_bytes > at ? whole->message->mail_bytes - at : 0;
	if (done < size && left)
		TRY(reader_read(&whole->message->content, at, (char *)data + done,
			left < size - done ? (size_t)left : size - done, &got, err));
	*ret_read = done + got;
	return RESULT_OK;
}

enum result open_whole_begin(const struct open_message *message, struct open_whole *ret, struct err *err)
{
	*ret = (struct open_whole){message, buf_new(HEADER_BYTES_MAX)};
	return open_header(message, &ret->header, err);
}

void open_whole_done(struct open_whole *whole)
{
	buf_done(&whole->header);
}

struct reader open_whole_reader(struct open_whole *whole)
{
	return (struct reader){
		read_whole, whole, whole->header.len + whole->message->mail_bytes - body_offset(whole)};
}
