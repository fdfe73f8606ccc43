#include "scenario.h"

#include "base/clock.h"
#include "base/list.h"
#include "certificates.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define WAIT_MS (20 * MS_SECOND) /* only a hanging test waits so long */
#define LINE_BYTES 20000

static int hex(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* "\r\n\x00" in quotes becomes bytes; "\*N" repeats the byte before it to N in all. */
static struct str unescape(struct str quoted, struct arena *arena)
{
	cleanup(buf_done) struct buf out = buf_new(1 << 20);

	assert(quoted.len >= 2 && quoted.ptr[0] == '"' && quoted.ptr[quoted.len - 1] == '"');
	for (size_t i = 1; i + 1 < quoted.len; i++) {
		char c = quoted.ptr[i];
		if (c != '\\') {
			buf_add_char(&out, c);
			continue;
		}
		c = quoted.ptr[++i];
		if (c == 'x') {
			buf_add_char(&out, (char)(hex(quoted.ptr[i + 1]) * 16 + hex(quoted.ptr[i + 2])));
			i += 2;
		} else if (c == '*') {
			char last = out.data[out.len - 1];
			long times = strtol(quoted.ptr + i + 1, NULL, 10);
			while (quoted.ptr[i + 1] >= '0' && quoted.ptr[i + 1] <= '9')
				i++;
			for (long n = 1; n < times; n++)
				buf_add_char(&out, last);
		} else {
			buf_add_char(&out, (char)(c == 'r'    ? '\r'
						   : c == 'n' ? '\n'
						   : c == 't' ? '\t'
						   : c == '0' ? '\0'
							      : c));
		}
	}
	return arena_str(arena, buf_str(&out));
}

struct reading {
	struct arena *arena;
	struct scenario *scenario;
	struct list steps, settings, checks;
};

static void add_word(struct list *list, struct str rest, int line, struct arena *arena)
{
	struct str value = rest, name = str_cut(&value, ' ');

	value = str_trim(value);
	if (value.len && value.ptr[0] == '"')
		value = unescape(value, arena);
	*(struct word *)list_add(list) = (struct word){name, value, line};
}

static void add_text(struct reading *reading, struct str line, int number)
{
	struct str rest = str_trim(str_from(line, 1));
	struct step step = {.who = line.ptr[0], .line = number};

	if (str_starts(rest, STR("raw:")) || str_starts(rest, STR("split:"))) {
		step.kind = rest.ptr[0] == 's' ? STEP_SPLIT : STEP_TEXT;
		step.text = unescape(
			str_trim(str_from(rest, (size_t)str_find_char(rest, ':') + 1)), reading->arena);
		if (step.kind == STEP_SPLIT)
			reading->scenario->cuts = step.text.len - 1;
	} else {
		assert(rest.ptr[0] == ':');
		struct str text = str_from(rest, 1);
		if (text.len && text.ptr[0] == ' ')
			text = str_from(text, 1);
		step.is_line = true;
		step.text = arena_printf(reading->arena, "%.*s\r\n", STR_ARG(text));
	}
	*(struct step *)list_add(&reading->steps) = step;
}

static bool find_word(struct str line, enum step_kind *ret)
{
	static const struct {
		const char *word;
		enum step_kind kind;
	} words[] = {
		{"TLS", STEP_TLS}, {"closed", STEP_CLOSED}, {"close", STEP_CLOSE}, {"again", STEP_AGAIN}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_equal(line, str_of(words[i].word))) {
			*ret = words[i].kind;
			return true;
		}
	return false;
}

static void read_line(struct reading *reading, struct str line, int number)
{
	struct step step = {.line = number};

	if (line.len == 0 || line.ptr[0] == '#')
		return;
	if (str_starts(line, STR("set "))) {
		add_word(&reading->settings, str_from(line, 4), number, reading->arena);
	} else if (str_starts(line, STR("check "))) {
		add_word(&reading->checks, str_from(line, 6), number, reading->arena);
	} else if (find_word(line, &step.kind)) {
		*(struct step *)list_add(&reading->steps) = step;
	} else {
		assert(line.ptr[0] == 'C' || line.ptr[0] == 'S');
		add_text(reading, line, number);
	}
}

static void read_file(const char *path, const char *name, struct arena *arena, struct scenario *ret)
{
	struct reading reading = {.arena = arena,
		.scenario = ret,
		.steps = list_new(arena, sizeof(struct step)),
		.settings = list_new(arena, sizeof(struct word)),
		.checks = list_new(arena, sizeof(struct word))};
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	FILE *in = fopen(path, "r");

	assert(in);
	*ret = (struct scenario){.name = arena_str(arena, str_of(name))};
	for (int number = 1; (len = getline(&line, &room, in)) >= 0; number++)
		read_line(&reading, str_trim(arena_str(arena, (struct str){line, (size_t)len})), number);
	free(line);
	(void)fclose(in);
	ret->steps = reading.steps.items;
	ret->step_count = reading.steps.count;
	ret->settings = reading.settings.items;
	ret->setting_count = reading.settings.count;
	ret->checks = reading.checks.items;
	ret->check_count = reading.checks.count;
}

static int is_text_file(const struct dirent *entry)
{
	return str_ends_nocase(str_of(entry->d_name), STR(".txt"));
}

struct scenario *scenarios_read(const char *folder, struct arena *arena, size_t *ret_count)
{
	char path[512];
	struct dirent **entries;

	(void)snprintf(path, sizeof(path), "%s/tests/scenario/%s", getenv("SEALPOST_SOURCE_DIR"), folder);
	int count = scandir(path, &entries, is_text_file, alphasort);
	assert(count > 0);
	struct scenario *scenarios = arena_array(arena, struct scenario, (size_t)count);
	for (int i = 0; i < count; i++) {
		(void)snprintf(path, sizeof(path), "%s/tests/scenario/%s/%s", getenv("SEALPOST_SOURCE_DIR"),
			folder, entries[i]->d_name);
		read_file(path, entries[i]->d_name, arena, &scenarios[i]);
		free(entries[i]);
	}
	free(entries);
	*ret_count = (size_t)count;
	return scenarios;
}

struct str scenario_setting(const struct scenario *scenario, const char *name)
{
	for (size_t i = 0; i < scenario->setting_count; i++)
		if (str_equal(scenario->settings[i].name, str_of(name)))
			return scenario->settings[i].value;
	return STR("");
}

int scenario_number(const struct scenario *scenario, const char *name)
{
	uint64_t number = 0;

	(void)str_to_uint(scenario_setting(scenario, name), INT32_MAX, &number);
	return (int)number;
}

static enum result differs(struct player *player, const struct step *step, const char *what, struct str got)
{
	buf_printf(&player->failure, "%.*s:%d: %s: got \"%.*s\", expected \"%.*s\"",
		STR_ARG(player->scenario->name), step->line, what, STR_ARG(got), STR_ARG(step->text));
	return RESULT_CONFLICT;
}

static enum result expect_line(struct player *player, const struct step *step, struct err *err)
{
	struct str line, wanted = str_sub(step->text, 0, step->text.len - 2);
	bool clean;

	enum result result = smtp_stream_line(player->stream, LINE_BYTES, &line, &clean, err);
	if (result != RESULT_OK)
		return differs(player, step, "no line", str_of(err->text));
	bool same = wanted.len && wanted.ptr[wanted.len - 1] == '*'
			    ? str_starts(line, str_sub(wanted, 0, wanted.len - 1))
			    : str_equal(line, wanted);
	return same && clean ? RESULT_OK : differs(player, step, clean ? "line" : "unclean line", line);
}

static enum result expect_bytes(struct player *player, const struct step *step, struct err *err)
{
	struct str left = step->text, got;

	while (left.len > 0) {
		if (smtp_stream_peek(player->stream, &got, err) != RESULT_OK)
			return differs(player, step, "no bytes", str_of(err->text));
		got = str_sub(got, 0, left.len);
		if (!str_equal(got, str_sub(left, 0, got.len)))
			return differs(player, step, "bytes", got);
		left = str_from(left, got.len);
		smtp_stream_drop(player->stream, got.len);
	}
	return RESULT_OK;
}

static enum result expect_end(struct player *player, const struct step *step, struct err *err)
{
	struct str got = STR("");

	if (smtp_stream_peek(player->stream, &got, err) == RESULT_GONE)
		return RESULT_OK;
	return differs(player, step, "not closed", got);
}

static enum result shake_hands(struct player *player, struct err *err)
{
	TRY(smtp_stream_flush(player->stream, err));
	return player->role == 'S'
		       ? smtp_stream_accept_tls(player->stream, player->credentials, err)
		       : smtp_stream_connect_tls(player->stream, player->trust, CERTIFICATE_HOST, true, err);
}

static enum result say(struct player *player, const struct step *step, struct err *err)
{
	if (step->kind == STEP_SPLIT) {
		TRY(smtp_stream_write(player->stream, str_sub(step->text, 0, player->cut), err));
		TRY(smtp_stream_flush(player->stream, err));
		return smtp_stream_write(player->stream, str_from(step->text, player->cut), err);
	}
	return smtp_stream_write(player->stream, step->text, err);
}

static enum result play(struct player *player, const struct step *step, struct err *err)
{
	smtp_stream_set_deadline(player->stream, clock_monotonic() + WAIT_MS);
	if (step->kind == STEP_TLS)
		return shake_hands(player, err);
	if (step->kind <= STEP_SPLIT && step->who == player->role)
		return say(player, step, err);
	/* What one side says without the other in between goes out in one write. */
	TRY(smtp_stream_flush(player->stream, err));
	if (step->kind == STEP_AGAIN) {
		smtp_stream_free(player->stream);
		player->stream = smtp_stream_new(accept(player->listener, NULL, NULL));
		return RESULT_OK;
	}
	if (step->kind == STEP_CLOSED)
		return expect_end(player, step, err);
	return step->is_line ? expect_line(player, step, err) : expect_bytes(player, step, err);
}

void player_run(struct player *player)
{
	const struct scenario *scenario = player->scenario;
	struct err err = {0};
	enum result result = RESULT_OK;

	player->failure = buf_new(1 << 16);
	for (size_t i = 0; i < scenario->step_count && result == RESULT_OK; i++) {
		const struct step *step = &scenario->steps[i];
		if (step->kind == STEP_CLOSE)
			break;
		result = play(player, step, &err);
		if (result != RESULT_OK && player->failure.len == 0)
			buf_printf(&player->failure, "%.*s:%d: %s", STR_ARG(scenario->name), step->line,
				err.text);
	}
	if (result == RESULT_OK)
		(void)!smtp_stream_flush(player->stream, &err);
	smtp_stream_free(player->stream);
	player->stream = NULL;
}
