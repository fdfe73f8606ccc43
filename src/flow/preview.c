#include "flow/preview.h"

#include "base/limits.h"
#include "base/process.h"
#include "base/thread.h"
#include "build_config.h"
#include "mime/decode.h"

#include <float.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "sealpost-preview"
#define PATH_BYTES 4096
#define FACTS_BYTES ((size_t)64 * 1024) /* that pdfinfo says */
#define PREVIEW_RANK 950

/* Found once for the process. */
static struct {
	pthread_once_t once;
	char program[PATH_BYTES];
	bool shows[PREVIEW_PDF + 1];
} found = {.once = PTHREAD_ONCE_INIT};

/* How many are being made at this moment. */
static struct {
	struct lock lock;
	struct signal ended;
	int count, waiting;
} running = {.lock = LOCK_INIT("previews", PREVIEW_RANK)};

static bool is_program(const char *path)
{
	return access(path, X_OK) == 0;
}

/* Beside our own program, as it is built, or where it is installed. */
static bool find_program(void)
{
	char self[PATH_BYTES];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[len > 0 ? len : 0] = '\0';
	char *name = strrchr(self, '/');
	if (name)
		*name = '\0';
	static const char *const beside[] = {"", "/../preview"};
	for (size_t i = 0; i < COUNT_OF(beside); i++) {
		int written =
			snprintf(found.program, sizeof(found.program), "%s%s/" PROGRAM, self, beside[i]);
		if (written > 0 && (size_t)written < sizeof(found.program) && is_program(found.program))
			return true;
	}
	(void)snprintf(found.program, sizeof(found.program), "%s", SEALPOST_LIBEXEC_DIR "/" PROGRAM);
	return is_program(found.program);
}

static enum result run(const char *what, const char *page, const struct reader *input, struct buf *out,
	int *ret_status, struct err *err)
{
	const char *const argv[] = {found.program, what, page, NULL};

	return process_run(argv, input, LIMIT_PREVIEW_MS, out, ret_status, err);
}

static void find(void)
{
	cleanup(buf_done) struct buf out = buf_new(FACTS_BYTES);
	struct bytes none = {0};
	struct reader nothing = reader_of_bytes(&none);
	int status;

	signal_init(&running.ended);
	found.shows[PREVIEW_IMAGE] = find_program();
	found.shows[PREVIEW_PDF] = found.shows[PREVIEW_IMAGE] && is_program("/usr/bin/pdfinfo") &&
				   run("pdf-check", NULL, &nothing, &out, &status, NULL) == RESULT_OK &&
				   status == 0;
}

bool preview_can_show(enum preview_kind kind)
{
	(void)pthread_once(&found.once, find);
	return found.shows[kind];
}

static const struct {
	const char *type, *extension;
	enum preview_kind kind;
} shown[] = {
	{"application/pdf", ".pdf", PREVIEW_PDF},
	{"image/png", ".png", PREVIEW_IMAGE},
	{"image/jpeg", ".jpg", PREVIEW_IMAGE},
	{"image/jpg", ".jpeg", PREVIEW_IMAGE},
	{"image/gif", ".gif", PREVIEW_IMAGE},
	{"image/webp", ".webp", PREVIEW_IMAGE},
};

enum preview_kind preview_kind_of(const struct mime_part *part)
{
	bool is_untyped = str_equal(part->type, STR("application/octet-stream")) && part->name_count;

	if (part->decoded_size == 0 || part->decoded_size > LIMIT_PREVIEW_SOURCE_BYTES)
		return PREVIEW_NONE;
	for (size_t i = 0; i < COUNT_OF(shown); i++)
		if (str_equal(part->type, str_of(shown[i].type)) ||
			(is_untyped && str_ends_nocase(part->names[0], str_of(shown[i].extension))))
			return preview_can_show(shown[i].kind) ? shown[i].kind : PREVIEW_NONE;
	return PREVIEW_NONE;
}

static enum result begin(struct err *err)
{
	int64_t deadline = clock_monotonic() + LIMIT_PREVIEW_WAIT_MS;
	LOCKED(&running.lock);
	bool may_go = running.count < LIMIT_PREVIEWS_AT_ONCE || running.waiting < LIMIT_PREVIEWS_WAITING;

	running.waiting++;
	while (may_go && running.count >= LIMIT_PREVIEWS_AT_ONCE)
		may_go = signal_wait_until(&running.ended, &running.lock, deadline);
	running.waiting--;
	if (!may_go)
		return err_code(err, RESULT_BUSY, "preview", "too many previews are being made");
	running.count++;
	return RESULT_OK;
}

static void end(void)
{
	LOCKED(&running.lock);
	running.count--;
	signal_one(&running.ended);
}

static enum result make(const struct open_message *message, const struct mime_part *part, const char *what,
	const char *page, struct buf *out, struct err *err)
{
	cleanup(mime_part_reader_free_at) struct mime_part_reader *file =
		mime_part_reader_new(&message->content, part);
	struct reader bytes = mime_part_reader_bytes(file);
	int status = -1;

	TRY(begin(err));
	enum result result = run(what, page, &bytes, out, &status, err);
	end();
	if (result == RESULT_TOO_LARGE || (result == RESULT_OK && status != 0))
		return err_code(err, RESULT_INVALID, "preview", "the file cannot be shown");
	return result;
}

/* What stands behind a name at the begin of a line; empty when no line has it. */
static struct str fact(struct str facts, const char *name)
{
	while (facts.len) {
		struct str line = str_cut(&facts, '\n');
		if (str_starts(line, str_of(name)))
			return str_trim(str_from(line, strlen(name)));
	}
	return STR_NONE;
}

static double read_points(struct str text)
{
	char copy[32];
	(void)snprintf(copy, sizeof(copy), "%.*s", STR_ARG(text));
	return strtod(copy, NULL);
}

/* As pdftoppm makes it: the longer side as long as it may be, the other rounded up. */
static void set_size(struct preview_facts *facts, double width, double height)
{
	double longer = width > height ? width : height;
	double shorter = (width > height ? height : width) * LIMIT_PREVIEW_SIDE;

	if (!(width > 0 && height > 0 && longer < FLT_MAX))
		return;
	uint32_t rest = (uint32_t)(shorter / longer);
	rest += rest < shorter / longer;
	facts->width = width >= height ? LIMIT_PREVIEW_SIDE : rest;
	facts->height = width >= height ? rest : LIMIT_PREVIEW_SIDE;
}

/* "595 x 842 pts (A4)" and "90" */
static void read_size(struct str told, uint64_t page, struct preview_facts *facts)
{
	char name[40];

	(void)snprintf(name, sizeof(name), "Page %4llu size:", (unsigned long long)page);
	struct str size = fact(told, name);
	(void)snprintf(name, sizeof(name), "Page %4llu rot:", (unsigned long long)page);
	struct str turn = fact(told, name);
	double width = read_points(str_cut(&size, 'x')), height = read_points(size);
	if (str_equal(turn, STR("90")) || str_equal(turn, STR("270")))
		set_size(facts, height, width);
	else
		set_size(facts, width, height);
}

/* Of a page that it has not, the program tells nothing at all: then of the file alone. */
static enum result tell(const struct open_message *message, const struct mime_part *part, uint64_t page,
	struct buf *told, struct err *err)
{
	char number[24];

	(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)page);
	enum result result = make(message, part, "pdf-facts", number, told, err);
	if (result != RESULT_INVALID || page == 1)
		return result;
	buf_clear(told);
	return make(message, part, "pdf-facts", NULL, told, err);
}

enum result preview_find_facts(const struct open_message *message, const struct mime_part *part,
	uint64_t page, struct preview_facts *ret, struct err *err)
{
	cleanup(buf_done) struct buf told = buf_new(FACTS_BYTES);

	*ret = (struct preview_facts){0};
	TRY(tell(message, part, page, &told, err));
	struct str number = fact(buf_str(&told), "Pages:");
	if (!str_to_uint(number, UINT32_MAX, &ret->pages) || ret->pages == 0)
		return err_code(err, RESULT_INVALID, "preview", "the file has no pages");
	ret->pages = ret->pages < LIMIT_PREVIEW_PAGES ? ret->pages : LIMIT_PREVIEW_PAGES;
	read_size(buf_str(&told), page, ret);
	return RESULT_OK;
}

enum result preview_show(const struct open_message *message, const struct mime_part *part, uint64_t page,
	struct buf *picture, const char **ret_type, struct err *err)
{
	enum preview_kind kind = preview_kind_of(part);
	char number[24];

	if (kind == PREVIEW_NONE || page < 1 || page > (kind == PREVIEW_PDF ? LIMIT_PREVIEW_PAGES : 1))
		return err_set(err, RESULT_NOT_FOUND, "there is no such picture");
	(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)page);
	TRY(make(message, part, kind == PREVIEW_PDF ? "pdf-page" : "image",
		kind == PREVIEW_PDF ? number : NULL, picture, err));
	*ret_type = str_starts(buf_str(picture), STR("\xff\xd8\xff"))	     ? "image/jpeg"
		    : str_starts(buf_str(picture), STR("\x89PNG\r\n\x1a\n")) ? "image/png"
									     : NULL;
	return *ret_type ? RESULT_OK
			 : err_code(err, RESULT_INVALID, "preview", "the program gave no picture");
}
