#include "cli/admin.h"

#include "base/clock.h"
#include "cli/exit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LINE_MAX_BYTES 1024
#define COLUMNS_MAX 16
#define CELL_MAX_BYTES 65536

json_t *admin_text(struct str text)
{
	json_t *value = json_stringn(text.ptr ? text.ptr : "", text.len);

	return value ? value : json_string("");
}

json_t *admin_id(struct id id)
{
	return id_is_none(id) ? json_null() : json_string(id_text(id).s);
}

json_t *admin_time(int64_t when)
{
	char text[32];
	time_t seconds = (time_t)(when / MS_SECOND);
	struct tm tm;

	if (when == 0)
		return json_null();
	(void)gmtime_r(&seconds, &tm);
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

/* What steers how text is shown becomes spaces: replies of other servers and addresses of strangers must not
 * steer the administrator's terminal. JSON's texts are UTF-8. */
static char *tame(char *text)
{
	for (struct str rest = str_of(text); rest.len;) {
		char *at = text + (rest.ptr - text);
		if (is_steering_character(str_cut_character(&rest)))
			memset(at, ' ', (size_t)(rest.ptr - at));
	}
	return text;
}

/* "sales, north"; the caller frees it. */
static char *words_of(const json_t *list)
{
	cleanup(buf_done) struct buf text = buf_new_public(CELL_MAX_BYTES);
	size_t index;
	const json_t *word;

	json_array_foreach((json_t *)(uintptr_t)list, index, word)
		buf_printf(&text, "%s%s", index ? ", " : "", json_string_value(word));
	return mem_strdup(text.len ? text.data : "-");
}

/* A cell as text; the caller frees it. */
static char *cell(const json_t *row, const char *column)
{
	const json_t *value = json_object_get(row, column);

	if (value == NULL || json_is_null(value))
		return mem_strdup("-");
	if (json_is_string(value))
		return tame(mem_strdup(json_string_value(value)));
	if (json_is_array(value))
		return tame(words_of(value));
	if (json_is_boolean(value))
		return mem_strdup(json_is_true(value) ? "yes" : "no");
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	return text ? text : mem_strdup("?");
}

static void print_table(FILE *out, const json_t *list, const char *const *columns)
{
	size_t widths[COLUMNS_MAX] = {0}, index;
	const json_t *row;

	for (size_t c = 0; columns[c] && c < COLUMNS_MAX; c++) {
		widths[c] = strlen(columns[c]);
		json_array_foreach((json_t *)(uintptr_t)list, index, row)
		{
			cleanup(mem_free_at) char *text = cell(row, columns[c]);
			if (strlen(text) > widths[c])
				widths[c] = strlen(text);
		}
		(void)fprintf(out, "%-*s%s", (int)widths[c], columns[c], columns[c + 1] ? "  " : "\n");
	}
	json_array_foreach((json_t *)(uintptr_t)list, index, row) for (size_t c = 0;
								       columns[c] && c < COLUMNS_MAX; c++)
	{
		cleanup(mem_free_at) char *text = cell(row, columns[c]);
		(void)fprintf(out, "%-*s%s", columns[c + 1] ? (int)widths[c] : 0, text,
			columns[c + 1] ? "  " : "\n");
	}
}

FILE *admin_out(const struct admin *admin)
{
	return admin->out ? admin->out : stdout;
}

struct reading {
	struct admin *admin;
	db_work work;
	void *context;
};

static enum result read_afresh(struct tx *tx, void *context, struct err *err)
{
	const struct reading *r = context;

	rewind(r->admin->out);
	return r->work(tx, r->context, err);
}

enum result admin_read(struct admin *admin, db_work work, void *context, struct err *err)
{
	struct reading reading = {admin, work, context};
	char *text = NULL;
	size_t size = 0;

	admin->out = open_memstream(&text, &size);
	if (admin->out == NULL)
		return err_set(err, RESULT_UNAVAILABLE, "no memory is left");
	enum result result = db_read(admin->node.db, read_afresh, &reading, err);
	(void)fclose(admin->out);
	admin->out = NULL;
	if (result == RESULT_OK)
		(void)fwrite(text, 1, size, stdout);
	free(text);
	return result;
}

void admin_print(const struct admin *admin, json_t *list, const char *const *columns)
{
	FILE *out = admin_out(admin);

	if (admin->json) {
		(void)json_dumpf(list, out, JSON_INDENT(2));
		(void)fprintf(out, "\n");
	} else {
		print_table(out, list, columns);
	}
	json_decref(list);
}

void admin_print_one(const struct admin *admin, json_t *object, const char *text)
{
	if (admin->json)
		(void)json_dumpf(object, stdout, JSON_INDENT(2));
	(void)printf("%s\n", admin->json ? "" : text);
	json_decref(object);
}

void admin_print_id(const struct admin *admin, struct id id)
{
	admin_print_one(admin, json_pack("{s:s}", "id", id_text(id).s), id_text(id).s);
}

struct zone_query {
	struct admin *admin;
	const struct zone *zone;
};

static enum result find_zone(struct tx *tx, void *context, struct err *err)
{
	struct zone_query *q = context;
	struct account_settings settings;

	TRY(settings_load(tx, q->admin->actor.account_id, &q->admin->arena, &settings, err));
	q->zone = zone_find(q->admin->node.zones, settings.time_zone);
	return RESULT_OK;
}

enum result admin_zone(struct admin *admin, const struct zone **ret, struct err *err)
{
	struct zone_query query = {.admin = admin};

	TRY(admin_read(admin, find_zone, &query, err));
	*ret = query.zone ? query.zone : zone_utc();
	return RESULT_OK;
}

enum result admin_read_line(struct admin *admin, struct str *ret, struct err *err)
{
	char line[LINE_MAX_BYTES];

	if (fgets(line, sizeof(line), stdin) == NULL)
		return err_set(err, RESULT_INVALID, "nothing came on standard input");
	bool whole = strchr(line, '\n') || strlen(line) + 1 < sizeof(line);
	line[strcspn(line, "\r\n")] = '\0';
	*ret = arena_str(&admin->arena, str_of(line));
	explicit_bzero(line, sizeof(line));
	if (!whole)
		return err_set(err, RESULT_TOO_LARGE, "the line is longer than %d bytes", LINE_MAX_BYTES - 2);
	return ret->len ? RESULT_OK : err_set(err, RESULT_INVALID, "the line on standard input is empty");
}

static int usage(const char *command, const struct admin_verb *verbs, size_t count, bool is_help)
{
	FILE *to = is_help ? stdout : stderr;

	(void)fprintf(to, "Usage:\n");
	for (size_t i = 0; i < count; i++)
		(void)fprintf(to, "  sealpost %s %s\n", command, verbs[i].usage);
	(void)fprintf(to, "sealpost %s VERB --help tells more of one.\n", command);
	return is_help ? 0 : EXIT_USAGE;
}

static enum result run_verb(
	struct admin *admin, const struct admin_verb *verb, const struct options *options, struct err *err)
{
	TRY(node_open(admin->config, true, &admin->node, err));
	admin->now = clock_now();
	admin->actor = (struct actor){.origin = STR("cli")};
	if (verb->needs_account)
		TRY(node_find_account(&admin->node, admin->account, &admin->actor.account_id, err));
	return verb->run(admin, options, err);
}

/* Whether the verb takes the option: its usage names it, or it is one of those that all have. */
static bool takes(const struct admin_verb *verb, const char *option)
{
	char named[40];

	if (strcmp(option, "config") == 0)
		return true;
	if (strcmp(option, "account") == 0)
		return verb->needs_account;
	int len = snprintf(named, sizeof(named), "--%s", option);
	for (const char *at = verb->usage; (at = strstr(at, named)) != NULL; at += len)
		if (strchr(" ]|)", at[len]))
			return true;
	return false;
}

int admin_run(const char *command, const struct admin_verb *verbs, size_t verb_count,
	const struct option_row *rows, size_t row_count, struct admin *admin, int argc, char **argv)
{
	const struct admin_verb *verb = NULL;
	struct option_row taken[ADMIN_ROWS_MAX];
	struct err err = {0};
	char usage_line[600];
	size_t count = 0;

	for (size_t i = 0; i < verb_count && argc > 1; i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			verb = &verbs[i];
	if (verb == NULL) {
		bool is_help = argc > 1 && options_is_help(argv[1]);
		if (argc > 1 && !is_help)
			(void)fprintf(stderr, "sealpost: %s has no verb %s\n", command, argv[1]);
		return usage(command, verbs, verb_count, is_help);
	}
	(void)snprintf(usage_line, sizeof(usage_line), "%s %s", command, verb->usage);
	for (size_t i = 0; i < row_count && count < ADMIN_ROWS_MAX; i++)
		if (takes(verb, rows[i].name))
			taken[count++] = rows[i];
	struct options options = {.usage = usage_line, .takes = verb->usage, .rows = taken, .count = count};
	int code = options_read(&options, argc - 1, argv + 1, verb->least, verb->most);
	if (code >= 0)
		return code;
	enum result result = run_verb(admin, verb, &options, &err);
	node_close(&admin->node);
	arena_done(&admin->arena);
	return exit_with(result, &err);
}
