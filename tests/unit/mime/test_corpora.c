/* Our index of other projects' mails against what their parsers make of them: part tree, types, file names
 * and decoded bytes. Line ends are compared as LF, since the mails come here as they would by SMTP, with
 * CRLF. */
#include "mime/charset.h"
#include "mime/decode.h"
#include "mime/header.h"
#include "tests/unit/mime/corpus.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NO_FIELD "a line that is no field ends the header, as Postfix has it; nothing of the mail is left out"
#define ENCODED "an encoded message/rfc822 is forbidden (RFC 2046 5.2.1); it stays a file"
#define UNDIVIDED "text without a delimiter is shown, not lost"

#define BROKEN "content that is no base64 is decoded as far as it goes; there they show it as it stands"

#define CUT_HEADER "a delimiter ends a header block, even without an empty line before it, as Postfix has it"
#define LONGEST "where two boundaries fit, the longer one is meant, as Dovecot has it"
#define OUTER "the delimiter of an outer multipart ends the inner one, as RFC 2046 5.1.2 demands"
#define LAST "a delimiter that nothing follows begins one more, empty part, as with mime4j"
#define BYTES "each byte that the charset does not have is one U+FFFD, none is dropped or guessed"

static const struct disagreement mime4j[] = {
	{"malformedHeader-nocrlfcrlf.msg", NO_FIELD},
	{"malformedHeader-noheader.msg", NO_FIELD},
	{"malformedHeaderStartsBody-nocrlfcrlf.msg", NO_FIELD},
	{"malformedHeaderStartsBody-noheader.msg", NO_FIELD},
	{"obsolete.msg", NO_FIELD},
	{"basic-plain-with-bad-header-separator.msg", NO_FIELD},
	{"base64encoded-rfc822message.msg", ENCODED},
	{"base64encoded-rfc822message-nested.msg", ENCODED},
	{"bad-newlines-multiple-parts-base64.msg", ENCODED},
	{"missing-boundary.msg", UNDIVIDED},
	{"missing-inner-boundary.msg", UNDIVIDED},
	{"missing-inner-start-boundary.msg", UNDIVIDED},
	{"multipartnopart.msg", UNDIVIDED},
};

static bool refused(char *difference, size_t size)
{
	(void)snprintf(difference, size, "the scanner refuses it");
	return false;
}

/* ---- mime4j: an XML file with the tree, its leaves' bytes in files ---- */

struct tree {
	const char *folder;
	const struct corpus_mail *mail;
	const char *xml; /* what of it is to be read */
	char *difference;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static bool differ(struct tree *tree, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(tree->difference, tree->size, format, args);
	va_end(args);
	return false;
}

/* The next tag that tells of the tree, without its brackets. */
static struct str next_tag(struct tree *tree)
{
	static const char *const tags[] = {"message", "/message", "multipart", "/multipart", "body-part",
		"/body-part", "text-body", "binary-body"};

	while ((tree->xml = strchr(tree->xml, '<'))) {
		struct str tag = str_sub(str_of(tree->xml + 1), 0, strcspn(tree->xml + 1, ">"));
		tree->xml++;
		for (size_t i = 0; i < COUNT_OF(tags); i++)
			if (str_equal(str_sub(tag, 0, strcspn(tag.ptr, " >/")), str_of(tags[i])) ||
				str_equal(tag, str_of(tags[i])))
				return tag;
	}
	tree->xml = "";
	return STR_NONE;
}

static bool same_leaf(struct tree *tree, const struct mime_part *part, struct str tag)
{
	char name[300];
	struct str rest = tag;

	(void)str_cut(&rest, '"');
	struct str quoted = str_cut(&rest, '"');
	(void)snprintf(name, sizeof(name), "%.*s", STR_ARG(quoted));
	cleanup(buf_done) struct buf file = corpus_read(tree->folder, name);
	cleanup(buf_done) struct buf wanted = corpus_without_cr(buf_str(&file));
	cleanup(buf_done) struct buf got = corpus_bytes_of(tree->mail, part);
	if (corpus_child(tree->mail, part, 0))
		return differ(tree, "%s: we see a tree", name);
	return str_equal(buf_str(&got), buf_str(&wanted)) ||
	       differ(tree, "%s: %zu bytes against %zu", name, got.len, wanted.len);
}

/* An entity's content: a message, a multipart or a leaf. */
static bool same_entity(struct tree *tree, const struct mime_part *part)
{
	struct str tag = next_tag(tree);
	size_t children = 0;

	if (str_starts(tag, STR("text-body")) || str_starts(tag, STR("binary-body")))
		return same_leaf(tree, part, tag);
	if (str_equal(tag, STR("message"))) {
		const struct mime_part *inner = corpus_child(tree->mail, part, 0);
		return inner && str_equal(part->type, STR("message/rfc822"))
			       ? same_entity(tree, inner) && next_tag(tree).len
			       : differ(tree, "no message in part %.*s", STR_ARG(part->path));
	}
	if (!mime_part_is_container(part))
		return differ(tree, "no multipart in part %.*s", STR_ARG(part->path));
	while (str_equal(next_tag(tree), STR("body-part"))) {
		const struct mime_part *child = corpus_child(tree->mail, part, children++);
		if (child == NULL)
			return differ(tree, "no child %zu in part %.*s", children, STR_ARG(part->path));
		if (!same_entity(tree, child))
			return false;
		(void)next_tag(tree);
	}
	return !corpus_child(tree->mail, part, children) ||
	       differ(tree, "more than %zu children in part %.*s", children, STR_ARG(part->path));
}

static bool agrees_with_mime4j(const char *folder, const char *name, char *difference, size_t size)
{
	cleanup(corpus_mail_done) struct corpus_mail mail;
	char xml_name[300];

	if (!corpus_mail_open(&mail, folder, name))
		return refused(difference, size);
	(void)snprintf(xml_name, sizeof(xml_name), "%.*s_decoded.xml", (int)strlen(name) - 4, name);
	cleanup(buf_done) struct buf xml = corpus_read(folder, xml_name);
	struct tree tree = {folder, &mail, xml.data, difference, size};
	assert_true(str_equal(next_tag(&tree), STR("message")));
	return same_entity(&tree, &mail.index->parts[0]);
}

static void test_mime4j(void **state)
{
	(void)state;
	assert_int_equal(corpus_each("mime4j", ".msg", 30, mime4j, COUNT_OF(mime4j), agrees_with_mime4j), 0);
}

/* ---- mail-parser: the whole parse as JSON ---- */

static const struct disagreement rfc[] = {
	{"000.eml", BROKEN},
	{"008.eml", ENCODED},
};
static const struct disagreement malformed[] = {
	{"000.eml", CUT_HEADER},
	{"001.eml", LONGEST},
	{"002.eml", UNDIVIDED},
	{"007.eml", CUT_HEADER},
	{"008.eml", LONGEST},
	{"009.eml", OUTER},
	{"011.eml", OUTER},
	{"012.eml", OUTER},
	{"013.eml", LAST},
	{"014.eml", LAST},
	{"016.eml", LONGEST},
	{"019.eml", BYTES},
	{"020.eml", CUT_HEADER},
	{"021.eml", CUT_HEADER},
	{"022.eml", "a message without a header is a message still; all of its text is shown"},
};
static const struct disagreement thirdparty[] = {
	{"002.eml", BYTES},
	{"005.eml", BYTES},
	{"015.eml", CUT_HEADER},
};

static bool same_parse(struct tree *tree, json_t *message, size_t number, const struct mime_part *part);

/* Empty for what is no text. */
static struct str text_of(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? str_of(text) : STR_NONE;
}

static json_t *header_of(json_t *entity, const char *name)
{
	size_t i;
	json_t *header, *found = NULL;

	json_array_foreach(json_object_get(entity, "headers"), i,
		header) if (found == NULL && str_equal(text_of(header, "name"), str_of(name))) found =
		json_object_get(json_object_get(header, "value"), "ContentType");
	return found;
}

static bool same_type(struct tree *tree, json_t *entity, const struct mime_part *part)
{
	json_t *type = header_of(entity, "content_type");
	const char *major = json_string_value(json_object_get(type, "c_type")),
		   *minor = json_string_value(json_object_get(type, "c_subtype"));
	char whole[200];

	if (major == NULL || minor == NULL)
		return true;
	(void)snprintf(whole, sizeof(whole), "%s/%s", major, minor);
	return str_equal_nocase(part->type, str_of(whole)) ||
	       differ(tree, "part %.*s is %.*s and not %s", STR_ARG(part->path), STR_ARG(part->type), whole);
}

/* Every name that they found is one of ours. */
static bool same_names(struct tree *tree, json_t *type, const char *attribute, const struct mime_part *part)
{
	size_t i;
	json_t *item;

	json_array_foreach(json_object_get(type, "attributes"), i, item)
	{
		struct str name = text_of(item, "value");
		bool found = false;
		if (!str_equal(text_of(item, "name"), str_of(attribute)))
			continue;
		for (size_t k = 0; k < part->name_count; k++)
			found = found || str_equal(part->names[k], name);
		if (!found)
			return differ(tree, "part %.*s: the name %.*s is missing", STR_ARG(part->path),
				STR_ARG(name));
	}
	return true;
}

static bool same_text(struct tree *tree, json_t *text, const struct mime_part *part)
{
	struct str all = {json_string_value(text), json_string_length(text)};
	cleanup(buf_done) struct buf wanted = corpus_without_cr(all);
	cleanup(buf_done) struct buf got = corpus_text_of(tree->mail, part);

	if (corpus_child(tree->mail, part, 0))
		return differ(tree, "part %.*s has parts, and not the text %.40s", STR_ARG(part->path),
			wanted.data);
	return str_equal(buf_str(&got), buf_str(&wanted)) ||
	       differ(tree, "part %.*s has the text '%.*s' and not '%.*s'", STR_ARG(part->path),
		       STR_ARG(str_sub(buf_str(&got), 0, 90)), STR_ARG(str_sub(buf_str(&wanted), 0, 90)));
}

static bool same_bytes(struct tree *tree, json_t *bytes, const struct mime_part *part)
{
	cleanup(buf_done) struct buf all = buf_new(CORPUS_FILE_BYTES_MAX);
	size_t i;
	json_t *byte;

	json_array_foreach(bytes, i, byte) buf_add_char(&all, (char)(uint8_t)json_integer_value(byte));
	cleanup(buf_done) struct buf wanted = corpus_without_cr(buf_str(&all));
	cleanup(buf_done) struct buf got = corpus_bytes_of(tree->mail, part);
	return str_equal(buf_str(&got), buf_str(&wanted)) ||
	       differ(tree, "part %.*s has %zu bytes and not %zu", STR_ARG(part->path), got.len, wanted.len);
}

static bool same_children(struct tree *tree, json_t *message, json_t *numbers, const struct mime_part *part)
{
	size_t i;
	json_t *number;

	if (!mime_part_is_container(part))
		return differ(tree, "part %.*s is no multipart", STR_ARG(part->path));
	json_array_foreach(numbers, i, number)
	{
		const struct mime_part *child = corpus_child(tree->mail, part, i);
		if (child == NULL)
			return differ(tree, "part %.*s has only %zu parts", STR_ARG(part->path), i);
		if (!same_parse(tree, message, (size_t)json_integer_value(number), child))
			return false;
	}
	return !corpus_child(tree->mail, part, json_array_size(numbers)) ||
	       differ(tree, "part %.*s has more than %zu parts", STR_ARG(part->path),
		       json_array_size(numbers));
}

static bool same_content(struct tree *tree, json_t *message, json_t *body, const struct mime_part *part)
{
	json_t *nested = json_object_get(body, "Message"), *text = json_object_get(body, "Text");
	json_t *html = json_object_get(body, "Html"), *bytes = json_object_get(body, "Binary");

	if (nested) {
		const struct mime_part *inner = corpus_child(tree->mail, part, 0);
		return inner ? same_parse(tree, nested, 0, inner)
			     : differ(tree, "no message in part %.*s", STR_ARG(part->path));
	}
	if (text || html)
		return same_text(tree, text ? text : html, part);
	if (json_object_get(body, "Multipart"))
		return same_children(tree, message, json_object_get(body, "Multipart"), part);
	return same_bytes(tree, bytes ? bytes : json_object_get(body, "InlineBinary"), part);
}

static bool same_parse(struct tree *tree, json_t *message, size_t number, const struct mime_part *part)
{
	json_t *entity = json_array_get(json_object_get(message, "parts"), number);

	return same_type(tree, entity, part) &&
	       same_names(tree, header_of(entity, "content_disposition"), "filename", part) &&
	       same_names(tree, header_of(entity, "content_type"), "name", part) &&
	       same_content(tree, message, json_object_get(entity, "body"), part);
}

static bool agrees_with_mail_parser(const char *folder, const char *name, char *difference, size_t size)
{
	cleanup(corpus_mail_done) struct corpus_mail mail;
	char path[2048];
	json_error_t error;

	if (!corpus_mail_open(&mail, folder, name))
		return refused(difference, size);
	(void)snprintf(path, sizeof(path), "%s/%.*s.crlf.json", folder, (int)strlen(name) - 4, name);
	json_t *parse = json_load_file(path, JSON_ALLOW_NUL, &error);
	if (parse == NULL)
		fail_msg("%s: %s", path, error.text);
	struct tree tree = {folder, &mail, NULL, difference, size};
	bool same = same_parse(&tree, parse, 0, &mail.index->parts[0]);
	json_decref(parse);
	return same;
}

static void test_mail_parser(void **state)
{
	size_t wrong = 0;

	(void)state;
	wrong += corpus_each("mail-parser/rfc", ".eml", 10, rfc, COUNT_OF(rfc), agrees_with_mail_parser);
	wrong += corpus_each("mail-parser/thirdparty", ".eml", 20, thirdparty, COUNT_OF(thirdparty),
		agrees_with_mail_parser);
	wrong += corpus_each(
		"mail-parser/malformed", ".eml", 23, malformed, COUNT_OF(malformed), agrees_with_mail_parser);
	assert_int_equal(wrong, 0);
}

/* ---- Postfix: which lines are header fields, of the mail or of its parts ---- */

static const struct disagreement postfix[] = {
	{"mime_cvt.in", "their test turns 8-bit text into quoted-printable and says so in the header"},
	{"mime_garb4.in", ENCODED},
	{"mime_test.in",
		"unfolding a boundary takes the line end only (RFC 5322 2.2.3); they take a blank too"},
	{"mime_trunc.in", "a header past LIMIT_MIME_HEADER_BYTES is refused, not cut"},
};

static void add_lines(struct buf *lines, struct str block)
{
	while (block.len > 0) {
		struct str line = str_trim(str_cut(&block, '\n')), rest = line;
		struct str name = str_trim(str_cut(&rest, ':'));
		if (line.len)
			buf_printf(lines, "%.*s%s%.*s\n", STR_ARG(name), rest.ptr ? ":" : "", STR_ARG(rest));
	}
}

/* Their header lines in order; a folded one is more lines of the file. */
static struct buf header_lines_of_ref(struct str ref)
{
	struct buf lines = buf_new(CORPUS_FILE_BYTES_MAX);
	bool inside = false;

	while (ref.len > 0) {
		struct str line = str_cut(&ref, '\n');
		bool field = str_starts(line, STR("MAIN ")) || str_starts(line, STR("MULT ")) ||
			     str_starts(line, STR("NEST "));
		inside = field || (inside && (str_starts(line, STR(" ")) || str_starts(line, STR("\t"))));
		if (field)
			(void)str_cut(&line, '|');
		if (inside)
			add_lines(&lines, line);
	}
	return lines;
}

static bool agrees_with_postfix(const char *folder, const char *name, char *difference, size_t size)
{
	cleanup(corpus_mail_done) struct corpus_mail mail;
	char ref_name[300];

	if (!corpus_mail_open(&mail, folder, name))
		return refused(difference, size);
	(void)snprintf(ref_name, sizeof(ref_name), "%.*s.ref", (int)strlen(name) - 3, name);
	if (!corpus_has(folder, ref_name))
		return true; /* input of another test of theirs */
	cleanup(buf_done) struct buf ref = corpus_read(folder, ref_name);
	cleanup(buf_done) struct buf wanted = header_lines_of_ref(buf_str(&ref));
	cleanup(buf_done) struct buf raw = buf_new(CORPUS_FILE_BYTES_MAX);
	for (size_t i = 0; i < mail.index->count; i++) {
		const struct mime_part *part = &mail.index->parts[i];
		struct str block = str_sub(str_from(buf_str(&mail.wire), (size_t)part->header_offset), 0,
			(size_t)part->header_len);
		add_lines(&raw, block);
	}
	struct tree tree = {.difference = difference, .size = size};
	return str_equal(buf_str(&raw), buf_str(&wanted)) ||
	       differ(&tree, "header lines\n%.*s\nand not\n%.*s", STR_ARG(buf_str(&raw)),
		       STR_ARG(buf_str(&wanted)));
}

static void test_postfix(void **state)
{
	(void)state;
	assert_int_equal(
		corpus_each("postfix-mime", ".in", 9, postfix, COUNT_OF(postfix), agrees_with_postfix), 0);
}

/* ---- GMime: encodings and charsets beside what they decode to; its Big5 file lacks characters of the UTF-8
 * one ---- */

static const struct {
	const char *encoded;
	enum mime_encoding encoding;
	const char *charset, *decoded;
} gmime[] = {
	{"encodings/photo.b64", MIME_ENCODING_BASE64, NULL, "encodings/photo.jpg"},
	{"encodings/photo.uu", MIME_ENCODING_UUENCODE, NULL, "encodings/photo.jpg"},
	{"encodings/wikipedia.qp", MIME_ENCODING_QUOTED_PRINTABLE, NULL, "encodings/wikipedia.txt"},
	{"filters/cyrillic.koi8-r.txt", MIME_ENCODING_IDENTITY, "koi8-r", "filters/cyrillic.utf-8.txt"},
	{"filters/cyrillic.cp1251.txt", MIME_ENCODING_IDENTITY, "cp1251", "filters/cyrillic.utf-8.txt"},
	{"filters/cyrillic.iso-8859-5.txt", MIME_ENCODING_IDENTITY, "iso-8859-5",
		"filters/cyrillic.utf-8.txt"},
	{"filters/japanese.iso-2022-jp.txt", MIME_ENCODING_IDENTITY, "iso-2022-jp",
		"filters/japanese.utf-8.txt"},
	{"filters/japanese.shift-jis.txt", MIME_ENCODING_IDENTITY, "shift-jis", "filters/japanese.utf-8.txt"},
};

static void test_gmime(void **state)
{
	const char *corpora = getenv("SEALPOST_CORPORA");
	char folder[1000];

	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s/gmime", corpora ? corpora : "");
	if (!corpus_has(folder, gmime[0].encoded)) {
		print_message("skipped: there is no %s\n", folder);
		skip();
	}
	for (size_t i = 0; i < COUNT_OF(gmime); i++) {
		cleanup(buf_done) struct buf encoded = corpus_read(folder, gmime[i].encoded);
		cleanup(buf_done) struct buf wanted = corpus_read(folder, gmime[i].decoded);
		cleanup(buf_done) struct buf got = buf_new(CORPUS_FILE_BYTES_MAX);
		struct mime_decoder decoder;
		struct mime_charset *charset =
			mime_charset_new(str_of(gmime[i].charset ? gmime[i].charset : ""));
		mime_decoder_init(&decoder, gmime[i].encoding);
		if (gmime[i].charset) {
			mime_charset_add(charset, buf_str(&encoded), &got);
			mime_charset_end(charset, &got);
		} else {
			(void)mime_decoder_add(&decoder, buf_str(&encoded), &got);
			(void)mime_decoder_end(&decoder, &got);
		}
		mime_decoder_done(&decoder);
		mime_charset_free(charset);
		if (!str_equal(buf_str(&got), buf_str(&wanted)))
			fail_msg("%s: %zu bytes and not %zu of %s", gmime[i].encoded, got.len, wanted.len,
				gmime[i].decoded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_mime4j), cmocka_unit_test(test_mail_parser),
		cmocka_unit_test(test_postfix), cmocka_unit_test(test_gmime)};

	mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
