/* Composing mail: RFC 5322 with CRLF line ends, streamed to a writer in constant memory. Whatever goes in,
 * one header field comes out as one field, and no bare CR, LF or NUL. */
#ifndef MIME_BUILD_H
#define MIME_BUILD_H

#include "base/io.h"
#include "mime/address.h"

struct mime_file {
	struct str name;
	struct str type; /* "application/pdf"; anything that is no type becomes application/octet-stream */
	struct reader content;
};

struct mime_draft {
	struct mime_address from, sender, reply_to; /* those without address are left out */
	const struct mime_address *to, *cc;
	size_t to_count, cc_count;
	struct str subject;
	struct str message_id; /* without angle brackets */
	struct str in_reply_to;
	const struct str *references;
	size_t reference_count;
	int64_t date;	    /* ms since 1970 UTC */
	struct str headers; /* more fields of our own making, each ended by CRLF */
	struct str text;
	struct str html; /* empty: text only */
	const struct mime_file *files;
	size_t file_count;
	struct str boundary; /* random letters and digits, from the caller: this code is pure */
};

/* Results are those of the writer and the files' readers. */
enum result mime_build(const struct mime_draft *draft, const struct writer *out, struct err *err) must_check;

/* An RFC 3464 report. action: "failed", "delayed", "relayed"; status: "5.1.1". */
struct mime_report {
	struct mime_address from;
	struct str to;
	struct str subject, text; /* for people */
	struct str message_id;
	int64_t date;
	struct str reporting_host;
	struct str envelope_id;			  /* xtext, may be empty */
	struct str recipient, original_recipient; /* the latter as given in ORCPT (xtext), may be empty */
	struct str action, status, diagnostic;
	int64_t retry_until;				  /* 0: nothing is tried any more */
	struct str original_message_id, original_subject; /* of the mail it is about; may be empty */
	struct str boundary;
};

enum result mime_build_report(
	const struct mime_report *report, const struct writer *out, struct err *err) must_check;

/* An RFC 8098 report that a message was displayed, made by a program. */
struct mime_receipt {
	struct mime_address from;
	struct str to;
	struct str subject, text; /* for people */
	struct str message_id;
	int64_t date;
	struct str reporting_host;
	struct str recipient;
	struct str original_message_id; /* may be empty */
	struct str boundary;
};

enum result mime_build_receipt(
	const struct mime_receipt *receipt, const struct writer *out, struct err *err) must_check;

#endif
