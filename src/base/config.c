#include "base/config.h"

#include "base/buf.h"
#include "base/config_form.h"
#include "base/str.h"

#include <assert.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#define FILE_BYTES_MAX ((size_t)1 << 20)
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* of editors that add one */
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
	const struct config_form *form; /* NULL: any */
};

#define TEXT(name, field, initial, help)                                                                     \
	{                                                                                                    \
		name, KIND_TEXT, offsetof(struct config, field), initial, NULL, 0, 0, help, NULL             \
	}
#define FORM(name, field, initial, form, help)                                                               \
	{                                                                                                    \
		name, KIND_TEXT, offsetof(struct config, field), initial, NULL, 0, 0, help, form             \
	}
#define PATH(name, field, initial, help)                                                                     \
	{                                                                                                    \
		name, KIND_PATH, offsetof(struct config, field), initial, NULL, 0, 0, help, NULL             \
	}
#define WORD(name, field, initial, words, help)                                                              \
	{                                                                                                    \
		name, KIND_WORD, offsetof(struct config, field), initial, words, 0, 0, help, NULL            \
	}
#define LIST(name, field, form, help)                                                                        \
	{                                                                                                    \
		name, KIND_LIST, offsetof(struct config, field), NULL, NULL, 0, 0, help, form                \
	}
#define NUMBER(name, field, initial, least, most, help)                                                      \
	{                                                                                                    \
		name, KIND_NUMBER, offsetof(struct config, field), initial, NULL, least, most, help, NULL    \
	}
#define SIZE(name, field, initial, least, most, help)                                                        \
	{                                                                                                    \
		name, KIND_SIZE, offsetof(struct config, field), initial, NULL, least, most, help, NULL      \
	}

static const struct key keys[] = {
	TEXT("node_name", node_name, NULL,
		"of this node among those on one database (default: machine and file)"),
	FORM("host_name", host_name, "localhost", &config_domain, "name of this node in mail"),
	FORM("portal_url", portal_url, "https://127.0.0.1:8443", &config_url,
		"address of the portal in notifications"),
	FORM("return_domain", return_domain, "return.localhost", &config_domain,
		"domain of our tagged return addresses"),
	FORM("database", database, "sqlite:sealpost.db", &config_database, "sqlite:FILE or postgresql://…"),
	PATH("blobs", blobs, "blobs", "folder for large sealed content"),
	PATH("destructions", destructions, "destructions",
		"list of destroyed keys: keep it apart from backups, and never restore an older one"),
	PATH("root_key", root_key, "root.key", "file with the root key"),
	PATH("web_dir", web_dir, NULL, "folder with templates, styles, languages"),
	PATH("logos", logos, "logos",
		"folder with the accounts' logos, kept by: sealpost account set logo_file FILE"),
	PATH("outbox", outbox, NULL, "a Maildir that takes all outgoing mail instead of the net"),
	WORD("delivery", delivery, "smart_host", "smart_host|direct", "how mail goes outside"),
	LIST("listen.smtp", listen_smtp, &config_listen, "address:port with STARTTLS"),
	LIST("listen.smtps", listen_smtps, &config_listen, "address:port with TLS from the first byte"),
	LIST("listen.https", listen_https, &config_listen, "address:port of the portal"),
	LIST("listen.http", listen_http, &config_listen, "the same without TLS, only behind a proxy"),
	LIST("trusted_proxies", trusted_proxies, &config_network,
		"address ranges whose X-Forwarded-For counts"),
	PATH("tls.certificate", tls_certificate, NULL, "certificate chain (PEM)"),
	PATH("tls.key", tls_key, NULL, "its key (PEM)"),
	PATH("tls.authorities", tls_authorities, NULL, "authorities trusted besides the system's (PEM)"),
	FORM("smart_host.address", smart_host_address, NULL, &config_host,
		"host:port that takes mail for outside"),
	WORD("smart_host.tls", smart_host_tls, "opportunistic", "opportunistic|verified",
		"TLS to the smart host"),
	TEXT("smart_host.user", smart_host_user, NULL, "user name at the smart host"),
	PATH("smart_host.password_file", smart_host_password_file, NULL, "file with the password"),
	FORM("resolver.server", resolver_server, NULL, &config_resolver,
		"name server, address@port (default: the system's)"),
	PATH("resolver.anchor", resolver_anchor, NULL, "DNSSEC trust anchor"),
	NUMBER("resolver.mx_port", mx_port, "25", 1, 65535, "port of mail exchangers"),
	SIZE("limits.mail_size", mail_size, "200MB", 1024, INT64_C(2) << 30, "largest mail"),
	NUMBER("limits.smtp_sessions", smtp_sessions, "500", 1, 10000, "SMTP sessions at once"),
	NUMBER("limits.smtp_sessions_per_network", smtp_sessions_per_network, "50", 1, 10000,
		"… of one network that is no source"),
	NUMBER("limits.smtp_strangers", smtp_strangers, "250", 1, 10000,
		"… of all networks that are no source"),
	NUMBER("limits.smtp_mails_per_session", smtp_mails_per_session, "10000", 1, 1000000,
		"mails in one session"),
	NUMBER("limits.smtp_recipients", smtp_recipients, "1000", 1, 10000, "recipients of one transaction"),
	NUMBER("limits.smtp_soft_errors", smtp_soft_errors, "10", 1, 1000,
		"errors until answers are held back"),
	NUMBER("limits.smtp_errors", smtp_errors, "20", 1, 1000, "errors until a session ends"),
	NUMBER("limits.smtp_junk_commands", smtp_junk_commands, "100", 1, 10000,
		"commands without a mail until a session ends"),
	NUMBER("limits.smtp_hops", smtp_hops, "30", 1, 100, "Received lines until a mail is a loop"),
	NUMBER("limits.smtp_command_seconds", smtp_command_seconds, "300", 1, 3600, "wait for a command"),
	NUMBER("limits.smtp_stranger_command_seconds", smtp_stranger_command_seconds, "30", 1, 3600,
		"… of who is no source"),
	NUMBER("limits.smtp_handshake_seconds", smtp_handshake_seconds, "30", 1, 600, "for a TLS handshake"),
	NUMBER("limits.smtp_data_idle_seconds", smtp_data_idle_seconds, "180", 1, 3600,
		"wait for more of a mail"),
	NUMBER("limits.smtp_data_grace_seconds", smtp_data_grace_seconds, "60", 1, 3600,
		"until the minimum rate counts"),
	NUMBER("limits.smtp_data_rate", smtp_data_rate, "500", 1, 1000000000,
		"bytes a second a mail comes with at least"),
	NUMBER("limits.http_connections", http_connections, "2000", 1, 100000,
		"connections to the portal at once"),
	NUMBER("limits.http_connections_per_address", http_connections_per_address, "200", 1, 100000,
		"… of one address, unless behind a proxy"),
	NUMBER("limits.http_waiting", http_waiting, "256", 1, 100000, "requests that wait for a worker"),
	NUMBER("limits.http_head_seconds", http_head_seconds, "20", 1, 600,
		"for handshake and head of a request"),
	NUMBER("limits.http_idle_seconds", http_idle_seconds, "30", 1, 600, "a connection may say nothing"),
	NUMBER("limits.http_grace_seconds", http_grace_seconds, "25", 1, 600,
		"until the minimum rate counts"),
	NUMBER("limits.http_rate", http_rate, "4096", 1, 1000000000,
		"bytes a second a body moves with at least"),
	NUMBER("limits.delivery_workers", delivery_workers, "16", 1, 500, "deliveries at once"),
	NUMBER("limits.deliveries_per_destination", deliveries_per_destination, "5", 1, 100,
		"… to one destination, and to one server of many"),
	NUMBER("limits.node_silence_seconds", node_silence_seconds, "60", 10, 3600,
		"until others go on with what a dead node held"),
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

/* What is being loaded, and the first thing that was wrong with it. */
struct loading {
	const char *file;
	struct config *config;
	struct err *err;
	struct str rest; /* of the text, from the next token on */
	int line;	 /* on which that begins */
};

static enum result wrong(const struct loading *l, int line, const char *name, const char *what)
{
	return err_set(l->err, RESULT_INVALID, "%s:%d: %s: %s", l->file, line, name, what);
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

/* The key that was perhaps meant, or NULL. */
static const char *nearest_key(const char *name)
{
	const char *nearest = NULL;
	size_t best = 4;

	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		size_t d = distance(name, keys[i].name);
		if (d < best) {
			best = d;
			nearest = keys[i].name;
		}
	}
	return nearest;
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

static const char *path_of(struct loading *l, struct str value)
{
	char folder[1024];

	if (value.len == 0 || value.ptr[0] == '/')
		return arena_cstr(&l->config->arena, value);
	(void)snprintf(folder, sizeof(folder), "%s", l->file);
	return arena_printf(&l->config->arena, "%s/%.*s", dirname(folder), STR_ARG(value)).ptr;
}

static enum result set_number(struct loading *l, const struct key *key, struct str value, int line)
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
		return wrong(l, line, key->name, what);
	}
	*field = got;
	return RESULT_OK;
}

/* What no key takes: nothing, or what would garble the lines that it is shown in. */
static const char *fault_of(const struct key *key, struct str value)
{
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.ptr[i] < ' ' || value.ptr[i] == 0x7f)
			return "a control character is in the value";
	bool may_be_any = key->kind == KIND_TEXT || key->kind == KIND_PATH;
	return value.len == 0 && may_be_any && !key->form ? "a value is missing" : NULL;
}

static enum result set_value(struct loading *l, const struct key *key, struct str value, int line)
{
	const char **field = (const char **)(void *)((char *)l->config + key->offset);
	struct config_list *list = (struct config_list *)(void *)((char *)l->config + key->offset);
	const char *fault = fault_of(key, value);
	char what[200];

	if (fault)
		return wrong(l, line, key->name, fault);
	if (key->form && !key->form->fits(value)) {
		(void)snprintf(
			what, sizeof(what), "%s, not %.*s", key->form->takes, STR_ARG(str_sub(value, 0, 40)));
		return wrong(l, line, key->name, what);
	}
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
			return wrong(l, line, key->name, what);
		}
		*field = arena_cstr(&l->config->arena, value);
		return RESULT_OK;
	case KIND_LIST:
		if (list->count == CONFIG_LIST_MAX)
			return wrong(l, line, key->name, "too many values");
		list->items[list->count++] = arena_cstr(&l->config->arena, value);
		return RESULT_OK;
	case KIND_NUMBER:
	case KIND_SIZE:
		return set_number(l, key, value, line);
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

/* The syntax: `name = value`, `name = {value, value}`, `section { … }`, `# comment` to the end of the line. A
 * value is a word, or in double quotes. A token is one of = { } , or a word. */
struct token {
	struct str text; /* empty at the end of the file */
	bool quoted;
	int line;
};

static void skip_blanks(struct loading *l)
{
	while (l->rest.len > 0) {
		char c = l->rest.ptr[0];
		if (c == '#') {
			ptrdiff_t end = str_find_char(l->rest, '\n');
			l->rest = end < 0 ? STR("") : str_from(l->rest, (size_t)end);
			continue;
		}
		if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
			return;
		l->line += c == '\n';
		l->rest = str_from(l->rest, 1);
	}
}

static enum result next_token(struct loading *l, struct token *ret)
{
	skip_blanks(l);
	*ret = (struct token){.line = l->line};
	if (l->rest.len == 0)
		return RESULT_OK;
	size_t len = 1;
	if (l->rest.ptr[0] == '"') {
		ptrdiff_t end = str_find_char(str_from(l->rest, 1), '"');
		if (end < 0 || str_find_char(str_sub(l->rest, 1, (size_t)end), '\n') >= 0)
			return wrong(l, l->line, "not understood", "a quotation mark is missing");
		ret->text = str_sub(l->rest, 1, (size_t)end);
		ret->quoted = true;
		l->rest = str_from(l->rest, (size_t)end + 2);
		return RESULT_OK;
	}
	if (strchr("={},", l->rest.ptr[0]) == NULL)
		while (len < l->rest.len && strchr("={},#\" \t\r\n", l->rest.ptr[len]) == NULL)
			len++;
	ret->text = str_sub(l->rest, 0, len);
	l->rest = str_from(l->rest, len);
	return RESULT_OK;
}

static bool is_mark(const struct token *token, char mark)
{
	return !token->quoted && token->text.len == 1 && token->text.ptr[0] == mark;
}

static bool is_value(const struct token *token)
{
	return token->quoted || (token->text.len > 0 && strchr("={},", token->text.ptr[0]) == NULL);
}

static enum result take_list(struct loading *l, const struct key *key)
{
	struct token token;

	for (;;) {
		TRY(next_token(l, &token));
		if (is_mark(&token, '}'))
			return RESULT_OK;
		if (!is_value(&token))
			return wrong(l, token.line, key->name, "a list is {value, value}");
		TRY(set_value(l, key, token.text, token.line));
		TRY(next_token(l, &token));
		if (is_mark(&token, '}'))
			return RESULT_OK;
		if (!is_mark(&token, ','))
			return wrong(l, token.line, key->name, "a list is {value, value}");
	}
}

static enum result unknown_key(const struct loading *l, int line, const char *name)
{
	char what[200];
	const char *nearest = nearest_key(name);

	(void)snprintf(what, sizeof(what), "there is no such key%s%s", nearest ? "; perhaps " : "",
		nearest ? nearest : "");
	return wrong(l, line, name, what);
}

/* Behind `name =`. */
static enum result take_assignment(struct loading *l, const char *name, int line)
{
	const struct key *key = find_key(name);
	struct token token;

	if (key == NULL)
		return unknown_key(l, line, name);
	int *known = &l->config->lines[key - keys];
	if (*known) {
		char what[60];
		(void)snprintf(what, sizeof(what), "is set in line %d already", *known);
		return wrong(l, line, name, what);
	}
	*known = line;
	TRY(next_token(l, &token));
	if (is_mark(&token, '{'))
		return key->kind == KIND_LIST ? take_list(l, key)
					      : wrong(l, token.line, name, "takes one value");
	if (!is_value(&token))
		return wrong(l, line, name, "a value is missing");
	return set_value(l, key, token.text, token.line);
}

/* One `name = value` or `section { … }`; *ret_end at the end of the section or file. */
static enum result take_statement(struct loading *l, const char *section, bool *ret_end)
{
	struct token word, mark;
	char name[NAME_MAX_BYTES * 2];

	TRY(next_token(l, &word));
	*ret_end = section[0] ? is_mark(&word, '}') : word.text.len == 0;
	if (*ret_end)
		return RESULT_OK;
	if (word.text.len == 0)
		return wrong(l, word.line, section, "the closing } is missing");
	if (!is_value(&word) || word.text.len > NAME_MAX_BYTES)
		return wrong(l, word.line, "not understood", "a line is name = value");
	(void)snprintf(name, sizeof(name), "%s%s%.*s", section, section[0] ? "." : "", STR_ARG(word.text));
	TRY(next_token(l, &mark));
	if (is_mark(&mark, '='))
		return take_assignment(l, name, word.line);
	if (!is_mark(&mark, '{') || section[0])
		return wrong(l, word.line, name, "a line is name = value");
	for (bool end = false; !end;)
		TRY(take_statement(l, name, &end));
	return RESULT_OK;
}

static_assert(COUNT_OF(keys) <= CONFIG_KEYS_MAX, "the lines of all keys have room");

enum result config_at(const struct config *config, const char *key, enum result result, struct err *err)
{
	char text[sizeof(err->text)];
	const struct key *found = find_key(key);

	if (result == RESULT_OK || found == NULL || err == NULL)
		return result;
	int line = config->lines[found - keys];
	(void)snprintf(text, sizeof(text), "%s", err->text);
	const char *code = err->code ? err->code : found->name;
	return line ? err_code(err, result, code, "%.120s:%d: %s: %.300s", config->file, line, key, text)
		    : err_code(err, result, code, "%.120s: %s: %.300s", config->file, key, text);
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
	bool is_read = ferror(f) == 0;
	int why = errno;
	(void)fclose(f);
	if (!is_read)
		return err_set(err, RESULT_INVALID, "%s: %s", file, strerror(why));
	if (str_find_char(buf_str(text), '\0') >= 0)
		return err_set(err, RESULT_INVALID, "%s:1: not a text file", file);
	return text->overflow
		       ? err_set(err, RESULT_TOO_LARGE, "%s is larger than %zu bytes", file, FILE_BYTES_MAX)
		       : RESULT_OK;
}

bool config_sets(const struct config *config, const char *key)
{
	const struct key *found = find_key(key);

	return found && config->lines[found - keys] > 0;
}

/* Keys that say nothing without another one. */
static const struct {
	const char *key, *needs;
} together[] = {
	{"tls.certificate", "tls.key"},
	{"tls.key", "tls.certificate"},
	{"smart_host.user", "smart_host.password_file"},
	{"smart_host.password_file", "smart_host.user"},
	{"listen.smtps", "tls.certificate"},
	{"listen.https", "tls.certificate"},
};

/* Two listeners on one place: the second would find the port taken, by us. */
static enum result check_listeners(const struct loading *l)
{
	static const char *const names[] = {"listen.smtp", "listen.smtps", "listen.https", "listen.http"};
	const struct config *c = l->config;
	const struct config_list *lists[] = {
		&c->listen_smtp, &c->listen_smtps, &c->listen_https, &c->listen_http};
	const char *seen[COUNT_OF(lists) * CONFIG_LIST_MAX];
	size_t count = 0;

	for (size_t list = 0; list < COUNT_OF(lists); list++)
		for (size_t i = 0; i < lists[list]->count; i++) {
			struct str place = str_of(lists[list]->items[i]);
			for (size_t k = 0; k < count; k++)
				if (str_equal(str_of(seen[k]), place) && !str_ends_nocase(place, STR(":0")))
					return config_at(c, names[list],
						err_set(l->err, RESULT_INVALID,
							"%.*s stands twice; give each port once",
							STR_ARG(place)),
						l->err);
			seen[count++] = lists[list]->items[i];
		}
	return RESULT_OK;
}

static enum result check(const struct loading *l)
{
	const struct config *c = l->config;

	TRY(check_listeners(l));
	for (size_t i = 0; i < COUNT_OF(together); i++)
		if (config_sets(c, together[i].key) && !config_sets(c, together[i].needs))
			return config_at(c, together[i].key,
				err_set(l->err, RESULT_INVALID, "needs %s as well", together[i].needs),
				l->err);
	if (strcmp(c->delivery, "smart_host") == 0 && c->smart_host_address == NULL && c->outbox == NULL)
		return config_at(c, "delivery",
			err_set(l->err, RESULT_INVALID,
				"mail for outside needs smart_host.address, or delivery = direct, or an "
				"outbox"),
			l->err);
	return RESULT_OK;
}

enum result config_load(const char *file, struct config **ret, struct err *err)
{
	cleanup(config_free_at) struct config *config = mem_new(sizeof(*config));
	cleanup(buf_done) struct buf text = buf_new(FILE_BYTES_MAX);
	struct loading loading = {.file = file, .config = config, .err = err, .line = 1};

	config->file = arena_cstr(&config->arena, str_of(file));
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (keys[i].initial)
			TRY(set_value(&loading, &keys[i], str_of(keys[i].initial), 0));
	TRY(read_file(file, &text, err));
	loading.rest = buf_str(&text);
	if (str_starts(loading.rest, STR(BYTE_ORDER_MARK)))
		loading.rest = str_from(loading.rest, strlen(BYTE_ORDER_MARK));
	for (bool end = false; !end;)
		TRY(take_statement(&loading, "", &end));
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
