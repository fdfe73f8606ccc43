/* A session of the SMTP server: what the files of the server half share. */
#ifndef SMTP_SESSION_PRIVATE_H
#define SMTP_SESSION_PRIVATE_H

#include "base/limits.h"
#include "base/network.h"
#include "base/thread.h"
#include "flow/accept.h"
#include "smtp/data.h"
#include "smtp/server.h"
#include "smtp/stream.h"
#include "smtp/syntax.h"

#include <stdatomic.h>

struct smtp_server {
	struct smtp_server_options options;
	struct smtp_server_limits limits;
	/* Guards credentials, the sessions and their number. */
	struct lock lock;
	struct signal session_ended;
	struct tls_credentials *credentials;
	struct smtp_session *sessions;
	int session_count;
	struct smtp_listener *listeners;
	atomic_bool stopping;
};

struct smtp_session {
	struct smtp_server *server;
	struct smtp_session *next, **back; /* in the server's list */
	int fd;				   /* for the server to shut down, while the session is in its list */
	bool implicit_tls;
	char address[64];
	struct network network; /* what sessions are counted under */
	bool is_stranger;	/* under the server's lock */
	/* Told to the server, which may end a session that waits: since when (clock_monotonic; 0: it does
	 * not), whether a mail is under way, and whether it was told to end. */
	atomic_llong waits_since;
	atomic_bool has_mail;
	atomic_bool must_end;
	struct smtp_stream *stream;
	struct arena arena; /* of sources */
	/* Forgotten by STARTTLS: */
	char helo[LIMIT_DOMAIN_BYTES + 1]; /* empty: not yet */
	bool extended;			   /* EHLO */
	bool authenticated;
	struct str user_name;
	struct intake_sources sources;
	/* The transaction: */
	struct intake *intake;
	bool smtputf8;
	int recipients, surplus; /* taken; offered beyond the limit */
	bool bdat_begun;
	struct smtp_data data;
	int64_t content_began, content_bytes; /* on the wire */
	int errors, junk, mails;
	bool closing;
};

/* Runs a session from greeting to end, in its own thread. */
void smtp_session_run(struct smtp_session *session);

/* Answers one command line. The result is that of the connection: anything but OK ends the session. */
enum result smtp_command_run(struct smtp_session *session, struct str line, struct err *err) must_check;

/* Commands in files of their own: auth.c, content.c. */
enum result smtp_command_auth(struct smtp_session *s, struct str rest, struct err *err) must_check;
enum result smtp_command_data(struct smtp_session *s, struct str rest, struct err *err) must_check;
enum result smtp_command_bdat(struct smtp_session *s, struct str rest, struct err *err) must_check;

/* How the mail came, as trace lines name it ("ESMTPSA"), and our line of the trace (RFC 5321 4.4). */
struct str smtp_session_protocol(const struct smtp_session *s);
struct str smtp_session_received(
	const struct smtp_session *s, struct id id, int64_t now, struct arena *arena);

/* Replies. code and status ("5.7.1", empty: none) with text, which is ASCII, or UTF-8 when the mail under
 * way came with SMTPUTF8. */
enum result smtp_session_reply(struct smtp_session *session, int code, const char *status, const char *text,
	struct err *err) must_check;

/* 503 and 501; each counts an error. */
enum result smtp_session_bad_sequence(
	struct smtp_session *session, const char *text, struct err *err) must_check;
enum result smtp_session_bad_syntax(
	struct smtp_session *session, const char *text, struct err *err) must_check;

/* The reply for a refusal, from the one table of this edge; counts an error. */
enum result smtp_session_refuse(
	struct smtp_session *session, enum result result, const struct err *why, struct err *err) must_check;

/* Until when more of the content must come: a sender may be slow, but on average not slower than the minimum.
 */
int64_t smtp_session_content_deadline(const struct smtp_session *session);

/* Counts the session as one of a stranger; false when there are too many of them. */
bool smtp_server_admit_stranger(struct smtp_session *session);

/* From here on the server does not touch the session's connection. */
void smtp_server_let_go(struct smtp_session *session);

/* Ends a transaction, if there is one. */
void smtp_session_reset(struct smtp_session *session);

#endif
