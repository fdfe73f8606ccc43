#include "mime/part_header.h"

#include "base/limits.h"
#include "base/mem.h"
#include "mime/header.h"

#include <string.h>

#define EXTENSION_BYTES_MAX 20

static enum mime_encoding encoding_of(struct str value, struct arena *arena)
{
	static const struct {
		const char *name;
		enum mime_encoding encoding;
	} names[] = {
		{"7bit", MIME_ENCODING_IDENTITY},
		{"8bit", MIME_ENCODING_IDENTITY},
		{"binary", MIME_ENCODING_IDENTITY},
		{"base64", MIME_ENCODING_BASE64},
		{"quoted-printable", MIME_ENCODING_QUOTED_PRINTABLE},
		{"x-uuencode", MIME_ENCODING_UUENCODE},
		{"uuencode", MIME_ENCODING_UUENCODE},
		{"x-uue", MIME_ENCODING_UUENCODE},
	};
	struct str word = mime_parameters_parse(value, arena).value;

	if (word.len == 0)
		return MIME_ENCODING_IDENTITY;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (str_equal(word, str_of(names[i].name)))
			return names[i].encoding;
	return MIME_ENCODING_UNKNOWN;
}

/* Cut to the limit with the extension kept, which tells what the file is. */
static struct str file_name(struct str raw, struct arena *arena)
{
	struct str name = mime_header_text(raw, LIMIT_MIME_HEADER_BYTES, arena);
	const char *dot = name.len ? memrchr(name.ptr, '.', name.len) : NULL;

	if (name.len <= LIMIT_FILE_NAME_BYTES)
		return name;
	struct str extension = dot ? str_from(name, (size_t)(dot - name.ptr)) : STR_NONE;
	if (extension.len > EXTENSION_BYTES_MAX)
		extension = STR_NONE;
	size_t keep = LIMIT_FILE_NAME_BYTES - extension.len;
	while (keep > 0 && ((unsigned char)name.ptr[keep] & 0xc0) == 0x80)
		keep--;
	return arena_printf(arena, "%.*s%.*s", (int)keep, name.ptr, STR_ARG(extension));
}

/* False when there are more differing names than the limit. */
static bool add_name(struct mime_part *part, struct str raw, struct arena *arena)
{
	struct str name = file_name(raw, arena);

	if (name.len == 0)
		return true;
	for (size_t i = 0; i < part->name_count; i++)
		if (str_equal(part->names[i], name))
			return true;
	if (part->name_count == COUNT_OF(part->names))
		return false;
	part->names[part->name_count++] = name;
	return true;
}

/* Of every field of that name: programs differ in which of two they follow. */
static enum mime_part_header_result add_names(struct mime_part *part, struct str block, struct str field_name,
	struct str parameter, struct arena *arena)
{
	struct mime_field field;

	while (mime_field_next(&block, &field)) {
		if (!str_equal_nocase(field.name, field_name))
			continue;
		struct mime_parameters parameters = mime_parameters_parse(field.value, arena);
		if (parameters.past_limit)
			return MIME_PART_HEADER_PARAMETERS;
		for (size_t i = 0; i < parameters.count; i++)
			if (str_equal(parameters.items[i].name, parameter) &&
				!add_name(part, parameters.items[i].value, arena))
				return MIME_PART_HEADER_NAMES;
	}
	return MIME_PART_HEADER_OK;
}

static enum mime_disposition disposition_of(struct str value, struct arena *arena)
{
	struct str word = mime_parameters_parse(value, arena).value;

	if (str_equal(word, STR("inline")))
		return MIME_DISPOSITION_INLINE;
	return word.len ? MIME_DISPOSITION_ATTACHMENT : MIME_DISPOSITION_NONE;
}

enum mime_part_header_result mime_part_read_header(struct mime_part *part, struct str block, bool in_digest,
	struct arena *arena, struct str *ret_boundary)
{
	struct mime_parameters type =
		mime_parameters_parse(mime_header_get(block, STR("Content-Type")), arena);
	struct str id;

	part->type = str_find_char(type.value, '/') > 0 ? type.value
		     : in_digest			? STR("message/rfc822") /* RFC 2046 5.1.5 */
							: STR("text/plain");
	part->charset = str_sub(mime_parameter_get(&type, STR("charset")), 0, 64);
	part->flowed = str_equal_nocase(mime_parameter_get(&type, STR("format")), STR("flowed"));
	part->flowed_joined = str_equal_nocase(mime_parameter_get(&type, STR("delsp")), STR("yes"));
	part->encoding = encoding_of(mime_header_get(block, STR("Content-Transfer-Encoding")), arena);
	part->disposition = disposition_of(mime_header_get(block, STR("Content-Disposition")), arena);
	if (mime_message_ids(mime_header_get(block, STR("Content-ID")), &id, 1, arena))
		part->content_id = str_sub(id, 0, 255);
	*ret_boundary = str_sub(mime_parameter_get(&type, STR("boundary")), 0, LIMIT_MIME_BOUNDARY_BYTES);
	enum mime_part_header_result result =
		add_names(part, block, STR("Content-Disposition"), STR("filename"), arena);
	return result == MIME_PART_HEADER_OK ? add_names(part, block, STR("Content-Type"), STR("name"), arena)
					     : result;
}
