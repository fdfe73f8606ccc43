/* accept: a mail comes in. From the first command to the durable 250 this verb decides whether it is taken,
 * for which account, whether it is secured or relayed, and for whom. One `struct intake` is one SMTP
 * transaction; the edge feeds it and maps its results.
 *
 * Refusals carry err->code: "relay-denied", "unknown-definition", "ambiguous-definition",
 * "not-licensed", "sending-limit", "loop",
 * "mime-depth", "mime-parts", "mime-header", "mime-parameters", "mime-names", "too-large", "no-recipients",
 * "disk-full", and others that name what is wrong. What an authorised source is refused is an event of its
 * account. */
#ifndef FLOW_ACCEPT_H
#define FLOW_ACCEPT_H

#include "flow/flow.h"
#include "store/source.h"

/* Who is at the other end of an SMTP session. */
struct intake_peer {
	struct str address; /* IP as text */
	struct str helo;
	struct str protocol; /* "ESMTPS" and so on (RFC 3848) */
	struct str tls_version;
	struct str tls_cipher;
};

/* The authorised sources that a peer is, found once per session. An address range may serve several accounts;
 * the envelope sender's domain then tells which. */
struct intake_sources {
	const struct source *items;
	size_t count;
};

enum result intake_sources_of_address(struct flow *flow, struct str address, struct arena *arena,
	struct intake_sources *ret, struct err *err) must_check;

/* By user name and password; DENIED when they are wrong, BUSY after too many tries of this name or network.
 */
enum result intake_sources_of_password(struct flow *flow, struct str user_name, struct str password,
	struct str address, int64_t now, struct arena *arena, struct intake_sources *ret,
	struct err *err) must_check;

struct intake;

struct intake_envelope {
	struct str sender; /* empty: the null path */
	int64_t declared_size;
	bool smtputf8;
	int64_t dsn_return;
	struct str dsn_envelope;
};

struct intake_recipient {
	struct str address;
	int64_t dsn_notify;
	struct str dsn_original;
};

/* MAIL. Copies what it keeps. Whoever may not send as the sender may still go on to our own tagged return
 * addresses; other recipients are refused then. */
enum result intake_begin(struct flow *flow, const struct intake_peer *peer,
	const struct intake_sources *sources, const struct intake_envelope *envelope, int64_t now,
	struct intake **ret, struct err *err) must_check;

/* Whether lone newlines are mended: a setting of the source that the mail comes from. */
bool intake_normalises(const struct intake *intake);

/* RCPT. "postmaster" alone is the postmaster of the account's first domain. */
enum result intake_recipient(
	struct intake *intake, const struct intake_recipient *recipient, struct err *err) must_check;

/* DATA or the first BDAT: the content is sealed as it comes. received: our Received field, with CRLF. */
enum result intake_data_begin(
	struct intake *intake, struct str received, int64_t now, struct err *err) must_check;
enum result intake_data(struct intake *intake, struct str piece, struct err *err) must_check;

/* The end of the content. OK means durable: message, copies, events and queue rows are on disk.
 * *ret_message_id is the message it became or joined. */
enum result intake_end(
	struct intake *intake, int64_t now, struct id *ret_message_id, struct err *err) must_check;

/* Ends it, at any point; what was not accepted leaves nothing behind. NULL is allowed. */
void intake_free(struct intake *intake);

#endif
