/* What client.c and client_mail.c share. */
#ifndef SMTP_CLIENT_PRIVATE_H
#define SMTP_CLIENT_PRIVATE_H

#include "smtp/client.h"
#include "smtp/reply.h"
#include "smtp/stream.h"

/* What the server offers (EHLO). */
struct smtp_offers {
	bool starttls, pipelining, size, eight_bit, smtputf8, dsn, auth_plain;
	uint64_t size_max; /* 0: not told */
};

struct smtp_client {
	const struct smtp_client_options *options; /* while connecting only */
	struct smtp_stream *stream;
	struct smtp_cut *cut;
	int fd; /* of the stream */
	struct smtp_offers offers;
	struct smtp_reply reply; /* the last one */
	int64_t command_ms, data_ms, end_ms;
	bool broken;	  /* nothing more can be sent or understood */
	bool needs_reset; /* a transaction was left in the middle */
};

/* Sends what was written and reads one reply into client->reply. */
enum result smtp_client_read(struct smtp_client *client, int64_t wait_ms, struct err *err) must_check;

/* A command of one line and its reply. An answer that is there before the question is a failure: whose answer
 * is whose would be lost. */
enum result smtp_client_ask(
	struct smtp_client *client, struct str line, int64_t wait_ms, struct err *err) must_check;
enum result smtp_client_check_silence(struct smtp_client *client, struct err *err) must_check;

#endif
