/* Mails of others and what their parsers make of them, read in place (SEALPOST_CORPORA). */
#ifndef TESTS_UNIT_MIME_CORPUS_H
#define TESTS_UNIT_MIME_CORPUS_H

#include "base/io.h"
#include "base/mem.h"
#include "mime/scan.h"

#define CORPUS_FILE_BYTES_MAX ((size_t)4 << 20)

/* A mail where we read differently, and why. */
struct disagreement {
	const char *mail, *why;
};

/* A mail as it would come by SMTP, and its index. */
struct corpus_mail {
	struct buf wire;
	struct bytes bytes;
	struct reader reader;
	struct mime_scan *scan;
	const struct mime_index *index;
};

/* False when the scanner refuses it; to be freed in any case. */
bool corpus_mail_open(struct corpus_mail *mail, const char *folder, const char *name);
void corpus_mail_done(struct corpus_mail *mail);

bool corpus_has(const char *folder, const char *name);
struct buf corpus_read(const char *folder, const char *name);

/* Line ends as LF: files have those of their makers. */
struct buf corpus_without_cr(struct str text);

/* A part's decoded bytes, or its text as UTF-8; line ends as LF. */
struct buf corpus_bytes_of(const struct corpus_mail *mail, const struct mime_part *part);
struct buf corpus_text_of(const struct corpus_mail *mail, const struct mime_part *part);

/* Whether anything is directly in this part, and the n-th of it; NULL past the last. */
const struct mime_part *corpus_child(
	const struct corpus_mail *mail, const struct mime_part *part, size_t number);

/* Calls `agrees` for every file of the folder that ends so; it says the difference in words. Returns how many
 * disagree that are not in the list, or are in it and agree. Skips the test when there is no such folder. */
size_t corpus_each(const char *corpus, const char *ending, size_t at_least, const struct disagreement *list,
	size_t count, bool (*agrees)(const char *folder, const char *name, char *difference, size_t size));

#endif
