#include "base/config.h"

#include "base/buf.h"
#include "base/str.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <ucl.h>

#define FILE_BYTES_MAX ((size_t)1 << 20)
#define NAME_MAX_BYTES 64

enum kind { KIND_TEXT, KIND_PATH, KIND_WORD, KIND_LIST, KIND_NUMBER, KIND_SIZE };

struct key {
	const char *name;
	enum kind kind;
	size_t offset;
	const char *initial; /* NULL: not set */
	const char *words;   /* KIND_WORD: "a|b" */
	int64_t least, most;
	const char *help;
};

#define TEXT(name, field, initial, help)                                                                     \
	{                                                                                                    \
		name, KIND_TEXT, offsetof(struct config, field), initial, NULL, 0, 0, help                   \
	}
#define PATH(name, field, initial, help)                                                                     \
	{                                                                                                    \
		name, KIND_PATH, offsetof(struct config, field), initial, NULL, 0, 0, help                   \
	}
#define WORD(name, field, initial, words, help)                                                              \
	{                                                                                                    \
		name, KIND_WORD, offsetof(struct config, field), initial, words, 0, 0, help                  \
	}
#define LIST(name, field, initial, help)                                                                     \
	{                                                                                                    \
		name, KIND_LIST, offsetof(struct config, field), initial, NULL, 0, 0, help                   \
	}
#define NUMBER(name, field, initial, least, most, help)                                                      \
	{                                                                                                    \
		name, KIND_NUMBER, offsetof(struct config, field), initial, NULL, least, most, help          \
	}
#define SIZE(name, field, initial, least, most, help)                                                        \
	{                                                                                                    \
		name, KIND_SIZE, offsetof(struct config, field), initial, NULL, least, most, help            \
	}

static const struct key keys[] = {
	TEXT("host_name", host_name, "localhost", "name of this node in mail"),
	TEXT("portal_url", portal_url, "https://127.0.0.1:8443", "address of the portal in notifications"),
	TEXT("return_domain", return_domain, "return.localhost", "domain of our tagged return addresses"),
	TEXT("database", database, "sqlite:sealpost.db", "sqlite:FILE or postgresql://…"),
	PATH("blobs", blobs, "blobs", "folder for large sealed content"),
	PATH("root_key", root_key, "root.key", "file with the root key"),
	PATH("web_dir", web_dir, NULL, "folder with templates, styles, languages"),
	PATH("outbox", outbox, NULL, "a Maildir that takes all outgoing mail instead of the net"),
	WORD("delivery", delivery, "smart_host", "smart_host|direct", "how mail goes outside"),
	LIST("listen.smtp", listen_smtp, NULL, "address:port with STARTTLS"),
	LIST("listen.smtps", listen_smtps, NULL, "address:port with TLS from the first byte"),
	LIST("listen.https", listen_https, NULL, "address:port of the portal"),
	LIST("listen.http", listen_http, NULL, "the same without TLS, only behind a proxy"),
	LIST("trusted_proxies", trusted_proxies, NULL, "address ranges whose X-Forwarded-For counts"),
	PATH("tls.certificate", tls_certificate, NULL, "certificate chain (PEM)"),
	PATH("tls.key", tls_key, NULL, "its key (PEM)"),
	PATH("tls.authorities", tls_authorities, NULL, "authorities trusted besides the system's (PEM)"),
	TEXT("smart_host.address", smart_host_address, NULL, "host:port that takes mail for outside"),
	WORD("smart_host.tls", smart_host_tls, "opportunistic", "opportunistic|verified",
		"TLS to the smart host"),
	TEXT("smart_host.user", smart_host_user, NULL, "user name at the smart host"),
	PATH("smart_host.password_file", smart_host_password_file, NULL, "file with the password"),
	TEXT("resolver.server", resolver_server, NULL, "name server, address@port (default: the system's)"),
	PATH("resolver.anchor", resolver_anchor, NULL, "DNSSEC trust anchor"),
	NUMBER("resolver.mx_port", mx_port, "25", 1, 65535, "port of mail exchangers"),
	SIZE("limits.mail_size", mail_size, "200MB", 1024, INT64_C(2) << 30, "largest mail"),
	NUMBER("limits.smtp_sessions", smtp_sessions, "500", 1, 10000, "SMTP sessions at once"),
	NUMBER("limits.smtp_sessions_per_network", smtp_sessions_per_network, "50", 1, 10000,
		"of one address"),
	NUMBER("limits.smtp_recipients", smtp_recipients, "1000", 1, 10000, "recipients of one transaction"),
	NUMBER("limits.smtp_errors", smtp_errors, "20", 1, 1000, "errors until a session ends"),
	NUMBER("limits.smtp_command_seconds", smtp_command_seconds, "300", 1, 3600, "wait for a command"),
	NUMBER("limits.delivery_workers", delivery_workers, "16", 1, 500, "deliveries at once"),
	NUMBER("limits.deliveries_per_destination", deliveries_per_destination, "5", 1, 100,
		"… to one destination"),
	NUMBER("limits.http_workers", http_workers, "8", 1, 200, "pages at once"),
	NUMBER("limits.database_connections", database_connections, "16", 1, 200,
		"connections to the database"),
	WORD("log_level", log_level, "info", "debug|info|warning|error", "least grave lines logged"),
};

static const char *const kind_names[] = {
	[KIND_TEXT] = "text",
	[KIND_PATH] = "path",
	[KIND_WORD] = "word",
	[KIND_LIST] = "list",
	[KIND_NUMBER] = "number",
	[KIND_SIZE] = "size",
};

size_t config_keys(struct config_key *ret, size_t room)
{
	for (size_t i = 0; i < COUNT_OF(keys) && i < room; i++)
		ret[i] = (struct config_key){.name = keys[i].name,
			.kind = keys[i].words ? keys[i].words : kind_names[keys[i].kind],
			.initial = keys[i].initial,
			.help = keys[i].help};
	return COUNT_OF(keys);
}

/* What errors are told with. */
struct loading {
	const char *file;
	struct str text;
	struct config *config;
	struct err *err;
};

static bool is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '-';
}

/* The line of a key: libucl forgets lines, so the text is looked through for the last part of the name,
 * behind the section it stands in. */
static int line_of(const struct loading *l, struct str name)
{
	size_t from = 0;
	ptrdiff_t at = 0;

	for (struct str rest = name; rest.ptr;) {
		struct str word = str_cut(&rest, '.');
		for (;;) {
			at = str_find(str_from(l->text, from), word);
			if (at < 0)
				return 1;
			size_t start = from + (size_t)at;
			from = start + word.len;
			bool whole = (start == 0 || !is_word_char(l->text.ptr[start - 1])) &&
				     (from >= l->text.len || !is_word_char(l->text.ptr[from]));
			size_t line = start;
			while (line > 0 && l->text.ptr[line - 1] != '\n')
				line--;
			if (whole && str_find_char(str_sub(l->text, line, start - line), '#') < 0)
				break;
		}
	}
	int number = 1;
	for (size_t i = 0; i < from; i++)
		number += l->text.ptr[i] == '\n';
	return number;
}

static enum result wrong(const struct loading *l, struct str name, const char *what)
{
	return err_set(
		l->err, RESULT_INVALID, "%s:%d: %.*s: %s", l->file, line_of(l, name), STR_ARG(name), what);
}

/* How many single changes turn one name into the other; names are short. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NAME_MAX_BYTES + 1], len = strlen(b);

	if (len > NAME_MAX_BYTES)
		return NAME_MAX_BYTES;
	for (size_t i = 0; i <= len; i++)
		row[i] = i;
	for (size_t i = 0; a[i]; i++) {
		size_t before = row[0];
		row[0] = i + 1;
		for (size_t k = 0; k < len; k++) {
			size_t change = before + (a[i] != b[k]);
			before = row[k + 1];
			size_t least = row[k] < row[k + 1] ? row[k] + 1 : row[k + 1] + 1;
			row[k + 1] = change < least ? change : least;
		}
	}
	return row[len];
}

static enum result unknown_key(const struct loading *l, const char *name)
{
	const char *nearest = NULL;
	size_t best = 4;
	char what[200];

	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		size_t d = distance(name, keys[i].name);
		if (d < best) {
			best = d;
			nearest = keys[i].name;
		}
	}
	(void)snprintf(what, sizeof(what), "there is no such key%s%s", nearest ? "; perhaps " : "",
		nearest ? nearest : "");
	return wrong(l, str_of(name), what);
}

static bool is_among(const char *words, struct str value)
{
	struct str rest = str_of(words);

	while (rest.ptr)
		if (str_equal(str_cut(&rest, '|'), value))
			return true;
	return false;
}

/* "200MB", "10 MiB", "1024". */
static bool read_size(struct str text, int64_t most, int64_t *ret)
{
	static const struct {
		const char *unit;
		int shift;
	} units[] = {
		{"", 0}, {"B", 0}, {"KB", 10}, {"KiB", 10}, {"MB", 20}, {"MiB", 20}, {"GB", 30}, {"GiB", 30}};
	size_t digits = 0;
	uint64_t number;

	while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
		digits++;
	struct str unit = str_trim(str_from(text, digits));
	for (size_t i = 0; i < COUNT_OF(units); i++)
		if (str_equal_nocase(unit, str_of(units[i].unit)) &&
			str_to_uint(str_sub(text, 0, digits), (uint64_t)most >> units[i].shift, &number)) {
			*ret = (int64_t)(number << units[i].shift);
			return true;
		}
	return false;
}

static const char *path_of(const struct loading *l, struct str value)
{
	char folder[1024];

	if (value.len == 0 || value.ptr[0] == '/')
		return arena_cstr(&l->config->arena, value);
	(void)snprintf(folder, sizeof(folder), "%s", l->file);
	return arena_printf(&l->config->arena, "%s/%.*s", dirname(folder), STR_ARG(value)).ptr;
}

static enum result set_number(const struct loading *l, const struct key *key, struct str value)
{
	int64_t *field = (int64_t *)(void *)((char *)l->config + key->offset);
	uint64_t number = 0;
	char what[200];
	int64_t got = 0;

	bool good = key->kind == KIND_SIZE ? read_size(value, key->most, &got)
					   : str_to_uint(value, (uint64_t)key->most, &number);
	if (key->kind == KIND_NUMBER)
		got = (int64_t)number;
	if (!good || got < key->least) {
		(void)snprintf(what, sizeof(what), "takes a %s from %lld to %lld%s, not %.*s",
			key->kind == KIND_SIZE ? "size" : "number", (long long)key->least,
			(long long)key->most, key->kind == KIND_SIZE ? " bytes, such as 25MB" : "",
			STR_ARG(str_sub(value, 0, 40)));
		return wrong(l, str_of(key->name), what);
	}
	*field = got;
	return RESULT_OK;
}

static enum result set_value(const struct loading *l, const struct key *key, struct str value)
{
	const char **field = (const char **)(void *)((char *)l->config + key->offset);
	struct config_list *list = (struct config_list *)(void *)((char *)l->config + key->offset);
	char what[200];

	switch (key->kind) {
	case KIND_TEXT:
		*field = arena_cstr(&l->config->arena, value);
		return RESULT_OK;
	case KIND_PATH:
		*field = path_of(l, value);
		return RESULT_OK;
	case KIND_WORD:
		if (!is_among(key->words, value)) {
			(void)snprintf(what, sizeof(what), "takes one of %s, not %.*s", key->words,
				STR_ARG(str_sub(value, 0, 40)));
			return wrong(l, str_of(key->name), what);
		}
		*field = arena_cstr(&l->config->arena, value);
		return RESULT_OK;
	case KIND_LIST:
		if (list->count == CONFIG_LIST_MAX)
			return wrong(l, str_of(key->name), "too many values");
		list->items[list->count++] = arena_cstr(&l->config->arena, value);
		return RESULT_OK;
	case KIND_NUMBER:
	case KIND_SIZE:
		return set_number(l, key, value);
	}
	return RESULT_INTERNAL;
}

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static enum result take_object(const struct loading *l, const ucl_object_t *object, const char *name)
{
	const struct key *key = find_key(name);
	ucl_object_iter_t each = NULL;
	const ucl_object_t *item;

	if (key == NULL)
		return unknown_key(l, name);
	if (key->kind == KIND_LIST && ucl_object_type(object) == UCL_ARRAY) {
		while ((item = ucl_object_iterate(object, &each, true)))
			TRY(set_value(l, key, str_of(ucl_object_tostring_forced(item))));
		return RESULT_OK;
	}
	if (ucl_object_type(object) == UCL_ARRAY || ucl_object_type(object) == UCL_OBJECT)
		return wrong(l, str_of(name), "takes one value");
	return set_value(l, key, str_of(ucl_object_tostring_forced(object)));
}

static enum result take_section(const struct loading *l, const ucl_object_t *section, const char *prefix)
{
	ucl_object_iter_t each = NULL;
	const ucl_object_t *object;

	while ((object = ucl_object_iterate(section, &each, true))) {
		char name[NAME_MAX_BYTES * 2];
		(void)snprintf(
			name, sizeof(name), "%s%s%s", prefix, prefix[0] ? "." : "", ucl_object_key(object));
		enum result result = ucl_object_type(object) == UCL_OBJECT && prefix[0] == '\0'
					     ? take_section(l, object, ucl_object_key(object))
					     : take_object(l, object, name);
		TRY(result);
	}
	return RESULT_OK;
}

static enum result read_file(const char *file, struct buf *text, struct err *err)
{
	char piece[4096];
	FILE *f = fopen(file, "re");

	if (f == NULL)
		return err_set(
			err, RESULT_NOT_FOUND, "%s: %s; make one with: sealpost init", file, strerror(errno));
	for (size_t got; (got = fread(piece, 1, sizeof(piece), f)) > 0;)
		buf_add_bytes(text, piece, got);
	(void)fclose(f);
	return text->overflow
		       ? err_set(err, RESULT_TOO_LARGE, "%s is larger than %zu bytes", file, FILE_BYTES_MAX)
		       : RESULT_OK;
}

static enum result parse(struct loading *l, const char *file)
{
	/* Numbers and sizes are read by us, so that "200MB" stays a text. */
	struct ucl_parser *parser = ucl_parser_new(UCL_PARSER_NO_TIME | UCL_PARSER_NO_IMPLICIT_ARRAYS);

	if (!ucl_parser_add_chunk(parser, (const unsigned char *)l->text.ptr, l->text.len)) {
		enum result result = err_set(l->err, RESULT_INVALID, "%s:%u: %s", file,
			ucl_parser_get_linenum(parser), ucl_parser_get_error(parser));
		ucl_parser_free(parser);
		return result;
	}
	ucl_object_t *top = ucl_parser_get_object(parser);
	enum result result = top ? take_section(l, top, "") : RESULT_OK;
	if (top)
		ucl_object_unref(top);
	ucl_parser_free(parser);
	return result;
}

static enum result check(const struct loading *l)
{
	const struct config *c = l->config;

	if (c->listen_smtps.count + c->listen_https.count > 0 &&
		(c->tls_certificate == NULL || c->tls_key == NULL))
		return err_set(l->err, RESULT_INVALID,
			"%s:1: listening with TLS needs tls.certificate and tls.key", l->file);
	if (strcmp(c->delivery, "smart_host") == 0 && c->smart_host_address == NULL && c->outbox == NULL)
		return err_set(l->err, RESULT_INVALID,
			"%s:1: mail for outside needs smart_host.address, or delivery = direct, or an outbox",
			l->file);
	if (strncmp(c->portal_url, "https://", 8) != 0 || c->portal_url[strlen(c->portal_url) - 1] == '/')
		return wrong(l, STR("portal_url"), "begins with https:// and ends without a slash");
	return RESULT_OK;
}

enum result config_load(const char *file, struct config **ret, struct err *err)
{
	cleanup(config_free_at) struct config *config = mem_new(sizeof(*config));
	cleanup(buf_done) struct buf text = buf_new(FILE_BYTES_MAX);
	struct loading loading = {.file = file, .config = config, .err = err};

	config->file = arena_cstr(&config->arena, str_of(file));
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (keys[i].initial)
			TRY(set_value(&loading, &keys[i], str_of(keys[i].initial)));
	TRY(read_file(file, &text, err));
	loading.text = text.len ? buf_str(&text) : STR("\n");
	TRY(parse(&loading, file));
	TRY(check(&loading));
	if (strncmp(config->database, "sqlite:", 7) == 0) {
		const char *path = path_of(&loading, str_of(config->database + 7));
		config->database = arena_printf(&config->arena, "sqlite:%s", path).ptr;
	}
	*ret = TAKE(config);
	return RESULT_OK;
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	arena_done(&config->arena);
	free(config);
}
