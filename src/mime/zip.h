/* Several parts of a mail as one ZIP file, made while it is read: stored as they are, so that its size is
 * known before and any offset can be read; memory does not grow with the files. Names are UTF-8. */
#ifndef MIME_ZIP_H
#define MIME_ZIP_H

#include "base/io.h"
#include "base/mem.h"
#include "mime/index.h"

struct mime_zip_file {
	const struct mime_part *part;
	struct str name; /* without folders; of the same name as an earlier one: it gets a number */
};

/* Called before the first bytes of a file are read out; its failure ends the reading. */
struct mime_zip_watch {
	enum result (*file_begins)(void *context, const struct mime_part *part, struct err *err);
	void *context;
};

struct mime_zip;

/* At most LIMIT_MIME_PARTS files. Mail, parts, names and the watch's context must outlive it. modified_at: ms
 * since 1970, UTC, for all files. TOO_LARGE: 4 GiB or more, which old unpackers do not read. */
enum result mime_zip_new(const struct reader *mail, const struct mime_zip_file *files, size_t count,
	int64_t modified_at, struct mime_zip_watch watch, struct mime_zip **ret, struct err *err) must_check;
void mime_zip_free(struct mime_zip *zip);
DEFINE_CLEANUP(struct mime_zip *, mime_zip_free)

/* The same of anything that can be read: the opener gives a source's bytes, which are good until it is called
 * again; `begins` as file_begins, may be NULL. Its context must outlive the zip. */
struct mime_zip_source {
	struct str name;
	uint64_t size;
};
struct mime_zip_opener {
	enum result (*open)(void *context, size_t number, struct reader *ret, struct err *err);
	enum result (*begins)(void *context, size_t number, struct err *err);
	void *context;
};
enum result mime_zip_of_sources(const struct mime_zip_source *sources, size_t count, int64_t modified_at,
	struct mime_zip_opener opener, struct mime_zip **ret, struct err *err) must_check;

/* Reading on is cheap; of a file its bytes are decoded twice, since its checksum stands before it. */
struct reader mime_zip_bytes(struct mime_zip *zip);

#endif
