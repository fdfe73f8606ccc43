#include "web/form.h"

#include "base/limits.h"
#include "base/list.h"
#include "base/mem.h"
#include "web/disposition.h"
#include "web/multipart.h"

#include <stdlib.h>

/* The part of a multipart form that is being read. */
struct part {
	struct str name;
	struct str file_name; /* ptr is NULL for a plain field */
	struct str type;
	bool is_begun; /* the sink has been told of the file */
	bool is_cut;   /* a field of which not all is kept */
};

struct form {
	struct arena *arena;
	const struct upload_sink *sink;
	bool is_multipart;
	struct multipart multipart;
	struct part part;
	struct buf text; /* the whole body (urlencoded) or the value of the field being read */
	size_t bytes;	 /* of all fields so far, names included */
	size_t files;
	struct list fields; /* of struct pair */
	struct str over;    /* see form_over */
	bool is_dropping;   /* too many parts: the rest is not looked at */
};

static struct pairs fields_so_far(const struct form *form)
{
	return (struct pairs){form->fields.items, form->fields.count};
}

/* A form with files is what somebody wrote: past a limit it is read to its end all the same. */
static enum result set_over(struct form *form, struct str what, bool drop, struct err *err)
{
	if (!form->sink)
		return err_set(err, RESULT_TOO_LARGE, "the form is too long or has too many fields");
	form->over = what;
	form->is_dropping = drop;
	return RESULT_OK;
}

/* Undoes what browsers do to quotes and line ends in names (WHATWG HTML, "multipart form data"). */
static struct str unescape_name(struct arena *arena, struct str s)
{
	char *out = arena_alloc(arena, s.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < s.len; i++) {
		struct str here = str_sub(s, i, 3);
		char c = s.ptr[i];
		if (str_equal(here, STR("%22")))
			c = '"';
		else if (str_equal_nocase(here, STR("%0d")))
			c = '\r';
		else if (str_equal_nocase(here, STR("%0a")))
			c = '\n';
		i += c == s.ptr[i] ? 0 : 2;
		out[len++] = c;
	}
	return (struct str){out, len};
}

static enum result read_disposition(struct form *form, struct str value, struct err *err)
{
	struct part *part = &form->part;
	struct str file_name = STR_NONE;

	if (part->name.ptr || !str_equal_nocase(field_main(value), STR("form-data")) ||
		field_parameter(form->arena, value, "name", &part->name) != RESULT_OK)
		return err_set(err, RESULT_INVALID, "a part of the form has no name");
	part->name = unescape_name(form->arena, part->name);
	if (!str_is_utf8(part->name) || str_find_char(part->name, '\0') >= 0)
		return err_set(err, RESULT_INVALID, "a name in the form is not UTF-8");
	enum result result = field_parameter(form->arena, value, "filename", &file_name);
	if (result == RESULT_INVALID)
		return err_set(err, RESULT_INVALID, "a file name in the form is malformed");
	if (result == RESULT_OK)
		part->file_name = unescape_name(form->arena, file_name);
	return RESULT_OK;
}

/* One header line of a part; fields that say nothing new are passed over. */
static enum result read_part_header(struct form *form, struct str line, struct err *err)
{
	struct str value = line;
	struct str name = str_cut(&value, ':');

	if (!value.ptr || !token_is_valid(name) || !field_value_is_valid(value))
		return err_set(err, RESULT_INVALID, "a header in the form is malformed");
	value = str_trim(value);
	if (str_equal_nocase(name, STR("content-disposition")))
		return read_disposition(form, value, err);
	if (str_equal_nocase(name, STR("content-type")))
		form->part.type = arena_str(form->arena, value);
	else if (str_equal_nocase(name, STR("content-transfer-encoding")) &&
		 !str_equal_nocase(value, STR("binary")) && !str_equal_nocase(value, STR("8bit")) &&
		 !str_equal_nocase(value, STR("7bit")))
		return err_set(err, RESULT_INVALID, "a part of the form is encoded");
	return RESULT_OK;
}

static enum result part_begin(void *context, struct str headers, struct err *err)
{
	struct form *form = context;

	if (form->is_dropping)
		return RESULT_OK;
	form->part = (struct part){0};
	buf_clear(&form->text);
	for (struct str rest = headers; rest.ptr;) {
		struct str line = str_cut(&rest, '\n');
		if (line.len && line.ptr[line.len - 1] == '\r')
			line.len--;
		TRY(read_part_header(form, line, err));
	}
	if (!form->part.name.ptr)
		return err_set(err, RESULT_INVALID, "a part of the form has no name");
	return RESULT_OK;
}

static enum result begin_file(struct form *form, struct err *err)
{
	struct pairs fields = fields_so_far(form);

	if (!form->sink)
		return err_set(err, RESULT_INVALID, "this form takes no files");
	if (form->files == LIMIT_HTTP_FILES)
		return set_over(form, STR("files"), /* drop= */ true, err);
	form->files++;
	form->part.is_begun = true;
	return form->sink->begin(form->sink->context, form->part.name,
		file_name_clean(form->arena, form->part.file_name), form->part.type, &fields, err);
}

static enum result part_data(void *context, struct str data, struct err *err)
{
	struct form *form = context;
	size_t room = form->bytes < LIMIT_HTTP_FORM_BYTES ? LIMIT_HTTP_FORM_BYTES - form->bytes : 0;

	if (!form->is_dropping && form->part.file_name.ptr && !form->part.is_begun)
		TRY(begin_file(form, err));
	if (form->is_dropping)
		return RESULT_OK;
	if (form->part.file_name.ptr)
		return form->sink->write(form->sink->context, data.ptr, data.len, err);
	if (data.len > room) {
		TRY(set_over(form, form->part.name, /* drop= */ false, err));
		form->part.is_cut = true;
	}
	form->bytes += data.len < room ? data.len : room;
	buf_add(&form->text, str_sub(data, 0, room));
	return RESULT_OK;
}

static enum result add_field(struct form *form, struct err *err)
{
	struct str value = buf_str(&form->text);

	form->bytes += form->part.name.len;
	if (form->fields.count == LIMIT_HTTP_FORM_FIELDS)
		return set_over(form, STR("fields"), /* drop= */ true, err);
	if (form->part.is_cut)
		value.len = str_utf8_prefix(value);
	else if (form->bytes > LIMIT_HTTP_FORM_BYTES)
		TRY(set_over(form, form->part.name, /* drop= */ false, err));
	if (!str_is_utf8(value) || str_find_char(value, '\0') >= 0)
		return err_set(err, RESULT_INVALID, "a field of the form is not UTF-8");
	struct pair *pair = list_add(&form->fields);
	pair->name = form->part.name;
	pair->value = value.len ? arena_str(form->arena, value) : STR("");
	return RESULT_OK;
}

static enum result part_end(void *context, struct err *err)
{
	struct form *form = context;

	if (form->is_dropping)
		return RESULT_OK;
	if (!form->part.file_name.ptr)
		return add_field(form, err);
	/* Nothing chosen: neither name nor bytes. An empty file has a name. */
	if (!form->part.is_begun && !form->part.file_name.len)
		return RESULT_OK;
	if (!form->part.is_begun)
		TRY(begin_file(form, err));
	if (form->is_dropping)
		return RESULT_OK;
	return form->sink->end(form->sink->context, err);
}

static enum result begin_multipart(struct form *form, struct str content_type, struct err *err)
{
	struct multipart_events events = {part_begin, part_data, part_end, form};
	struct str boundary = STR_NONE;

	if (field_parameter(form->arena, content_type, "boundary", &boundary) != RESULT_OK)
		return err_set(err, RESULT_INVALID, "the form has no boundary");
	return multipart_init(&form->multipart, boundary, &events, err);
}

enum result form_new(struct arena *arena, struct str content_type, const struct upload_sink *sink,
	struct form **ret, struct err *err)
{
	struct str type = field_main(content_type);
	bool is_multipart = str_equal_nocase(type, STR("multipart/form-data"));

	if (!is_multipart && !str_equal_nocase(type, STR("application/x-www-form-urlencoded")))
		return err_set(err, RESULT_INVALID, "the body is not a form");
	struct form *form = mem_new(sizeof(*form));
	*form = (struct form){
		.arena = arena,
		.sink = sink,
		.is_multipart = is_multipart,
		.text = buf_new(LIMIT_HTTP_FORM_BYTES),
		.fields = list_new(arena, sizeof(struct pair)),
	};
	enum result result = is_multipart ? begin_multipart(form, content_type, err) : RESULT_OK;
	if (result != RESULT_OK) {
		form_free(form);
		return result;
	}
	*ret = form;
	return RESULT_OK;
}

void form_free(struct form *form)
{
	if (!form)
		return;
	multipart_done(&form->multipart);
	buf_done(&form->text);
	free(form);
}

enum result form_push(struct form *form, const void *data, size_t size, struct err *err)
{
	if (form->is_dropping)
		return RESULT_OK;
	if (form->is_multipart)
		return multipart_push(&form->multipart, data, size, err);
	buf_add_bytes(&form->text, data, size);
	if (form->text.overflow)
		return err_set(err, RESULT_TOO_LARGE, "the form is too long");
	return RESULT_OK;
}

enum result form_finish(struct form *form, struct pairs *ret, struct err *err)
{
	if (form->is_multipart) {
		if (!form->is_dropping)
			TRY(multipart_finish(&form->multipart, err));
		*ret = fields_so_far(form);
		return form->over.ptr ? err_set(err, RESULT_TOO_LARGE, "the form is past a limit")
				      : RESULT_OK;
	}
	enum result result = urlencoded_parse(form->arena, buf_str(&form->text), LIMIT_HTTP_FORM_FIELDS, ret);
	if (result != RESULT_OK)
		return err_set(err, result, "the form is malformed or has too many fields");
	return RESULT_OK;
}

struct str form_over(const struct form *form)
{
	return form->over;
}
