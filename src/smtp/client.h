/* An SMTP client session: one connection to one server, several mails one after the other. Uses base only. */
#ifndef SMTP_CLIENT_H
#define SMTP_CLIENT_H

#include "base/io.h"
#include "smtp/cut.h"
#include "tls/tls.h"

#include <sys/socket.h>

enum smtp_client_tls {
	SMTP_CLIENT_TLS_NONE,	       /* loopback and tests */
	SMTP_CLIENT_TLS_OPPORTUNISTIC, /* when offered, verified or not */
	SMTP_CLIENT_TLS_VERIFIED /* or nothing is sent: DENIED with code "tls-required" or "tls-unverified" */
};

struct smtp_client_options {
	const char *helo;     /* our name */
	const char *tls_name; /* the name the server's certificate must be for */
	enum smtp_client_tls tls;
	bool implicit_tls;			 /* TLS from the first byte */
	const struct tls_trust *trust;		 /* needed unless tls is NONE */
	const char *user, *password;		 /* AUTH PLAIN after TLS; NULL: none */
	int64_t connect_ms, command_ms, data_ms; /* 0: defaults of base/limits.h */
	struct smtp_cut *cut;			 /* may end it from another thread; may be NULL */
};

struct smtp_client;

/* Connects, greets, and starts TLS as asked. UNAVAILABLE: not reached, or a 4xx; DENIED: 5xx or TLS as above.
 */
enum result smtp_client_connect(const struct sockaddr *address, socklen_t address_len,
	const struct smtp_client_options *options, struct smtp_client **ret, struct err *err) must_check;

/* Says QUIT when it can. NULL is allowed. */
void smtp_client_free(struct smtp_client *client);
DEFINE_CLEANUP(struct smtp_client *, smtp_client_free)

const struct tls_facts *smtp_client_tls(const struct smtp_client *client); /* NULL without TLS */
bool smtp_client_has_dsn(const struct smtp_client *client);
bool smtp_client_is_usable(const struct smtp_client *client); /* another mail may be sent */

/* After a pause: whether the server still answers, by RSET. Not OK: the connection is of no more use. */
enum result smtp_client_revive(struct smtp_client *client, struct err *err) must_check;

struct smtp_client_recipient {
	struct str address;
	struct str notify; /* "SUCCESS,FAILURE" or empty */
	struct str orcpt;
	/* The answer: */
	enum smtp_outcome { SMTP_RECIPIENT_SENT, SMTP_RECIPIENT_LATER, SMTP_RECIPIENT_REFUSED } outcome;
	char reply[256]; /* one line, "550 5.1.1 …" */
};

struct smtp_client_mail {
	struct str sender;     /* empty: the null path */
	bool smtputf8;	       /* an address or header needs it */
	bool is_8bit;	       /* the content has bytes above 127 */
	struct str ret, envid; /* "FULL"/"HDRS", xtext; or empty */
	uint64_t size;	       /* of the content, for SIZE */
	/* Writes the content (CRLF line ends) to the writer given; dots are stuffed here. Called at most
	 * once. A failure cuts the connection, so that no half mail is taken. */
	enum result (*content)(void *context, const struct writer *out, struct err *err);
	void *content_context;
};

/* Sends one mail; each recipient gets its outcome, also when the result is not OK. OK: the transaction went
 * through to an answer for everybody. Otherwise the connection is broken, and recipients without an answer
 * are LATER. */
enum result smtp_client_send(struct smtp_client *client, const struct smtp_client_mail *mail,
	struct smtp_client_recipient *recipients, size_t count, struct err *err) must_check;

#endif
