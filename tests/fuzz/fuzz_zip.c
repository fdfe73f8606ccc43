/* Several parts of a mail as a ZIP file: the first line of the input names the files, parted by slashes, the
 * rest is the mail. Whatever the names and parts, it reads the same in pieces of any size and from any
 * offset, each file stands where the directory says, with its checksum, and no two have the same name. */
#include "base/limits.h"
#include "mime/scan.h"
#include "mime/zip.h"

#include <assert.h>
#include <string.h>
#include <zlib.h>

#define LOCAL_BYTES 30
#define CENTRAL_BYTES 46
#define END_BYTES 22
#define FILES_MAX 50
#define ZIP_BYTES_MAX ((size_t)4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t number_at(struct str zip, size_t at, size_t bytes)
{
	uint64_t number = 0;

	assert(at <= zip.len && bytes <= zip.len - at);
	for (size_t i = 0; i < bytes; i++)
		number |= (uint64_t)(uint8_t)zip.ptr[at + i] << (8 * i);
	return number;
}

static void check_content(struct str zip, size_t local, size_t central, struct str name)
{
	size_t size = (size_t)number_at(zip, central + 24, 4), content = local + LOCAL_BYTES + name.len;

	assert(number_at(zip, local, 4) == 0x04034b50);
	assert(number_at(zip, local + 26, 2) == name.len && number_at(zip, local + 28, 2) == 0);
	assert(memcmp(zip.ptr + local + 4, zip.ptr + central + 6, 26 - 4) == 0);
	assert(memcmp(zip.ptr + local + LOCAL_BYTES, name.ptr, name.len) == 0);
	assert(content <= zip.len && size <= zip.len - content);
	assert(crc32_z(0, (const uint8_t *)zip.ptr + content, size) == number_at(zip, central + 16, 4));
}

static void check_zip(struct str zip, size_t count)
{
	size_t end = zip.len - END_BYTES, at, expected = 0;
	struct str names[FILES_MAX];

	assert(number_at(zip, end, 4) == 0x06054b50 && number_at(zip, end + 10, 2) == count);
	at = (size_t)number_at(zip, end + 16, 4);
	for (size_t i = 0; i < count; i++) {
		assert(number_at(zip, at, 4) == 0x02014b50 && number_at(zip, at + 42, 4) == expected);
		names[i] = str_sub(str_from(zip, at + CENTRAL_BYTES), 0, (size_t)number_at(zip, at + 28, 2));
		check_content(zip, expected, at, names[i]);
		for (size_t k = 0; k < i; k++)
			assert(!str_equal_nocase(names[k], names[i]));
		expected += LOCAL_BYTES + names[i].len + (size_t)number_at(zip, at + 24, 4);
		at += CENTRAL_BYTES + names[i].len;
	}
	assert(at == end && expected == number_at(zip, end + 16, 4));
}

static void check_pieces(const struct reader *bytes, struct str whole, size_t step)
{
	char piece[256];
	size_t got = 0;

	for (size_t at = 0; at < whole.len; at += got) {
		assert(reader_read(bytes, at, piece, step, &got, NULL) == RESULT_OK && got > 0);
		assert(memcmp(piece, whole.ptr + at, got) == 0);
	}
	for (size_t i = 1; i <= 8; i++) {
		size_t at = whole.len - whole.len * i / 8;
		assert(reader_read(bytes, at, piece, sizeof(piece), &got, NULL) == RESULT_OK);
		assert(memcmp(piece, whole.ptr + at, got) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup(mime_scan_free_at) struct mime_scan *scan = mime_scan_new();
	cleanup(mime_zip_free_at) struct mime_zip *zip = NULL;
	cleanup(buf_done) struct buf whole = buf_new(ZIP_BYTES_MAX);
	struct mime_zip_file files[FILES_MAX];
	const struct mime_index *index;
	struct str mail = {(const char *)data, size}, names = str_cut(&mail, '\n');
	struct bytes bytes = str_bytes(mail);
	struct reader reader = reader_of_bytes(&bytes);
	size_t count = 0;

	mime_init();
	if (mime_scan_add(scan, mail, NULL) != RESULT_OK || mime_scan_end(scan, &index, NULL) != RESULT_OK)
		return 0;
	for (size_t i = 0; i < index->count && count < FILES_MAX; i++)
		if (!mime_part_is_container(&index->parts[i]))
			files[count++] = (struct mime_zip_file){&index->parts[i], str_cut(&names, '/')};
	assert(mime_zip_new(&reader, files, count, (int64_t)size * 1000000007, (struct mime_zip_watch){0},
		       &zip, NULL) == RESULT_OK);
	struct reader out = mime_zip_bytes(zip);
	if (out.size > ZIP_BYTES_MAX)
		return 0;
	assert(reader_to_buf(&out, 0, out.size, &whole, NULL) == RESULT_OK && whole.len == out.size);
	check_zip(buf_str(&whole), count);
	check_pieces(&out, buf_str(&whole), 1 + size % 255);
	return 0;
}
