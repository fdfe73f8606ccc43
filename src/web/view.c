#include "web/view.h"

#include <assert.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* How many bytes at the begin of the text are one valid character; 0 when none. */
static size_t valid_char_len(struct str s)
{
	for (size_t len = 1; len <= 4 && len <= s.len; len++) {
		if (s.ptr[0] && str_is_utf8(str_sub(s, 0, len)))
			return len;
	}
	return 0;
}

static json_t *repaired_string(struct str value)
{
	cleanup(buf_done) struct buf text = buf_new(value.len * (sizeof(REPLACEMENT) - 1));

	while (value.len) {
		size_t len = valid_char_len(value);
		buf_add(&text, len ? str_sub(value, 0, len) : STR(REPLACEMENT));
		value = str_from(value, len ? len : 1);
	}
	return json_stringn_nocheck(text.data, text.len);
}

json_t *view_string(struct str value)
{
	json_t *string;

	if (str_is_utf8(value) && str_find_char(value, '\0') < 0)
		string = json_stringn_nocheck(value.ptr ? value.ptr : "", value.len);
	else
		string = repaired_string(value);
	if (!string)
		abort();
	return string;
}

static void set_new(json_t *object, const char *name, json_t *value)
{
	int failed = json_object_set_new(object, name, value);

	assert(!failed);
	(void)failed;
}

void view_set(json_t *object, const char *name, struct str value)
{
	set_new(object, name, view_string(value));
}

void view_set_number(json_t *object, const char *name, int64_t value)
{
	set_new(object, name, json_integer(value));
}

void view_set_flag(json_t *object, const char *name, bool value)
{
	set_new(object, name, json_boolean(value));
}

json_t *view_add_object(json_t *object, const char *name)
{
	json_t *value = json_object();

	set_new(object, name, value);
	return value;
}

json_t *view_add_list(json_t *object, const char *name)
{
	json_t *value = json_array();

	set_new(object, name, value);
	return value;
}

json_t *view_append(json_t *list)
{
	json_t *value = json_object();
	int failed = json_array_append_new(list, value);

	assert(!failed);
	(void)failed;
	return value;
}

/* Names of files have dots, which in a template lead into an object. */
static void add_asset(void *context, struct str name, struct str url)
{
	char key[256];
	size_t len = name.len < sizeof(key) - 1 ? name.len : sizeof(key) - 1;

	memcpy(key, name.ptr, len);
	key[len] = '\0';
	for (size_t i = 0; i < len; i++) {
		if (key[i] == '.' || key[i] == '-')
			key[i] = '_';
	}
	view_set(context, key, url);
}

static void add_common(const struct view_site *site, json_t *view, const struct view_common *common,
	const struct request *request)
{
	view_set(view, "language", language_tag(common->language));
	view_set(view, "direction", language_is_rtl(common->language) ? STR("rtl") : STR("ltr"));
	view_set(view, "path", common->path.len ? common->path : request->target);
	view_set(view, "csrf", common->csrf);
	set_new(view, "account", common->account ? json_incref(common->account) : json_null());
	set_new(view, "person", common->person ? json_incref(common->person) : json_null());
	json_t *assets = view_add_object(view, "assets");
	if (site->assets)
		assets_each(site->assets, add_asset, assets);
}

enum result view_render(const struct view_site *site, const char *template, json_t *view,
	const struct view_common *common, struct request *request, struct response *response)
{
	add_common(site, view, common, request);
	enum result result = template_render(
		site->templates, template, view, common->language, response_html(response), &request->err);
	return result == RESULT_OK ? RESULT_OK : RESULT_INTERNAL;
}
