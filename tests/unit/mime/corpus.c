#include "tests/unit/mime/corpus.h"

#include "mime/decode.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct buf corpus_read(const char *folder, const char *name)
{
	struct buf buf = buf_new(CORPUS_FILE_BYTES_MAX);
	char path[2048], block[4096];
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "rbe");
	assert_non_null(f);
	while ((len = fread(block, 1, sizeof(block), f)) > 0)
		buf_add_bytes(&buf, block, len);
	(void)fclose(f);
	return buf;
}

bool corpus_has(const char *folder, const char *name)
{
	char path[2048];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, R_OK) == 0;
}

/* CRLF for every line end, whatever it was. */
static struct buf to_wire(struct str text)
{
	struct buf wire = buf_new(CORPUS_FILE_BYTES_MAX);

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n')
			continue;
		bool is_end = text.ptr[i] == '\n' || text.ptr[i] == '\r';
		buf_add(&wire, is_end ? STR("\r\n") : (struct str){text.ptr + i, 1});
	}
	return wire;
}

struct buf corpus_without_cr(struct str text)
{
	struct buf out = buf_new(CORPUS_FILE_BYTES_MAX);

	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '\r')
			buf_add_char(&out, text.ptr[i]);
	return out;
}

bool corpus_mail_open(struct corpus_mail *mail, const char *folder, const char *name)
{
	cleanup(buf_done) struct buf file = corpus_read(folder, name);

	*mail = (struct corpus_mail){.wire = to_wire(buf_str(&file)), .scan = mime_scan_new()};
	mail->bytes = buf_bytes(&mail->wire);
	mail->reader = reader_of_bytes(&mail->bytes);
	return mime_scan_add(mail->scan, buf_str(&mail->wire), NULL) == RESULT_OK &&
	       mime_scan_end(mail->scan, &mail->index, NULL) == RESULT_OK;
}

void corpus_mail_done(struct corpus_mail *mail)
{
	mime_scan_free(mail->scan);
	buf_done(&mail->wire);
}

struct buf corpus_bytes_of(const struct corpus_mail *mail, const struct mime_part *part)
{
	cleanup(mime_part_reader_free_at) struct mime_part_reader *reader =
		mime_part_reader_new(&mail->reader, part);
	cleanup(buf_done) struct buf decoded = buf_new(CORPUS_FILE_BYTES_MAX);
	struct reader bytes = mime_part_reader_bytes(reader);
	struct writer out = writer_of_buf(&decoded);

	assert_int_equal(reader_copy(&bytes, 0, bytes.size, &out, NULL), RESULT_OK);
	return corpus_without_cr(buf_str(&decoded));
}

struct buf corpus_text_of(const struct corpus_mail *mail, const struct mime_part *part)
{
	cleanup(buf_done) struct buf utf8 = buf_new(CORPUS_FILE_BYTES_MAX);
	bool cut;

	assert_int_equal(mime_part_text(&mail->reader, part, &utf8, &cut, NULL), RESULT_OK);
	return corpus_without_cr(buf_str(&utf8));
}

const struct mime_part *corpus_child(
	const struct corpus_mail *mail, const struct mime_part *part, size_t number)
{
	int at = (int)(part - mail->index->parts);

	for (size_t i = 0; i < mail->index->count; i++)
		if (mail->index->parts[i].parent == at && number-- == 0)
			return &mail->index->parts[i];
	return NULL;
}

static const char *why_not(const struct disagreement *list, size_t count, const char *mail)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].mail, mail) == 0)
			return list[i].why;
	return NULL;
}

size_t corpus_each(const char *corpus, const char *ending, size_t at_least, const struct disagreement *list,
	size_t count, bool (*agrees)(const char *folder, const char *name, char *difference, size_t size))
{
	const char *corpora = getenv("SEALPOST_CORPORA");
	char folder[1000], difference[2000] = "";
	struct dirent *entry;
	size_t mails = 0, wrong = 0;

	(void)snprintf(folder, sizeof(folder), "%s/%s", corpora ? corpora : "", corpus);
	DIR *dir = opendir(folder);
	if (dir == NULL) {
		print_message("skipped: there is no %s\n", folder);
		skip();
	}
	while ((entry = readdir(dir))) {
		size_t len = strlen(entry->d_name), ending_len = strlen(ending);
		if (len < ending_len || strcmp(entry->d_name + len - ending_len, ending) != 0)
			continue;
		mails++;
		bool same = agrees(folder, entry->d_name, difference, sizeof(difference));
		const char *why = why_not(list, count, entry->d_name);
		if (same == (why == NULL))
			continue;
		print_message("%s/%s: %s\n", corpus, entry->d_name,
			same ? "agrees now, take it from the list" : difference);
		wrong++;
	}
	(void)closedir(dir);
	assert_true(mails >= at_least);
	return wrong;
}
