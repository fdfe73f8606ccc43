/* The format: PKWARE's APPNOTE 6.3.3, without compression (method 0) and without ZIP64. Checksum and sizes
 * stand in front of each file, so that programs which unpack while they receive can do so. */
#include "mime/zip.h"

#include "base/clock.h"
#include "mime/decode.h"

#include <string.h>
#include <time.h>
#include <zlib.h>

#define LOCAL_BYTES 30
#define CENTRAL_BYTES 46
#define END_BYTES 22
#define VERSION 20
#define FLAG_UTF8 0x0800
#define SIZE_MAX_BYTES UINT32_MAX
#define PIECE_BYTES ((size_t)64 * 1024)

struct entry {
	const struct mime_part *part; /* or NULL: the opener's */
	struct str name;
	uint64_t size;
	uint64_t offset; /* of its local header */
	uint32_t crc;
	bool has_crc, was_told;
};

struct mime_zip {
	struct arena arena;
	const struct reader *mail;
	struct mime_zip_watch watch;
	struct mime_zip_opener opener; /* instead of mail and watch */
	struct entry *entries;
	size_t count;
	uint64_t central_offset, size;
	uint16_t date, time;
	/* The file that is being read out. */
	struct mime_part_reader *open;
	struct reader open_bytes;
	bool has_open;
	size_t open_entry;
};

static bool is_taken(const struct mime_zip *zip, size_t count, struct str name)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal_nocase(zip->entries[i].name, name))
			return true;
	return false;
}

static size_t stem_len(struct str name)
{
	for (size_t i = name.len; i > 1; i--)
		if (name.ptr[i - 1] == '.')
			return i - 1;
	return name.len;
}

/* "offer.pdf" becomes "offer (2).pdf" and so on. Each name has one stem and number, so all names together
 * need no more than twice as many looks as there are files. `next` is the first number that may be free. */
static struct str unique_name(struct mime_zip *zip, size_t entry, struct str name, int *next)
{
	size_t stem = stem_len(name);
	struct str unique = name;

	while (is_taken(zip, entry, unique))
		unique = arena_printf(&zip->arena, "%.*s (%d)%.*s", (int)stem, name.ptr, (*next)++,
			STR_ARG(str_from(name, stem)));
	return unique;
}

static void set_names(struct mime_zip *zip, const struct mime_zip_file *files)
{
	int *next = arena_array(&zip->arena, int, zip->count);

	for (size_t i = 0; i < zip->count; i++) {
		size_t first = i;
		for (size_t k = 0; k < i && first == i; k++)
			if (str_equal_nocase(files[k].name, files[i].name))
				first = k;
		next[i] = 2;
		zip->entries[i].part = files[i].part;
		zip->entries[i].size = files[i].part->decoded_size;
		zip->entries[i].name =
			unique_name(zip, i, str_sub(files[i].name, 0, UINT16_MAX / 2), &next[first]);
	}
}

/* Two seconds are its finest step, and 1980 its first year. */
static void set_time(struct mime_zip *zip, int64_t at)
{
	time_t seconds = (time_t)(at / MS_SECOND);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || tm.tm_year < 80 || tm.tm_year > 207)
		tm = (struct tm){.tm_year = 80, .tm_mday = 1};
	zip->date = (uint16_t)((tm.tm_year - 80) << 9 | (tm.tm_mon + 1) << 5 | tm.tm_mday);
	zip->time = (uint16_t)(tm.tm_hour << 11 | tm.tm_min << 5 | tm.tm_sec / 2);
}

static void set_offsets(struct mime_zip *zip)
{
	uint64_t at = 0, central = 0;

	for (size_t i = 0; i < zip->count; i++) {
		struct entry *entry = &zip->entries[i];
		entry->offset = at;
		at += LOCAL_BYTES + entry->name.len + entry->size;
		central += CENTRAL_BYTES + entry->name.len;
	}
	zip->central_offset = at;
	zip->size = at + central + END_BYTES;
}

static enum result begin(size_t count, int64_t modified_at, struct mime_zip **ret, struct err *err)
{
	struct mime_zip *zip;

	if (count > LIMIT_MIME_PARTS)
		return err_set(err, RESULT_TOO_LARGE, "too many files for one ZIP file");
	zip = mem_new(sizeof(*zip));
	zip->count = count;
	zip->entries = arena_array(&zip->arena, struct entry, count);
	set_time(zip, modified_at);
	*ret = zip;
	return RESULT_OK;
}

static enum result set_size(struct mime_zip *zip, struct err *err)
{
	set_offsets(zip);
	if (zip->size > SIZE_MAX_BYTES)
		return err_set(err, RESULT_TOO_LARGE, "too large for a ZIP file");
	return RESULT_OK;
}

enum result mime_zip_new(const struct reader *mail, const struct mime_zip_file *files, size_t count,
	int64_t modified_at, struct mime_zip_watch watch, struct mime_zip **ret, struct err *err)
{
	cleanup(mime_zip_free_at) struct mime_zip *zip = NULL;

	TRY(begin(count, modified_at, &zip, err));
	zip->mail = mail;
	zip->watch = watch;
	set_names(zip, files);
	TRY(set_size(zip, err));
	*ret = TAKE(zip);
	return RESULT_OK;
}

enum result mime_zip_of_sources(const struct mime_zip_source *sources, size_t count, int64_t modified_at,
	struct mime_zip_opener opener, struct mime_zip **ret, struct err *err)
{
	cleanup(mime_zip_free_at) struct mime_zip *zip = NULL;

	TRY(begin(count, modified_at, &zip, err));
	zip->opener = opener;
	for (size_t i = 0; i < count; i++) {
		zip->entries[i].name = arena_str(&zip->arena, sources[i].name);
		zip->entries[i].size = sources[i].size;
	}
	TRY(set_size(zip, err));
	*ret = TAKE(zip);
	return RESULT_OK;
}

void mime_zip_free(struct mime_zip *zip)
{
	if (zip == NULL)
		return;
	mime_part_reader_free(zip->open);
	arena_done(&zip->arena);
	free(zip);
}

/* The bytes of one file, of which only the last one asked for stays open. */
static enum result open_entry(struct mime_zip *zip, size_t number, struct err *err)
{
	const struct entry *entry = &zip->entries[number];

	if (zip->has_open && zip->open_entry == number)
		return RESULT_OK;
	zip->has_open = false;
	if (entry->part) {
		mime_part_reader_free(zip->open);
		zip->open = mime_part_reader_new(zip->mail, entry->part);
		zip->open_bytes = mime_part_reader_bytes(zip->open);
	} else {
		TRY(zip->opener.open(zip->opener.context, number, &zip->open_bytes, err));
		if (zip->open_bytes.size != entry->size)
			return err_set(err, RESULT_INTERNAL, "a file has another size than before");
	}
	zip->has_open = true;
	zip->open_entry = number;
	return RESULT_OK;
}

static enum result add_to_crc(void *context, const void *data, size_t size, struct err *err)
{
	struct entry *entry = context;

	(void)err;
	entry->crc = (uint32_t)crc32_z(entry->crc, data, size);
	return RESULT_OK;
}

static enum result need_crc(struct mime_zip *zip, struct entry *entry, struct err *err)
{
	struct writer writer = {add_to_crc, entry};

	if (entry->has_crc)
		return RESULT_OK;
	entry->crc = 0;
	if (entry->part) {
		TRY(mime_part_decode(zip->mail, entry->part, &writer, err));
	} else {
		TRY(open_entry(zip, (size_t)(entry - zip->entries), err));
		TRY(reader_copy(&zip->open_bytes, 0, entry->size, &writer, err));
	}
	entry->has_crc = true;
	return RESULT_OK;
}

/* The file's first bytes are about to be read. */
static enum result tell_begin(struct mime_zip *zip, size_t number, struct err *err)
{
	struct entry *entry = &zip->entries[number];

	if (!entry->was_told && zip->watch.file_begins)
		TRY(zip->watch.file_begins(zip->watch.context, entry->part, err));
	if (!entry->was_told && zip->opener.begins)
		TRY(zip->opener.begins(zip->opener.context, number, err));
	entry->was_told = true;
	return RESULT_OK;
}

static void put(struct buf *buf, uint64_t number, int bytes)
{
	for (; bytes > 0; bytes--, number >>= 8)
		buf_add_char(buf, (char)(uint8_t)number);
}

/* What local and central headers have in common. */
static void put_facts(const struct mime_zip *zip, const struct entry *entry, struct buf *buf)
{
	put(buf, VERSION, 2);
	put(buf, FLAG_UTF8, 2);
	put(buf, 0, 2); /* stored */
	put(buf, zip->time, 2);
	put(buf, zip->date, 2);
	put(buf, entry->crc, 4);
	put(buf, entry->size, 4);
	put(buf, entry->size, 4);
	put(buf, entry->name.len, 2);
	put(buf, 0, 2); /* no extra fields */
}

static enum result put_local(struct mime_zip *zip, struct entry *entry, struct buf *buf, struct err *err)
{
	TRY(need_crc(zip, entry, err));
	put(buf, 0x04034b50, 4);
	put_facts(zip, entry, buf);
	buf_add(buf, entry->name);
	return RESULT_OK;
}

static enum result put_central(struct mime_zip *zip, struct entry *entry, struct buf *buf, struct err *err)
{
	TRY(need_crc(zip, entry, err));
	put(buf, 0x02014b50, 4);
	put(buf, VERSION, 2);
	put_facts(zip, entry, buf);
	put(buf, 0, 2 + 2 + 2 + 4); /* comment, disk, attributes */
	put(buf, entry->offset, 4);
	buf_add(buf, entry->name);
	return RESULT_OK;
}

static void put_end(const struct mime_zip *zip, struct buf *buf)
{
	put(buf, 0x06054b50, 4);
	put(buf, 0, 2 + 2);
	put(buf, zip->count, 2);
	put(buf, zip->count, 2);
	put(buf, zip->size - END_BYTES - zip->central_offset, 4);
	put(buf, zip->central_offset, 4);
	put(buf, 0, 2);
}

/* Reading out one answer. */
struct reading {
	char *data;
	size_t size, done;
	uint64_t offset;
};

/* Takes what the answer wants of a piece that begins at `start`. */
static void take_piece(struct reading *reading, struct str piece, uint64_t start)
{
	uint64_t at = reading->offset + reading->done;

	if (at < start || at >= start + piece.len)
		return;
	struct str wanted = str_sub(piece, (size_t)(at - start), reading->size - reading->done);
	memcpy(reading->data + reading->done, wanted.ptr, wanted.len);
	reading->done += wanted.len;
}

static enum result take_content(struct mime_zip *zip, size_t number, struct reading *reading, struct err *err)
{
	const struct entry *entry = &zip->entries[number];
	uint64_t start = entry->offset + LOCAL_BYTES + entry->name.len;
	uint64_t skip = reading->offset + reading->done - start, left = entry->size - skip;
	size_t wanted = reading->size - reading->done, got = 0;

	TRY(open_entry(zip, number, err));
	TRY(reader_read(&zip->open_bytes, skip, reading->data + reading->done,
		wanted < left ? wanted : (size_t)left, &got, err));
	if (got == 0)
		return err_set(err, RESULT_INTERNAL, "a file ended too early");
	reading->done += got;
	return RESULT_OK;
}

static enum result take_entry(struct mime_zip *zip, size_t number, struct reading *reading, struct err *err)
{
	struct entry *entry = &zip->entries[number];
	uint64_t content = entry->offset + LOCAL_BYTES + entry->name.len;
	uint64_t end = content + entry->size;

	TRY(tell_begin(zip, number, err));
	if (reading->offset + reading->done < content) {
		cleanup(buf_done) struct buf header = buf_new(PIECE_BYTES);
		TRY(put_local(zip, entry, &header, err));
		take_piece(reading, buf_str(&header), entry->offset);
	}
	while (reading->done < reading->size && reading->offset + reading->done < end)
		TRY(take_content(zip, number, reading, err));
	return RESULT_OK;
}

static enum result take_directory(struct mime_zip *zip, struct reading *reading, struct err *err)
{
	cleanup(buf_done) struct buf piece = buf_new(PIECE_BYTES);
	uint64_t start = zip->central_offset;

	for (size_t i = 0; i < zip->count && reading->done < reading->size; i++) {
		uint64_t end = start + CENTRAL_BYTES + zip->entries[i].name.len;
		if (reading->offset + reading->done < end) {
			buf_clear(&piece);
			TRY(put_central(zip, &zip->entries[i], &piece, err));
			take_piece(reading, buf_str(&piece), start);
		}
		start = end;
	}
	buf_clear(&piece);
	put_end(zip, &piece);
	take_piece(reading, buf_str(&piece), zip->size - END_BYTES);
	return RESULT_OK;
}

static enum result zip_read_at(
	void *context, uint64_t offset, void *data, size_t size, size_t *ret_read, struct err *err)
{
	struct mime_zip *zip = context;
	struct reading reading = {data, size, 0, offset};

	for (size_t i = 0; i < zip->count && reading.done < size; i++) {
		const struct entry *entry = &zip->entries[i];
		uint64_t end = entry->offset + LOCAL_BYTES + entry->name.len + entry->size;
		if (offset + reading.done < end)
			TRY(take_entry(zip, i, &reading, err));
	}
	if (reading.done < size)
		TRY(take_directory(zip, &reading, err));
	*ret_read = reading.done;
	return RESULT_OK;
}

struct reader mime_zip_bytes(struct mime_zip *zip)
{
	return (struct reader){zip_read_at, zip, zip->size};
}
