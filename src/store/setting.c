#include "store/setting_write.h"

#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *const reply_from_choices[] = {"person", "portal", NULL};
static const char *const outsiders_may_write_choices[] = {"off", "writers", "all", NULL};
static const char *const sender_notices_choices[] = {"each", "daily", "off", NULL};
static const char *const factor_choices[] = {"nobody", "internal", "everybody", NULL};

#define FIELD(name) offsetof(struct account_settings, name)
#define TEXT(field, initial, most, help)                                                                     \
	{                                                                                                    \
#field, SETTING_TEXT, FIELD(field), initial, 0, most, NULL, help                             \
	}
#define BOOL(field, initial, help)                                                                           \
	{                                                                                                    \
#field, SETTING_BOOL, FIELD(field), initial, 0, 1, NULL, help                                \
	}
#define NUMBER(field, initial, least, most, help)                                                            \
	{                                                                                                    \
#field, SETTING_NUMBER, FIELD(field), initial, least, most, NULL, help                       \
	}

static const struct setting table[] = {
	TEXT(display_name, "", 100, "name of the organisation as people see it"),
	{"accent_colour", SETTING_COLOUR, FIELD(accent_colour), "#1d5fa8", 0, 7, NULL,
		"colour of buttons and links, #rrggbb; darkened or lightened where it could not be read"},
	TEXT(logo_file, "", 100, "logo, a PNG or SVG file of at most 16 KB; empty: the name is shown"),
	TEXT(help_text, "", 500, "whom recipients ask for help"),
	TEXT(notification_address, "", 254, "From address of notifications"),
	TEXT(language, "en", 20, "language of mails to people who chose none"),
	TEXT(time_zone, "UTC", 60, "time zone of the account, an IANA name"),
	BOOL(notification_subject, "no", "show the message's subject in its notification"),
	{"reply_from", SETTING_CHOICE, FIELD(reply_from), "person", 0, 0, reply_from_choices,
		"From address of replies handed to the mail server"},
	{"outsiders_may_write", SETTING_CHOICE, FIELD(outsiders_may_write), "off", 0, 0,
		outsiders_may_write_choices,
		"new messages from outside: off, to those who wrote to that person, or to all people"},
	NUMBER(outsider_messages_a_day, "20", 1, 1000, "new messages a person from outside may write a day"),
	NUMBER(outsider_message_mb, "25", 1, 2000, "MB that such a message may hold"),
	BOOL(export, "no",
		"people may download their messages together, where each message's definition allows saving"),
	BOOL(requests, "yes", "people of the account may ask others for a message or files by a link"),
	BOOL(send_bcc_to_mail_server, "no",
		"Send BCC to Mail Server: what your people send in the portal also goes to their own "
		"mailbox"),
	BOOL(recall_thread, "no",
		"answers written in the portal hold their quotes as references, which a recall may blank"),
	NUMBER(retention_days, "365", 1, 36500, "days a secure message is kept at most"),
	NUMBER(session_idle_minutes, "60", 1, 1440, "minutes without use until a session ends"),
	NUMBER(session_absolute_hours, "12", 1, 168, "hours until a session ends in any case"),
	{"second_factor", SETTING_CHOICE, FIELD(second_factor), "nobody", 0, 0, factor_choices,
		"who must show a second factor to sign in; a definition may ask for one as well"},
	NUMBER(remember_days, "30", 0, 365,
		"days a browser that somebody asked to remember needs no second factor; 0: it is always "
		"asked"),
	NUMBER(retry_days, "5", 1, 30, "days the queue tries before a mail is returned"),
	NUMBER(delay_notice_hours, "4", 1, 720, "hours until the sender is told that a mail is delayed"),
	NUMBER(reminder_days, "2", 0, 365,
		"days before its end that a recipient is reminded of an unread message; 0: never"),
	NUMBER(unread_notice_days, "7", 0, 365,
		"days until the sender is told who has not read a message; 0: never"),
	BOOL(expired_notice, "yes", "tell the sender who had not read a message when it expired"),
	{"sender_notices", SETTING_CHOICE, FIELD(sender_notices), "each", 0, 0, sender_notices_choices,
		"how senders are told of messages not read or expired unread: a mail for each message, one "
		"mail "
		"a day, or off"},
	NUMBER(summary_hour, "8", 0, 23, "hour of the day, in the account's time zone, of that one mail"),
	NUMBER(undo_seconds, "10", 0, 60,
		"seconds that a message written in the portal waits, and may be taken back, before it "
		"leaves; 0: none"),
};

const struct setting *setting_table(size_t *ret_count)
{
	*ret_count = COUNT_OF(table);
	return table;
}

const struct setting *setting_find(struct str name)
{
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (str_equal(str_of(table[i].name), name))
			return &table[i];
	return NULL;
}

static int choice_index(const struct setting *setting, struct str value)
{
	for (int i = 0; setting->choices[i]; i++)
		if (str_equal(str_of(setting->choices[i]), value))
			return i;
	return -1;
}

static enum result refuse_choice(const struct setting *setting, struct err *err)
{
	char words[200] = "";
	size_t len = 0;

	for (int i = 0; setting->choices[i]; i++) {
		const char *between = i == 0 ? "" : setting->choices[i + 1] ? ", " : " or ";
		int more = snprintf(words + len, sizeof(words) - len, "%s%s", between, setting->choices[i]);
		assert(more > 0 && len + (size_t)more < sizeof(words));
		len += (size_t)more;
	}
	return err_set(err, RESULT_INVALID, "%s takes %s", setting->name, words);
}

static bool is_colour(struct str value)
{
	if (value.len != 7 || value.ptr[0] != '#')
		return false;
	for (size_t i = 1; i < value.len; i++) {
		char c = (char)(value.ptr[i] | 0x20);
		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			return false;
	}
	return true;
}

enum result setting_check(const struct setting *setting, struct str value, struct err *err)
{
	uint64_t number;

	switch (setting->kind) {
	case SETTING_TEXT:
		if (value.len > (size_t)setting->most || !str_is_line(value))
			return err_set(err, RESULT_INVALID,
				"%s takes one line of UTF-8 text, %lld bytes at most", setting->name,
				(long long)setting->most);
		return RESULT_OK;
	case SETTING_COLOUR:
		if (!is_colour(value))
			return err_set(err, RESULT_INVALID, "%s takes a colour as #rrggbb, such as #1d5fa8",
				setting->name);
		return RESULT_OK;
	case SETTING_BOOL:
		if (!str_equal(value, STR("yes")) && !str_equal(value, STR("no")))
			return err_set(err, RESULT_INVALID, "%s takes yes or no", setting->name);
		return RESULT_OK;
	case SETTING_NUMBER:
		if (!str_to_uint(value, (uint64_t)setting->most, &number) || (int64_t)number < setting->least)
			return err_set(err, RESULT_INVALID, "%s takes a number from %lld to %lld",
				setting->name, (long long)setting->least, (long long)setting->most);
		return RESULT_OK;
	case SETTING_CHOICE:
		return choice_index(setting, value) >= 0 ? RESULT_OK : refuse_choice(setting, err);
	}
	return RESULT_INVALID;
}

static void apply(struct account_settings *settings, const struct setting *setting, struct str value)
{
	void *field = (char *)settings + setting->offset;
	uint64_t number = 0;
	unsigned choice;

	static_assert(sizeof(enum reply_from) == sizeof(choice), "an enumeration is an unsigned");
	switch (setting->kind) {
	case SETTING_TEXT:
	case SETTING_COLOUR:
		*(struct str *)field = value;
		break;
	case SETTING_BOOL:
		*(bool *)field = str_equal(value, STR("yes"));
		break;
	case SETTING_NUMBER:
		(void)str_to_uint(value, (uint64_t)setting->most, &number);
		*(int64_t *)field = (int64_t)number;
		break;
	case SETTING_CHOICE:
		choice = (unsigned)choice_index(setting, value);
		memcpy(field, &choice, sizeof(choice));
		break;
	}
}

/* A value in the database that this program's table refuses (an older or newer program wrote it) counts as
 * not set. */
enum result settings_load(struct tx *tx, struct id account_id, struct arena *arena,
	struct account_settings *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct account_settings settings = {0};

	for (size_t i = 0; i < COUNT_OF(table); i++)
		apply(&settings, &table[i], str_of(table[i].initial));
	TRY(db_query(tx,
		"SELECT s.name, s.value FROM account_setting s WHERE s.account_id = $1"
		" UNION ALL SELECT 'account', a.name FROM account a WHERE a.id = $1",
		DB_ARGS(db_id(account_id)), &rows, err));
	struct str account_name = STR_NONE;
	while (rows_next(&rows)) {
		struct str value = arena_str(arena, row_text(&rows, 1));
		const struct setting *setting = setting_find(row_text(&rows, 0));
		if (setting && setting_check(setting, value, NULL) == RESULT_OK)
			apply(&settings, setting, value);
		else if (setting == NULL && str_equal(row_text(&rows, 0), STR("account")))
			account_name = value;
	}
	TRY(rows_end(&rows, err));
	if (settings.display_name.len == 0)
		settings.display_name = account_name;
	*ret = settings;
	return RESULT_OK;
}

enum result setting_set(
	struct tx *tx, struct id account_id, const struct setting *setting, struct str value, struct err *err)
{
	assert(setting_check(setting, value, NULL) == RESULT_OK);
	return db_exec(tx,
		"INSERT INTO account_setting (account_id, name, value) VALUES ($1, $2, $3)"
		" ON CONFLICT (account_id, name) DO UPDATE SET value = excluded.value",
		DB_ARGS(db_id(account_id), db_text(str_of(setting->name)), db_text(value)), NULL, err);
}
