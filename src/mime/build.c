#include "mime/build.h"

#include "base/address.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "mime/encode.h"
#include "mime/header.h"

#define HEADER_BYTES_MAX ((size_t)1 << 20)

/* Where a message goes, and the memory of its header. */
struct building {
	const struct writer *out;
	struct arena arena;
	struct buf head;
};

static void add_field(struct building *b, const char *name, struct str value)
{
	if (value.len)
		buf_printf(&b->head, "%s: %.*s\r\n", name, STR_ARG(value));
}

static void add_addresses(
	struct building *b, const char *name, const struct mime_address *addresses, size_t count)
{
	bool first = true;

	for (size_t i = 0; i < count; i++) {
		struct str one = mime_encode_address(addresses[i].name, addresses[i].address, &b->arena);
		if (one.len == 0)
			continue;
		buf_printf(&b->head, "%s%s%.*s", first ? name : ",\r\n\t", first ? ": " : "", STR_ARG(one));
		first = false;
	}
	if (!first)
		buf_add(&b->head, STR("\r\n"));
}

/* An identifier that cannot break out of its brackets. */
static struct str safe_id(struct str id, struct arena *arena)
{
	struct str line = mime_header_unfold(id, arena);

	for (size_t i = 0; i < line.len; i++)
		if (line.ptr[i] <= ' ' || line.ptr[i] > '~' || line.ptr[i] == '<' || line.ptr[i] == '>')
			return STR_NONE;
	return line;
}

static void add_id(struct building *b, const char *name, struct str id)
{
	struct str safe = safe_id(id, &b->arena);

	if (safe.len)
		buf_printf(&b->head, "%s: <%.*s>\r\n", name, STR_ARG(safe));
}

static void add_references(struct building *b, const struct mime_draft *draft)
{
	bool first = true;

	for (size_t i = 0; i < draft->reference_count; i++) {
		struct str safe = safe_id(draft->references[i], &b->arena);
		if (safe.len == 0)
			continue;
		buf_printf(&b->head, "%s<%.*s>", first ? "References: " : "\r\n\t", STR_ARG(safe));
		first = false;
	}
	if (!first)
		buf_add(&b->head, STR("\r\n"));
}

static enum result flush_head(struct building *b, struct err *err)
{
	if (b->head.overflow)
		return err_set(err, RESULT_TOO_LARGE, "the header is too large");
	TRY(writer_write(b->out, buf_str(&b->head), err));
	buf_clear(&b->head);
	return RESULT_OK;
}

static enum result put_text(struct building *b, const char *type, struct str text, struct err *err)
{
	buf_printf(&b->head,
		"Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
		type);
	TRY(flush_head(b, err));
	return mime_quoted_printable(text, b->out, err);
}

static void put_boundary(struct building *b, char level, struct str boundary, bool is_end)
{
	buf_printf(&b->head, "--%c%.*s%s\r\n", level, STR_ARG(boundary), is_end ? "--" : "");
}

static void begin_multipart(struct building *b, const char *kind, char level, struct str boundary)
{
	buf_printf(&b->head, "Content-Type: multipart/%s;\r\n\tboundary=\"%c%.*s\"\r\n\r\n", kind, level,
		STR_ARG(boundary));
}

static enum result put_body(struct building *b, const struct mime_draft *draft, struct err *err)
{
	if (draft->html.len == 0)
		return put_text(b, "text/plain", draft->text, err);
	begin_multipart(b, "alternative", 'a', draft->boundary);
	put_boundary(b, 'a', draft->boundary, false);
	TRY(put_text(b, "text/plain", draft->text, err));
	put_boundary(b, 'a', draft->boundary, false);
	TRY(put_text(b, "text/html", draft->html, err));
	put_boundary(b, 'a', draft->boundary, true);
	return flush_head(b, err);
}

static bool is_type(struct str type)
{
	ptrdiff_t slash = str_find_char(type, '/');

	if (slash < 1 || type.len > 100 || (size_t)slash + 1 == type.len)
		return false;
	for (size_t i = 0; i < type.len; i++) {
		char c = type.ptr[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     c == '.' || c == '-' || c == '+' || c == '_' || (c == '/' && i == (size_t)slash);
		if (!plain)
			return false;
	}
	/* Only whole files: a container from outside would not be what it says. */
	return !str_starts_nocase(type, STR("multipart/")) && !str_starts_nocase(type, STR("message/"));
}

static enum result put_file(struct building *b, const struct mime_file *file, struct err *err)
{
	struct mime_base64 encoder;
	struct str type = is_type(file->type) ? file->type : STR("application/octet-stream");

	buf_printf(&b->head,
		"Content-Type: %.*s%.*s\r\nContent-Disposition: attachment%.*s\r\nContent-Transfer-Encoding: "
		"base64\r\n\r\n",
		STR_ARG(type), STR_ARG(mime_encode_parameter("name", file->name, &b->arena)),
		STR_ARG(mime_encode_parameter("filename", file->name, &b->arena)));
	TRY(flush_head(b, err));
	mime_base64_init(&encoder, *b->out);
	struct writer encoded = mime_base64_writer(&encoder);
	TRY(reader_copy(&file->content, 0, file->content.size, &encoded, err));
	return mime_base64_end(&encoder, err);
}

static enum result build(struct building *b, const struct mime_draft *draft, struct err *err)
{
	add_addresses(b, "From", &draft->from, 1);
	add_addresses(b, "Sender", &draft->sender, draft->sender.address.len ? 1 : 0);
	add_addresses(b, "Reply-To", &draft->reply_to, draft->reply_to.address.len ? 1 : 0);
	add_addresses(b, "To", draft->to, draft->to_count);
	add_addresses(b, "Cc", draft->cc, draft->cc_count);
	buf_printf(&b->head, "Subject: %.*s\r\n", STR_ARG(mime_encode_text(draft->subject, &b->arena)));
	add_field(b, "Date", mime_encode_date(draft->date, &b->arena));
	add_id(b, "Message-ID", draft->message_id);
	add_id(b, "In-Reply-To", draft->in_reply_to);
	add_references(b, draft);
	buf_add(&b->head, draft->headers);
	buf_add(&b->head, STR("MIME-Version: 1.0\r\n"));
	if (draft->file_count == 0)
		return put_body(b, draft, err);
	begin_multipart(b, "mixed", 'm', draft->boundary);
	put_boundary(b, 'm', draft->boundary, false);
	TRY(put_body(b, draft, err));
	for (size_t i = 0; i < draft->file_count; i++) {
		put_boundary(b, 'm', draft->boundary, false);
		TRY(put_file(b, &draft->files[i], err));
	}
	put_boundary(b, 'm', draft->boundary, true);
	return flush_head(b, err);
}

enum result mime_build(const struct mime_draft *draft, const struct writer *out, struct err *err)
{
	struct building b = {.out = out, .head = buf_new(HEADER_BYTES_MAX)};
	enum result result = build(&b, draft, err);

	buf_done(&b.head);
	arena_done(&b.arena);
	return result;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* What xtext (RFC 3461 4) stands for, on one line. Where that is other than printable ASCII, which a report
 * cannot hold, the xtext stays. */
static struct str from_xtext(struct str xtext, struct arena *arena)
{
	char *text = arena_alloc(arena, xtext.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < xtext.len; i++) {
		int high = -1, low = -1;
		if (xtext.ptr[i] == '+' && xtext.len - i > 2) {
			high = hex_digit(xtext.ptr[i + 1]);
			low = hex_digit(xtext.ptr[i + 2]);
		}
		int c = high < 0 || low < 0 ? xtext.ptr[i] : high * 16 + low;
		if (c < ' ' || c > '~')
			return safe_id(xtext, arena);
		i += high < 0 || low < 0 ? 0 : 2;
		text[len++] = (char)c;
	}
	return str_trim((struct str){text, len});
}

/* Reports are of ASCII, so that every server takes them and every program reads them: an international
 * address stands in its form for that (RFC 6533 3). */
static void add_final_recipient(struct building *b, struct str recipient)
{
	struct str address = mime_header_unfold(recipient, &b->arena);
	const char *type = "rfc822";

	if (!str_is_ascii(address)) {
		address = address_escape(address, "\\+= ", &b->arena);
		type = "utf-8";
	}
	buf_printf(&b->head, "Final-Recipient: %s; %.*s\r\n", type, STR_ARG(address));
}

/* "550 no": a server's words, not our own. */
static bool is_smtp_reply(struct str text)
{
	uint64_t code;

	return str_to_uint(str_sub(text, 0, 3), 599, &code) && code >= 200 && text.len > 3 &&
	       text.ptr[3] == ' ';
}

static void add_status(struct building *b, const struct mime_report *report)
{
	struct arena *arena = &b->arena;

	buf_printf(&b->head, "Reporting-MTA: dns; %.*s\r\n", STR_ARG(report->reporting_host));
	add_field(b, "Original-Envelope-Id", from_xtext(report->envelope_id, arena));
	buf_add(&b->head, STR("\r\n"));
	add_field(b, "Original-Recipient",
		from_xtext(address_escape(report->original_recipient, "", arena), arena));
	add_final_recipient(b, report->recipient);
	add_field(b, "Action", report->action);
	add_field(b, "Status", report->status);
	if (report->retry_until)
		add_field(b, "Will-Retry-Until", mime_encode_date(report->retry_until, arena));
	if (report->diagnostic.len)
		buf_printf(&b->head, "Diagnostic-Code: %s; %.*s\r\n",
			is_smtp_reply(report->diagnostic) ? "smtp" : "x-sealpost",
			STR_ARG(mime_encode_text(str_sub(report->diagnostic, 0, 400), arena)));
}

/* Everything before the part for programs; its media type is message/`type`. */
static enum result begin_report(
	struct building *b, const struct mime_report *report, const char *type, struct err *err)
{
	struct mime_address to = {.address = report->to};

	add_addresses(b, "From", &report->from, 1);
	add_addresses(b, "To", &to, 1);
	buf_printf(&b->head, "Subject: %.*s\r\n", STR_ARG(mime_encode_text(report->subject, &b->arena)));
	add_field(b, "Date", mime_encode_date(report->date, &b->arena));
	add_id(b, "Message-ID", report->message_id);
	add_id(b, "In-Reply-To", report->original_message_id);
	add_id(b, "References", report->original_message_id);
	buf_add(&b->head, STR("Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"));
	buf_printf(&b->head,
		"Content-Type: multipart/report; "
		"report-type=%s;\r\n\tboundary=\"r%.*s\"\r\n\r\n",
		type, STR_ARG(report->boundary));
	put_boundary(b, 'r', report->boundary, false);
	TRY(put_text(b, "text/plain", report->text, err));
	put_boundary(b, 'r', report->boundary, false);
	buf_printf(&b->head, "Content-Type: message/%s\r\n\r\n", type);
	return RESULT_OK;
}

/* What is told of the mail that the report is about (RFC 6522 4). */
static void add_original(struct building *b, const struct mime_report *report)
{
	put_boundary(b, 'r', report->boundary, false);
	buf_add(&b->head, STR("Content-Type: text/rfc822-headers\r\n\r\n"));
	add_id(b, "Message-ID", report->original_message_id);
	if (report->original_subject.len)
		buf_printf(&b->head, "Subject: %.*s\r\n",
			STR_ARG(mime_encode_text(report->original_subject, &b->arena)));
	buf_add(&b->head, STR("\r\n"));
}

static enum result build_report(struct building *b, const struct mime_report *report, struct err *err)
{
	TRY(begin_report(b, report, "delivery-status", err));
	add_status(b, report);
	buf_add(&b->head, STR("\r\n"));
	if (report->original_message_id.len || report->original_subject.len)
		add_original(b, report);
	put_boundary(b, 'r', report->boundary, true);
	return flush_head(b, err);
}

enum result mime_build_report(const struct mime_report *report, const struct writer *out, struct err *err)
{
	struct building b = {.out = out, .head = buf_new(HEADER_BYTES_MAX)};
	enum result result = build_report(&b, report, err);

	buf_done(&b.head);
	arena_done(&b.arena);
	return result;
}

static enum result build_receipt(struct building *b, const struct mime_receipt *receipt, struct err *err)
{
	struct mime_report head = {.from = receipt->from,
		.to = receipt->to,
		.subject = receipt->subject,
		.text = receipt->text,
		.message_id = receipt->message_id,
		.original_message_id = receipt->original_message_id,
		.date = receipt->date,
		.boundary = receipt->boundary};

	TRY(begin_report(b, &head, "disposition-notification", err));
	buf_printf(&b->head, "Reporting-UA: %.*s; Sealpost\r\n", STR_ARG(receipt->reporting_host));
	add_final_recipient(b, receipt->recipient);
	add_id(b, "Original-Message-ID", receipt->original_message_id);
	buf_add(&b->head, STR("Disposition: automatic-action/MDN-sent-automatically; displayed\r\n\r\n"));
	put_boundary(b, 'r', receipt->boundary, true);
	return flush_head(b, err);
}

enum result mime_build_receipt(const struct mime_receipt *receipt, const struct writer *out, struct err *err)
{
	struct building b = {.out = out, .head = buf_new(HEADER_BYTES_MAX)};
	enum result result = build_receipt(&b, receipt, err);

	buf_done(&b.head);
	arena_done(&b.arena);
	return result;
}
