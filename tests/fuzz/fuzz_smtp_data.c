/* Content on the wire. What is read may not depend on how the bytes arrive, which the first byte chooses;
 * only <CRLF>.<CRLF> ends it; and what we send is read back as it was. */
#include "base/mem.h"
#include "smtp/data.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct smtp_data read_wire(
	struct str wire, size_t step, bool normalise, struct buf *out, size_t *ret_taken)
{
	struct writer writer = writer_of_buf(out);
	struct smtp_data data;
	size_t used;

	smtp_data_init(&data, normalise);
	*ret_taken = 0;
	while (*ret_taken < wire.len && !data.ended) {
		struct str piece = str_sub(wire, *ret_taken, step);
		enum result result = smtp_data_add(&data, piece, &writer, &used, NULL);
		assert(result == RESULT_OK && (data.ended || used == piece.len));
		*ret_taken += used;
	}
	return data;
}

/* Where the first end stands that RFC 5321 knows, or the whole length. */
static size_t true_end(struct str wire)
{
	if (str_starts(wire, STR(".\r\n")))
		return 3;
	ptrdiff_t at = str_find(wire, STR("\r\n.\r\n"));
	return at < 0 ? wire.len : (size_t)at + 5;
}

static void check_clean(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		assert(text.ptr[i] != '\0');
		assert(text.ptr[i] != '\n' || (i > 0 && text.ptr[i - 1] == '\r'));
		assert(text.ptr[i] != '\r' || i + 1 == text.len || text.ptr[i + 1] == '\n');
	}
}

static void check_reading(struct str wire, size_t step, bool normalise)
{
	cleanup(buf_done) struct buf whole = buf_new(1 << 22), pieces = buf_new(1 << 22);
	size_t taken, taken_in_pieces;
	struct smtp_data a = read_wire(wire, SIZE_MAX, normalise, &whole, &taken);
	struct smtp_data b = read_wire(wire, step, normalise, &pieces, &taken_in_pieces);

	assert(taken == true_end(wire) && taken == taken_in_pieces && a.ended == b.ended);
	assert(a.bare_newline == b.bare_newline && a.nul == b.nul);
	assert(str_equal(buf_str(&whole), buf_str(&pieces)));
	if (normalise || (!a.bare_newline && !a.nul))
		check_clean(buf_str(&whole));
}

static void check_sending(struct str content, size_t step)
{
	cleanup(buf_done) struct buf wire = buf_new(1 << 22), back = buf_new(1 << 22);
	struct writer writer = writer_of_buf(&wire);
	struct smtp_stuffer stuffer;
	enum result result = RESULT_OK;
	size_t taken;

	smtp_stuffer_init(&stuffer);
	for (size_t at = 0; at < content.len && result == RESULT_OK; at += step)
		result = smtp_stuffer_add(&stuffer, str_sub(content, at, step), &writer, NULL);
	if (result == RESULT_OK)
		result = smtp_stuffer_end(&stuffer, &writer, NULL);
	check_clean(buf_str(&wire));
	if (result != RESULT_OK)
		return;
	struct smtp_data data = read_wire(buf_str(&wire), SIZE_MAX, false, &back, &taken);
	assert(data.ended && taken == wire.len && !data.bare_newline && !data.nul);
	assert(str_starts(buf_str(&back), content) && back.len - content.len <= 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	size_t step = data[0] % 7 + 1;
	struct str text = {(const char *)data + 1, size - 1};
	check_reading(text, step, false);
	check_reading(text, step, true);
	check_sending(text, step);
	return 0;
}
