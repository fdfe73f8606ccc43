/* The SMTP server: listeners and one thread a session. What is taken is decided in flow/accept. */
#ifndef SMTP_SERVER_H
#define SMTP_SERVER_H

#include "flow/flow.h"
#include "tls/tls.h"

struct smtp_server;

/* Named as in base/limits.h; 0 takes that default. */
struct smtp_server_limits {
	int sessions;
	int sessions_per_network;
	int strangers;
	int mails_per_session;
	int recipients;
	int soft_errors;
	int errors;
	int junk_commands;
	int64_t command_ms;
	int64_t stranger_command_ms;
	int64_t data_idle_ms;
	int64_t data_rate; /* bytes a second */
	int64_t data_grace_ms;
	int64_t patience_ms;
	int64_t handshake_ms;
	int64_t soft_delay_ms;
};

struct smtp_server_options {
	struct flow *flow;
	const char *host_name;
	struct smtp_server_limits limits;
	struct tls_credentials *credentials; /* one count is taken; NULL: no TLS, so no AUTH */
	/* Called when something was accepted, so that the queue is looked at; may be NULL. */
	void (*accepted)(void *context);
	void *accepted_context;
};

struct smtp_server *smtp_server_new(const struct smtp_server_options *options);

/* Listens on "address:port"; implicit_tls: TLS from the first byte. May be called several times. INVALID,
 * CONFLICT (port taken), DENIED (port needs more rights), UNAVAILABLE. */
enum result smtp_server_listen(
	struct smtp_server *server, struct str address, bool implicit_tls, struct err *err) must_check;

/* New sessions use these; running ones keep theirs. */
void smtp_server_set_credentials(struct smtp_server *server, struct tls_credentials *credentials);

/* Stops listening, lets transactions in hand finish for up to limit_ms, and frees it. NULL is allowed. */
void smtp_server_stop(struct smtp_server *server, int64_t limit_ms);

#endif
