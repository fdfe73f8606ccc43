/* SMTP syntax (RFC 5321, 1870, 3461, 6152, 6531): bytes in, structs out; pure. Slices point into the line. */
#ifndef SMTP_SYNTAX_H
#define SMTP_SYNTAX_H

#include "base/result.h"
#include "base/str.h"

/* Bytes of xtext (RFC 3461 4.2, 4.4). */
#define SMTP_ENVID_MAX 100
#define SMTP_ORCPT_MAX 500

/* Cuts a line into its verb and what follows, blanks taken away. */
struct str smtp_verb(struct str line, struct str *ret_rest);

enum { SMTP_NOTIFY_NEVER = 1, SMTP_NOTIFY_SUCCESS = 2, SMTP_NOTIFY_FAILURE = 4, SMTP_NOTIFY_DELAY = 8 };
enum { SMTP_RETURN_NONE = 0, SMTP_RETURN_FULL = 1, SMTP_RETURN_HEADERS = 2 };

struct smtp_mail {
	struct str sender; /* empty: the null path */
	int64_t size;	   /* 0: not given */
	bool body_8bit;
	bool smtputf8;
	int ret;	  /* SMTP_RETURN_… */
	struct str envid; /* xtext as given */
};

struct smtp_rcpt {
	struct str recipient;
	int notify;	  /* bits SMTP_NOTIFY_…; 0: not given */
	struct str orcpt; /* as given; outside ASCII only behind "utf-8;", which needs SMTPUTF8 */
};

/* What stands behind "MAIL" and "RCPT". INVALID with code "syntax" (501) or "parameter" (555, a parameter
 * that was not offered). Whether the address is one is not decided here. */
enum result smtp_mail_parse(struct str text, struct smtp_mail *ret, struct err *err) must_check;
enum result smtp_rcpt_parse(struct str text, struct smtp_rcpt *ret, struct err *err) must_check;

/* A name as a client may give it in HELO or EHLO: a domain or an address literal, roughly. */
bool smtp_is_helo(struct str name);

#endif
