/* Leaves of the mails of mime4j against what that parser decodes. Line ends are compared as LF, since the
 * mails come here as they would by SMTP, with CRLF. */
#include "base/mem.h"
#include "mime/decode.h"
#include "mime/header.h"
#include "mime/scan.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FILE_MAX ((size_t)4 << 20)

#define NO_FIELD "a line that is no field ends the header, as Postfix has it; nothing of the mail is left out"
#define ENCODED "an encoded message/rfc822 is forbidden (RFC 2046 5.2.1); it stays a file"
#define EMPTY "nothing between two delimiters, or no delimiter at all, makes no empty text"
#define UNDIVIDED "text without a delimiter is shown, not lost"

/* Where we read a mail differently, and why. */
static const struct {
	const char *mail, *why;
} disagreements[] = {
	{"malformedHeader-nocrlfcrlf.msg", NO_FIELD},
	{"malformedHeader-noheader.msg", NO_FIELD},
	{"malformedHeaderStartsBody-nocrlfcrlf.msg", NO_FIELD},
	{"malformedHeaderStartsBody-noheader.msg", NO_FIELD},
	{"obsolete.msg", NO_FIELD},
	{"basic-plain-with-bad-header-separator.msg", NO_FIELD},
	{"base64encoded-rfc822message.msg", ENCODED},
	{"base64encoded-rfc822message-nested.msg", ENCODED},
	{"bad-newlines-multiple-parts-base64.msg", ENCODED},
	{"missing-inner-boundary.msg", EMPTY},
	{"multipartemptypart.msg", EMPTY},
	{"multipartnestedemptyparts.msg", EMPTY},
	{"multipartdigestnestedemptyparts.msg", EMPTY},
	{"missing-boundary.msg", UNDIVIDED},
	{"missing-inner-start-boundary.msg", UNDIVIDED},
	{"multipartnopart.msg", UNDIVIDED},
	{"ending-boundaries.msg", "only blanks may follow a delimiter: otherwise \"a\" would end at \"ab\""},
	{"very-very-long-boundary.msg",
		"the boundary is longer than LIMIT_MIME_BOUNDARY_BYTES; the mail stays one text"},
};

static const char *why_not(const char *mail)
{
	for (size_t i = 0; i < COUNT_OF(disagreements); i++)
		if (strcmp(disagreements[i].mail, mail) == 0)
			return disagreements[i].why;
	return NULL;
}

static struct buf read_file(const char *folder, const char *name)
{
	struct buf buf = buf_new(FILE_MAX);
	char path[1024], block[4096];
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "rbe");
	assert_non_null(f);
	while ((len = fread(block, 1, sizeof(block), f)) > 0)
		buf_add_bytes(&buf, block, len);
	(void)fclose(f);
	return buf;
}

/* CRLF for every line end, whatever it was. */
static struct buf to_wire(struct str text)
{
	struct buf wire = buf_new(FILE_MAX);

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n')
			continue;
		bool is_end = text.ptr[i] == '\n' || text.ptr[i] == '\r';
		buf_add(&wire, is_end ? STR("\r\n") : (struct str){text.ptr + i, 1});
	}
	return wire;
}

static struct buf without_cr(struct str text)
{
	struct buf out = buf_new(FILE_MAX);

	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '\r')
			buf_add_char(&out, text.ptr[i]);
	return out;
}

static bool is_leaf(const struct mime_index *index, size_t i)
{
	bool has_child = i + 1 < index->count && index->parts[i + 1].path.len > index->parts[i].path.len;

	return !mime_part_is_container(&index->parts[i]) &&
	       !(str_equal(index->parts[i].type, STR("message/rfc822")) && has_child);
}

static bool has_bytes(const struct reader *mail, const struct mime_part *part, struct str wanted)
{
	cleanup(mime_part_reader_free_at) struct mime_part_reader *reader = mime_part_reader_new(mail, part);
	cleanup(buf_done) struct buf decoded = buf_new(FILE_MAX);
	struct reader bytes = mime_part_reader_bytes(reader);
	struct writer out = writer_of_buf(&decoded);

	if (reader_copy(&bytes, 0, bytes.size, &out, NULL) != RESULT_OK)
		return false;
	cleanup(buf_done) struct buf plain = without_cr(buf_str(&decoded));
	return str_equal(buf_str(&plain), wanted);
}

/* Whether every decoded file of the mail is the content of one of its leaves, and there are no more. */
static bool agrees(const char *folder, const char *mail, size_t stem_len)
{
	cleanup(buf_done) struct buf file = read_file(folder, mail);
	cleanup(buf_done) struct buf wire = to_wire(buf_str(&file));
	struct mime_scan *scan = mime_scan_new();
	struct bytes bytes = buf_bytes(&wire);
	struct reader reader = reader_of_bytes(&bytes);
	const struct mime_index *index;
	size_t leaves = 0, expected = 0, found = 0;
	struct dirent *entry;

	assert_int_equal(mime_scan_add(scan, buf_str(&wire), NULL), RESULT_OK);
	assert_int_equal(mime_scan_end(scan, &index, NULL), RESULT_OK);
	for (size_t i = 0; i < index->count; i++)
		leaves += is_leaf(index, i);
	DIR *dir = opendir(folder);
	while ((entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');
		if (strncmp(entry->d_name, mail, stem_len) != 0 ||
			strncmp(entry->d_name + stem_len, "_decoded_", 9) != 0 || !dot)
			continue;
		cleanup(buf_done) struct buf decoded = read_file(folder, entry->d_name);
		cleanup(buf_done) struct buf wanted = without_cr(buf_str(&decoded));
		bool is_there = false;
		for (size_t i = 0; i < index->count && !is_there; i++)
			is_there =
				is_leaf(index, i) && has_bytes(&reader, &index->parts[i], buf_str(&wanted));
		expected++;
		found += is_there;
	}
	(void)closedir(dir);
	mime_scan_free(scan);
	if (found != expected || leaves != expected)
		print_message("%s: %zu leaves, %zu expected, %zu of them the same\n", mail, leaves, expected,
			found);
	return found == expected && leaves == expected;
}

static void test_decoded_parts_of_mime4j(void **state)
{
	const char *corpora = getenv("SEALPOST_CORPORA");
	char folder[1000];
	struct dirent *entry;
	size_t mails = 0, wrong = 0;

	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s/mime4j", corpora ? corpora : "");
	DIR *dir = opendir(folder);
	if (dir == NULL) {
		print_message("skipped: there is no %s\n", folder);
		skip();
	}
	while ((entry = readdir(dir))) {
		size_t len = strlen(entry->d_name);
		if (len < 5 || strcmp(entry->d_name + len - 4, ".msg") != 0)
			continue;
		mails++;
		/* A disagreement that is none any more leaves the list. */
		wrong += agrees(folder, entry->d_name, len - 4) == (why_not(entry->d_name) != NULL);
	}
	(void)closedir(dir);
	assert_true(mails >= 30);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_decoded_parts_of_mime4j)};

	mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
