/* Styles, scripts and icons, read once at start: served from memory under a name that holds the hash of
 * their content, so browsers keep them for ever and a new version is a new name. */
#ifndef WEB_ASSETS_H
#define WEB_ASSETS_H

#include "base/mem.h"
#include "base/result.h"
#include "web/request.h"
#include "web/response.h"

struct assets;

/* Reads the folders styles, scripts and icons of web_dir (files of known types, no subfolders, each up to
 * LIMIT_ASSET_BYTES). NOT_FOUND: no such folder; INVALID: two files of one name, or a type not known. */
enum result assets_load(const char *web_dir, struct assets **ret, struct err *err) must_check;
void assets_free(struct assets *assets);
DEFINE_CLEANUP(struct assets *, assets_free)

/* "/static/sealpost.<hash>.css" for "sealpost.css"; NUL-terminated, lives as long as the assets. A name
 * that does not exist gives STR_NONE. */
struct str assets_url(const struct assets *assets, const char *name);

/* Calls back for every file: its name and its URL. */
void assets_each(const struct assets *assets, void (*each)(void *context, struct str name, struct str url),
	void *context);

/* Answers a request for "/static/{file}", packed when its Accept-Encoding takes gzip; NOT_FOUND otherwise. */
enum result assets_answer(const struct assets *assets, struct str file, struct str accept_encoding,
	struct response *response) must_check;

#endif
