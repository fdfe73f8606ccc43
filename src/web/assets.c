#include "web/assets.h"

#include "base/id.h"
#include "base/limits.h"
#include "base/list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define HASH_BYTES 10 /* of SHA-256: enough that a change is never missed */
#define FILES_MAX 500

struct asset {
	struct str name; /* "sealpost.css" */
	struct str file; /* "sealpost.<hash>.css" */
	struct str url;	 /* "/static/sealpost.<hash>.css" */
	struct str etag;
	const char *type;
	struct bytes content;
	struct bytes packed; /* by gzip; none where that saves nothing */
	struct str packed_etag;
};

struct assets {
	struct arena arena;
	struct list list; /* of struct asset */
};

static const struct {
	const char *suffix;
	const char *type;
} types[] = {
	{".css", "text/css; charset=utf-8"},
	{".js", "text/javascript; charset=utf-8"},
	{".svg", "image/svg+xml"},
	{".png", "image/png"},
	{".ico", "image/x-icon"},
	{".woff2", "font/woff2"},
};

static const char *type_of(struct str name)
{
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		if (str_ends_nocase(name, str_of(types[i].suffix)))
			return types[i].type;
	}
	return NULL;
}

static const struct asset *asset_at(const struct assets *assets, size_t index)
{
	return (const struct asset *)assets->list.items + index;
}

static const struct asset *find_by_name(const struct assets *assets, struct str name)
{
	for (size_t i = 0; i < assets->list.count; i++) {
		if (str_equal(asset_at(assets, i)->name, name))
			return asset_at(assets, i);
	}
	return NULL;
}

static enum result read_file(int dir, const char *name, struct buf *content, struct err *err)
{
	cleanup(fd_close_at) int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char piece[16 * 1024];
	ssize_t got = -1;

	while (fd >= 0 && (got = read(fd, piece, sizeof(piece))) > 0)
		buf_add_bytes(content, piece, (size_t)got);
	if (fd < 0 || got < 0)
		return err_set(err, RESULT_NOT_FOUND, "%s: %s", name, strerror(errno));
	if (content->overflow)
		return err_set(err, RESULT_TOO_LARGE, "%s: larger than %d bytes", name, LIMIT_ASSET_BYTES);
	return RESULT_OK;
}

/* Names an asset after its content. */
static void name_asset(struct assets *assets, struct asset *asset)
{
	uint8_t hash[32];
	char text[sizeof(hash) * 2];
	struct str stem = asset->name, suffix = STR_NONE;

	(void)gnutls_hash_fast(GNUTLS_DIG_SHA256, asset->content.ptr, asset->content.len, hash);
	base32_encode(hash, HASH_BYTES, text);
	for (size_t i = asset->name.len; i > 0 && !suffix.ptr; i--) {
		if (asset->name.ptr[i - 1] == '.')
			suffix = str_from(asset->name, i - 1);
	}
	stem.len -= suffix.len;
	asset->file = arena_printf(&assets->arena, "%.*s.%s%.*s", STR_ARG(stem), text, STR_ARG(suffix));
	asset->url = arena_printf(&assets->arena, "/static/%.*s", STR_ARG(asset->file));
	asset->etag = arena_printf(&assets->arena, "\"%s\"", text);
	asset->packed_etag = arena_printf(&assets->arena, "\"%s.gz\"", text);
}

/* Nothing in an asset is secret, so packing gives nothing away (BREACH). */
static void pack(struct assets *assets, struct asset *asset)
{
	const int window_bits = 15, gzip = 16;
	z_stream stream = {0};

	if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_bits + gzip, 9,
		    Z_DEFAULT_STRATEGY) != Z_OK)
		return;
	size_t room = deflateBound(&stream, asset->content.len);
	uint8_t *packed = arena_alloc(&assets->arena, room);
	stream.next_in = (Bytef *)(uintptr_t)asset->content.ptr;
	stream.avail_in = (uInt)asset->content.len;
	stream.next_out = packed;
	stream.avail_out = (uInt)room;
	bool is_whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
	size_t len = stream.total_out;
	(void)deflateEnd(&stream);
	if (is_whole && len < asset->content.len)
		asset->packed = (struct bytes){packed, len};
}

/* "q=0", "q=0.0" and the like: not at all. */
static bool is_no_weight(struct str parameter)
{
	if (!str_starts_nocase(parameter, STR("q=")))
		return false;
	for (size_t i = STR("q=").len; i < parameter.len; i++)
		if (parameter.ptr[i] >= '1' && parameter.ptr[i] <= '9')
			return false;
	return true;
}

/* RFC 9110 section 12.5.3, as far as browsers use it: "gzip, br" and the like, "gzip;q=0" for no. */
static bool takes_gzip(struct str accept_encoding)
{
	while (accept_encoding.len > 0) {
		struct str word = str_trim(str_cut(&accept_encoding, ','));
		struct str name = str_trim(str_cut(&word, ';'));
		if (str_equal_nocase(name, STR("gzip")))
			return !is_no_weight(str_trim(word));
	}
	return false;
}

static enum result load_file(struct assets *assets, int dir, const char *name, struct err *err)
{
	cleanup(buf_done) struct buf content = buf_new(LIMIT_ASSET_BYTES);
	const char *type = type_of(str_of(name));

	if (!type)
		return err_set(err, RESULT_INVALID, "%s: not a type of file that is served", name);
	if (find_by_name(assets, str_of(name)))
		return err_set(err, RESULT_INVALID, "%s: a file of this name stands in another folder", name);
	if (assets->list.count == FILES_MAX)
		return err_set(err, RESULT_TOO_LARGE, "more than %d files to serve", FILES_MAX);
	TRY(read_file(dir, name, &content, err));
	struct asset *asset = list_add(&assets->list);
	asset->name = arena_str(&assets->arena, str_of(name));
	asset->type = type;
	asset->content = arena_bytes(&assets->arena, buf_bytes(&content));
	name_asset(assets, asset);
	pack(assets, asset);
	return RESULT_OK;
}

static enum result load_folder(
	struct assets *assets, const char *web_dir, const char *folder, struct err *err)
{
	char path[4096];
	enum result result = RESULT_OK;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", web_dir, folder) >= sizeof(path))
		return err_set(err, RESULT_INVALID, "the path of the web folder is too long");
	DIR *dir = opendir(path);
	if (!dir)
		return err_set(err, RESULT_NOT_FOUND, "%s: %s", path, strerror(errno));
	for (struct dirent *entry; result == RESULT_OK && (entry = readdir(dir));) {
		if (entry->d_name[0] != '.')
			result = load_file(assets, dirfd(dir), entry->d_name, err);
	}
	(void)closedir(dir);
	return result;
}

enum result assets_load(const char *web_dir, struct assets **ret, struct err *err)
{
	static const char *const folders[] = {"styles", "scripts", "icons"};
	cleanup(assets_free_at) struct assets *assets = mem_new(sizeof(*assets));

	assets->list = list_new(&assets->arena, sizeof(struct asset));
	for (size_t i = 0; i < COUNT_OF(folders); i++)
		TRY(load_folder(assets, web_dir, folders[i], err));
	*ret = TAKE(assets);
	return RESULT_OK;
}

void assets_free(struct assets *assets)
{
	if (!assets)
		return;
	arena_done(&assets->arena);
	free(assets);
}

struct str assets_url(const struct assets *assets, const char *name)
{
	const struct asset *asset = find_by_name(assets, str_of(name));

	return asset ? asset->url : STR_NONE;
}

void assets_each(const struct assets *assets, void (*each)(void *context, struct str name, struct str url),
	void *context)
{
	for (size_t i = 0; i < assets->list.count; i++)
		each(context, asset_at(assets, i)->name, asset_at(assets, i)->url);
}

enum result assets_answer(
	const struct assets *assets, struct str file, struct str accept_encoding, struct response *response)
{
	for (size_t i = 0; i < assets->list.count; i++) {
		const struct asset *asset = asset_at(assets, i);
		if (!str_equal(asset->file, file))
			continue;
		response_header(response, "Content-Type", str_of(asset->type));
		response_header(response, "Cache-Control", STR("public, max-age=31536000, immutable"));
		response->is_cacheable = true;
		response_header(response, "Vary", STR("Accept-Encoding"));
		bool packed = asset->packed.len > 0 && takes_gzip(accept_encoding);
		if (packed)
			response_header(response, "Content-Encoding", STR("gzip"));
		response->etag = packed ? asset->packed_etag : asset->etag;
		response->constant = packed ? asset->packed : asset->content;
		return RESULT_OK;
	}
	return RESULT_NOT_FOUND;
}
