/* A session of the SMTP server: what server.c, session.c and commands.c share. */
#ifndef SMTP_SESSION_PRIVATE_H
#define SMTP_SESSION_PRIVATE_H

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
	struct smtp_credentials *credentials;
	struct smtp_session *sessions;
	int session_count;
	struct smtp_listener *listeners;
	atomic_bool stopping;
};

struct smtp_session {
	struct smtp_server *server;
	struct smtp_session *next, **back; /* in the server's list */
	int fd;
	bool implicit_tls;
	char address[64];
	struct smtp_stream *stream;
	/* Forgotten by STARTTLS: */
	struct arena arena; /* of helo, sources */
	struct str helo;
	bool extended; /* EHLO */
	bool authenticated;
	struct str user_name;
	struct intake_sources sources;
	/* The transaction: */
	struct intake *intake;
	int recipients;
	bool bdat_begun;
	struct smtp_data data;
	int errors, junk;
	bool closing;
};

/* Runs a session from greeting to end, in its own thread. */
void smtp_session_run(struct smtp_session *session);

/* Answers one command line. The result is that of the connection: anything but OK ends the session. */
enum result smtp_command_run(struct smtp_session *session, struct str line, struct err *err) must_check;

/* Replies. code and status ("5.7.1", empty: none) with text; UTF-8 text only after SMTPUTF8, so texts are
 * ASCII. */
enum result smtp_session_reply(struct smtp_session *session, int code, const char *status, const char *text,
	struct err *err) must_check;

/* The reply for a refusal, from the one table of this edge; counts an error. */
enum result smtp_session_refuse(
	struct smtp_session *session, enum result result, const struct err *why, struct err *err) must_check;

/* Ends a transaction, if there is one. */
void smtp_session_reset(struct smtp_session *session);

#endif
