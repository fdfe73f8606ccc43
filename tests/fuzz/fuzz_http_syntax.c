/* What a request's head is made of: the first byte chooses the parser, the rest is its input. */
#include "base/limits.h"
#include "base/mem.h"
#include "web/conditions.h"
#include "web/disposition.h"
#include "web/peer.h"
#include "web/request.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(struct arena *arena, struct str text)
{
	struct segments segments = {0};

	if (path_parse(arena, text, &segments) != RESULT_OK)
		return;
	assert(segments.count <= LIMIT_HTTP_SEGMENTS);
	for (size_t i = 0; i < segments.count; i++) {
		struct str segment = segments.items[i], again = STR_NONE;
		assert(str_find_char(segment, '/') < 0 && str_is_utf8(segment));
		assert(!str_equal(segment, STR("..")));
		assert(percent_decode(arena, percent_encode(arena, segment), false, &again) == RESULT_OK);
		assert(str_equal(again, segment));
	}
}

static void check_query(struct arena *arena, struct str text)
{
	struct pairs pairs = {0};

	if (urlencoded_parse(arena, text, LIMIT_HTTP_QUERY_PAIRS, &pairs) != RESULT_OK)
		return;
	assert(pairs.count <= LIMIT_HTTP_QUERY_PAIRS);
	for (size_t i = 0; i < pairs.count; i++)
		assert(str_is_utf8(pairs.items[i].value) && str_find_char(pairs.items[i].value, '\0') < 0);
}

static void check_cookie(struct arena *arena, struct str text)
{
	struct pairs pairs = cookie_parse(arena, text);

	for (size_t i = 0; i < pairs.count; i++)
		assert(token_is_valid(pairs.items[i].name) && field_value_is_valid(pairs.items[i].value));
}

static void check_parameter(struct arena *arena, struct str text)
{
	struct str value = STR_NONE;

	(void)(field_parameter(arena, text, "name", &value) == RESULT_OK);
	(void)field_main(text);
}

static void check_range(struct arena *arena, struct str text)
{
	static const uint64_t sizes[] = {0, 1, 1000, UINT64_MAX};

	(void)arena;
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct byte_range range = {0};
		if (range_parse(text, sizes[i], &range) == RESULT_OK)
			assert(range.len > 0 && range.start < sizes[i] &&
				range.len <= sizes[i] - range.start);
	}
	(void)etag_matches(text, STR("\"a\""));
}

static void check_name(struct arena *arena, struct str text)
{
	struct str clean = file_name_clean(arena, text), value = STR_NONE;
	struct str field = disposition_attachment(arena, text);

	assert(clean.len && clean.len <= LIMIT_FILE_NAME_BYTES && str_is_utf8(clean));
	assert(clean.ptr[0] != '.' && str_find_char(clean, '/') < 0 && str_find_char(clean, '\\') < 0);
	assert(str_equal(file_name_clean(arena, clean), clean));
	assert(field_value_is_valid(field));
	assert(field_parameter(arena, field, "filename", &value) == RESULT_OK);
}

static void check_peer(struct arena *arena, struct str text)
{
	struct peer_range range;
	struct peer peer = {{0}};

	if (peer_range_parse(text, &range))
		assert(peer_in_range(&range.base, &range) && range.bits <= 128);
	if (peer_parse(text, &peer)) {
		struct peer again;
		assert(peer_parse(peer_text(arena, &peer), &again));
	}
	range = (struct peer_range){.bits = 0};
	(void)peer_behind_proxies(&peer, text, &range, 1);
}

static void check_local_path(struct arena *arena, struct str text)
{
	struct str path = request_local_path(text, STR("/else"));

	(void)arena;
	assert(path.ptr[0] == '/' && (path.len == 1 || path.ptr[1] != '/'));
	assert(field_value_is_valid(path) && str_find_char(path, '\\') < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const checks[])(struct arena * arena, struct str text) = {check_path, check_query,
		check_cookie, check_parameter, check_range, check_name, check_peer, check_local_path};
	cleanup(arena_done) struct arena arena = {0};

	if (size)
		checks[data[0] % COUNT_OF(checks)](&arena, (struct str){(const char *)data + 1, size - 1});
	return 0;
}
