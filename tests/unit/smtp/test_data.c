/* The content of a mail on the wire. Every row is tried whole and cut at each byte; what comes out may not
 * depend on that. */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "smtp/data.h"

#include <stdio.h>
#include <string.h>

struct row {
	struct str wire;
	struct str content; /* as passed on, strictly */
	struct str mended;  /* as passed on, normalised */
	size_t after;	    /* bytes behind the end, or -1: it did not end */
	bool bare, nul;
};

#define OPEN ((size_t)-1)

static const struct row rows[] = {
	{STR("a\r\n.\r\n"), STR("a\r\n"), STR("a\r\n"), 0},
	{STR(".\r\n"), STR(""), STR(""), 0},
	{STR("..\r\n.\r\n"), STR(".\r\n"), STR(".\r\n"), 0},
	{STR("...a\r\n.\r\nQUIT\r\n"), STR("..a\r\n"), STR("..a\r\n"), 6},
	{STR(".a\r\n.\r\n"), STR("a\r\n"), STR("a\r\n"), 0},
	{STR("a.\r\n.b\r\n\r\n.\r\n"), STR("a.\r\nb\r\n\r\n"), STR("a.\r\nb\r\n\r\n"), 0},
	{STR("a"), STR("a"), STR("a"), OPEN},
	{STR("a\r\n."), STR("a\r\n"), STR("a\r\n"), OPEN},
	{STR("a\r\n.\r"), STR("a\r\n"), STR("a\r\n"), OPEN},
	/* Endings that other servers may take for one, each with a second mail behind it. */
	{STR("a\n.\nM\r\n.\r\n"), STR("a\n.\nM\r\n"), STR("a\r\n.\r\nM\r\n"), 0, true},
	{STR("a\n.\r\nM\r\n.\r\n"), STR("a\n.\r\nM\r\n"), STR("a\r\n.\r\nM\r\n"), 0, true},
	{STR("a\r\n.\nM\r\n.\r\n"), STR("a\r\n\nM\r\n"), STR("a\r\n\r\nM\r\n"), 0, true},
	{STR("a\r.\rM\r\n.\r\n"), STR("a\r.\rM\r\n"), STR("a\r\n.\r\nM\r\n"), 0, true},
	{STR("a\r.\r\nM\r\n.\r\n"), STR("a\r.\r\nM\r\n"), STR("a\r\n.\r\nM\r\n"), 0, true},
	{STR("a\r\n.\rM\r\n.\r\n"), STR("a\r\n\rM\r\n"), STR("a\r\n\r\nM\r\n"), 0, true},
	{STR("a\n.\rM\r\n.\r\n"), STR("a\n.\rM\r\n"), STR("a\r\n.\r\nM\r\n"), 0, true},
	{STR("a\r.\nM\r\n.\r\n"), STR("a\r.\nM\r\n"), STR("a\r\n.\r\nM\r\n"), 0, true},
	{STR("a\r\n\0.\r\nM\r\n.\r\n"), STR("a\r\n.\r\nM\r\n"), STR("a\r\n .\r\nM\r\n"), 0, false, true},
	{STR("a\r\n.\0\r\nM\r\n.\r\n"), STR("a\r\n\r\nM\r\n"), STR("a\r\n \r\nM\r\n"), 0, false, true},
	{STR("a\r\n.\r\0\nM\r\n.\r\n"), STR("a\r\n\r\nM\r\n"), STR("a\r\n\r\n \r\nM\r\n"), 0, true, true},
	{STR("a\r\r\n.\r\r\nM\r\n.\r\n"), STR("a\r\r\n\r\r\nM\r\n"), STR("a\r\n\r\n\r\n\r\nM\r\n"), 0, true},
	{STR("a\n\n.\r\n.\r\n"), STR("a\n\n.\r\n"), STR("a\r\n\r\n.\r\n"), 0, true},
};

static void check(const struct row *row, bool normalise, size_t cut)
{
	cleanup(buf_done) struct buf out = buf_new(1000);
	struct writer writer = writer_of_buf(&out);
	struct smtp_data data;
	size_t taken = 0, used;
	struct str pieces[] = {str_sub(row->wire, 0, cut), str_from(row->wire, cut)};
	struct str wanted = normalise ? row->mended : row->content;

	smtp_data_init(&data, normalise);
	for (size_t i = 0; i < 2 && !data.ended; i++) {
		assert_ok(smtp_data_add(&data, pieces[i], &writer, &used, NULL));
		assert_true(data.ended || used == pieces[i].len);
		taken += used;
	}
	if (!str_equal(buf_str(&out), wanted))
		fail_msg("row %zu cut at %zu: got \"%.*s\", expected \"%.*s\"", (size_t)(row - rows), cut,
			STR_ARG(buf_str(&out)), STR_ARG(wanted));
	assert_int_equal(data.ended, row->after != OPEN);
	if (data.ended)
		assert_int_equal(row->wire.len - taken, row->after);
	assert_int_equal(data.bare_newline, row->bare);
	assert_int_equal(data.nul, row->nul);
}

static void ends_at_the_one_ending(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t cut = 0; cut <= rows[i].wire.len; cut++) {
			check(&rows[i], false, cut);
			check(&rows[i], true, cut);
		}
}

static void takes_chunks(void **state)
{
	static const struct {
		struct str wire, content;
		bool bare, nul;
	} chunks[] = {
		{STR("a\r\n.\r\nb"), STR("a\r\n.\r\nb")},
		{STR("..a\r\n"), STR("..a\r\n")},
		{STR("a\n.\nb"), STR("a\n.\nb"), true},
		{STR("ab\r"), STR("ab\r"), true},
		{STR("a\r\r\n"), STR("a\r\r\n"), true},
		{STR("a\0b"), STR("ab"), false, true},
		{STR(""), STR("")},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++)
		for (size_t cut = 0; cut <= chunks[i].wire.len; cut++) {
			cleanup(buf_done) struct buf out = buf_new(1000);
			struct writer writer = writer_of_buf(&out);
			struct smtp_data data;
			smtp_data_init(&data, false);
			assert_ok(
				smtp_chunk_add(&data, str_sub(chunks[i].wire, 0, cut), false, &writer, NULL));
			assert_ok(smtp_chunk_add(&data, str_from(chunks[i].wire, cut), true, &writer, NULL));
			if (!str_equal(buf_str(&out), chunks[i].content))
				fail_msg("chunk %zu cut at %zu: %.*s", i, cut, STR_ARG(buf_str(&out)));
			assert_int_equal(data.bare_newline, chunks[i].bare);
			assert_int_equal(data.nul, chunks[i].nul);
		}
}

static void stuffs_dots(void **state)
{
	static const struct {
		struct str content, wire;
		bool refused;
	} mails[] = {
		{STR(""), STR(".\r\n")},
		{STR("a\r\n"), STR("a\r\n.\r\n")},
		{STR("a"), STR("a\r\n.\r\n")},
		{STR(".\r\n..\r\n.a"), STR("..\r\n...\r\n..a\r\n.\r\n")},
		{STR("a.\r\n\r\n."), STR("a.\r\n\r\n..\r\n.\r\n")},
		{STR("a\nb"), STR(""), true},
		{STR("a\rb"), STR(""), true},
		{STR("a\r"), STR(""), true},
		{STR("a\r\r\n"), STR(""), true},
		{STR("a\0"), STR(""), true},
		{STR("\n"), STR(""), true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(mails) / sizeof(mails[0]); i++)
		for (size_t cut = 0; cut <= mails[i].content.len; cut++) {
			cleanup(buf_done) struct buf out = buf_new(1000);
			struct writer writer = writer_of_buf(&out);
			struct smtp_stuffer stuffer;
			smtp_stuffer_init(&stuffer);
			enum result result =
				smtp_stuffer_add(&stuffer, str_sub(mails[i].content, 0, cut), &writer, NULL);
			if (result == RESULT_OK)
				result = smtp_stuffer_add(
					&stuffer, str_from(mails[i].content, cut), &writer, NULL);
			if (result == RESULT_OK)
				result = smtp_stuffer_end(&stuffer, &writer, NULL);
			assert_int_equal(result, mails[i].refused ? RESULT_INVALID : RESULT_OK);
			assert_int_equal(stuffer.refused, mails[i].refused);
			if (!mails[i].refused && !str_equal(buf_str(&out), mails[i].wire))
				fail_msg("mail %zu cut at %zu: %.*s", i, cut, STR_ARG(buf_str(&out)));
			/* What went out before the refusal is clean. */
			assert_false(mails[i].refused && out.len && memchr(out.data, '\0', out.len));
			assert_int_not_equal(
				smtp_stuffer_end(&stuffer, &writer, NULL) == RESULT_OK, mails[i].refused);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_at_the_one_ending),
		cmocka_unit_test(takes_chunks),
		cmocka_unit_test(stuffs_dots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
