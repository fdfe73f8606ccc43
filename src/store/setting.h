/* Account settings: rows with a name and a value, changed with an event. This table of names, types and
 * defaults is the only place that knows them. */
#ifndef STORE_SETTING_H
#define STORE_SETTING_H

#include "base/arena.h"
#include "db/db.h"

/* Whom people from outside may write new messages to. Answers are not concerned. */
enum outsiders_may_write {
	OUTSIDERS_WRITE_TO_NOBODY,
	OUTSIDERS_WRITE_TO_WRITERS, /* those of the account who have written to them */
	OUTSIDERS_WRITE_TO_ALL	    /* every address of the account */
};

enum reply_from {
	REPLY_FROM_PERSON, /* a reply from outside reaches the internal user from the recipient's own address
			    */
	REPLY_FROM_PORTAL  /* … or from the portal's address */
};

enum factor_required { FACTOR_FOR_NOBODY, FACTOR_FOR_INTERNAL, FACTOR_FOR_EVERYBODY };

/* How owners are told of what is unread or expired so. */
enum sender_notices {
	SENDER_NOTICES_EACH,  /* of each message by a mail of its own */
	SENDER_NOTICES_DAILY, /* one mail a day, of notifications that failed too */
	SENDER_NOTICES_OFF
};

struct account_settings {
	struct str display_name;	 /* shown to people; default: the account's name */
	struct str accent_colour;	 /* "#rrggbb" */
	struct str logo_file;		 /* a PNG or SVG in the node's folder of logos, or empty */
	struct str help_text;		 /* whom to ask, shown on pages that refuse */
	struct str notification_address; /* From of our own mails; empty: secure@<return domain> */
	struct str language;		 /* of mails to people who chose none */
	struct str time_zone;		 /* IANA name */
	bool notification_subject;	 /* may the notification show the message's subject */
	enum reply_from reply_from;
	enum outsiders_may_write outsiders_may_write;
	int64_t outsider_messages_a_day; /* new ones, of one person */
	int64_t outsider_message_mb;	 /* of one new message */
	bool export;   /* people may take their messages out as files, where each message allows it */
	bool requests; /* people of the account may ask outsiders for a message */
	bool send_bcc_to_mail_server; /* what is sent in the portal also goes to the sender's mailbox (R10) */
	bool recall_thread;	      /* answers quote by reference; recall may take the quotes too */
	int64_t retention_days;
	int64_t session_idle_minutes;
	int64_t session_absolute_hours;
	enum factor_required second_factor; /* who has to set one up */
	int64_t remember_days;		    /* a browser is asked for none; 0: it always is */
	int64_t delay_notice_hours;	    /* until the sender is told once that a mail still waits */
	int64_t retry_days;		    /* how long the queue tries before it gives a mail back */
	int64_t reminder_days;		    /* before expiry, to recipients who have not read; 0: never */
	int64_t unread_notice_days;	    /* after sending, to the sender; 0: never */
	bool expired_notice;		    /* to the sender, of what ended unread */
	enum sender_notices sender_notices;
	int64_t summary_hour; /* of the account's day */
	int64_t undo_seconds; /* that something written in the portal waits before it leaves; 0: none */
};

enum setting_kind { SETTING_TEXT, SETTING_COLOUR, SETTING_BOOL, SETTING_NUMBER, SETTING_CHOICE };

struct setting {
	const char *name;
	enum setting_kind kind;
	size_t offset; /* of the field in struct account_settings */
	const char *initial;
	int64_t least, most;	    /* numbers: range; text: most bytes */
	const char *const *choices; /* NULL-terminated, two or more; the field is an enum, and the index */
	const char *help;
};

/* All settings; *ret_count gets their number. */
const struct setting *setting_table(size_t *ret_count);

/* NULL when no setting has that name. */
const struct setting *setting_find(struct str name);

/* INVALID with what would be right. */
enum result setting_check(const struct setting *setting, struct str value, struct err *err) must_check;

/* All settings of an account, defaults filled in; texts in the arena. */
enum result settings_load(struct tx *tx, struct id account_id, struct arena *arena,
	struct account_settings *ret, struct err *err) must_check;

#endif
