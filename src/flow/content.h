/* Content on its way in: sealed while it streams, scanned, and fingerprinted, in constant memory. Used for
 * mail from SMTP and for messages written in the portal alike. */
#ifndef FLOW_CONTENT_H
#define FLOW_CONTENT_H

#include "flow/letter.h"
#include "mime/scan.h"
#include "seal/content_mac.h"
#include "store/sealed_body.h"

struct content;

/* A new message identifier and key; the content is limited to `limit` bytes. account: NULL for what a
 * stranger hands in, which is read and not kept. */
struct content *content_new(
	struct blob_store *blobs, const struct account_key *account, int64_t limit, int64_t now);

/* NULL is allowed; a blob that was not adopted goes. */
void content_free(struct content *content);
DEFINE_CLEANUP(struct content *, content_free)

/* TOO_LARGE with code "too-large" or a code of mime/scan.h; UNAVAILABLE. */
enum result content_add(struct content *content, struct str piece, struct err *err) must_check;

/* The same as an interface, for composing. */
struct writer content_writer(struct content *content);

/* The content is complete: ends scan and seal, reads the letter (with snippet), and begins to put on disk
 * what is outside the database; keep_mail waits for it. */
enum result content_end(struct content *content, struct err *err) must_check;

/* After content_end. What is returned lives as long as the content. */
struct id content_message_id(const struct content *content);
const struct message_key *content_key(const struct content *content);
struct letter *content_letter(struct content *content);
const struct mime_index *content_index(const struct content *content);
struct str content_header(const struct content *content);
struct sealed_body *content_body(struct content *content);
int64_t content_size(const struct content *content);
int64_t content_sealed_size(const struct content *content);

/* Of the mail without its trace fields (Received and the like), so that the same mail handed in twice has the
 * same: a secret, as seal/content_mac.h says. */
void content_fingerprint(const struct content *content, uint8_t ret[static CONTENT_MAC_BYTES]);

/* Reads the raw mail back. */
enum result content_open(struct content *content, struct reader *ret, struct err *err) must_check;

#endif
