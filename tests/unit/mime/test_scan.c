#include "base/mem.h"
#include "mime/address.h"
#include "mime/decode.h"
#include "mime/header.h"
#include "mime/scan.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <sys/resource.h>

/* Scans the mail in pieces of `step` bytes and draws its structure, one line a part. */
static struct str draw(struct str mail, size_t step, struct arena *arena)
{
	cleanup(mime_scan_free_at) struct mime_scan *scan = mime_scan_new();
	cleanup(buf_done) struct buf drawing = buf_new(1 << 20);
	const struct mime_index *index;
	struct err err;

	for (size_t at = 0; at < mail.len; at += step)
		if (mime_scan_add(scan, str_sub(mail, at, step), &err) != RESULT_OK)
			return arena_str(arena, str_of(err.code));
	if (mime_scan_end(scan, &index, &err) != RESULT_OK)
		return arena_str(arena, str_of(err.code));
	struct bytes bytes = str_bytes(mail);
	struct reader reader = reader_of_bytes(&bytes);
	for (size_t i = 0; i < index->count; i++) {
		const struct mime_part *part = &index->parts[i];
		cleanup(buf_done) struct buf decoded = buf_new(1 << 20);
		struct writer writer = writer_of_buf(&decoded);
		assert_ok(mime_part_decode(&reader, part, &writer, NULL));
		if (!mime_part_is_container(part) && !mime_part_is_message(part))
			assert_int_equal(decoded.len, part->decoded_size);
		buf_printf(&drawing, "%.*s %.*s [%.*s]%s%.*s\n", STR_ARG(part->path), STR_ARG(part->type),
			mime_part_is_container(part) ? 0 : (int)decoded.len, decoded.data ? decoded.data : "",
			part->damaged ? " damaged" : "",
			STR_ARG(part->name_count ? part->names[0] : STR_NONE));
	}
	/* What was encoded and decoded again is the same. */
	struct mime_index again;
	struct bytes encoded = mime_index_encode(index, arena);
	assert_ok(mime_index_decode(encoded, arena, &again, NULL));
	assert_int_equal(again.count, index->count);
	return arena_str(arena, buf_str(&drawing));
}

static const struct {
	const char *name, *mail, *drawing;
} cases[] = {
	{"plain", "Subject: x\r\n\r\nhello\r\n", " text/plain [hello\r\n]\n"},
	{"no header", "hello\r\nworld", " text/plain [hello\r\nworld] damaged\n"},
	{"empty", "", " text/plain [] damaged\n"},
	{"header only", "Subject: x\r\n", " text/plain [] damaged\n"},
	{"bare line feeds", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n",
		" multipart/mixed []\n1 text/plain [one]\n"},
	{"mixed",
		"Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\npreamble\r\n--b\r\n\r\none\r\n--b\r\n"
		"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: "
		"base64\r\n\r\naGVsbG8=\r\n"
		"--b--\r\nepilogue\r\n",
		" multipart/mixed []\n1 text/plain [one]\n2 application/pdf [hello]a.pdf\n"},
	{"end mark missing", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n",
		" multipart/mixed [] damaged\n1 text/plain [one\r\n] damaged\n"},
	{"inner end mark missing",
		"Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\nContent-Type: multipart/mixed; "
		"boundary=in\r\n\r\n--in\r\n\r\none\r\n--out\r\n\r\ntwo\r\n--out--\r\n",
		" multipart/mixed []\n1 multipart/mixed [] damaged\n1.1 text/plain [one]\n2 text/plain "
		"[two]\n"},
	{"a boundary that begins like another",
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; "
		"boundary=bb\r\n\r\n--bb\r\n\r\none\r\n--bb--\r\n--b--\r\n",
		" multipart/mixed []\n1 multipart/mixed []\n1.1 text/plain [one]\n"},
	{"three boundaries that begin alike",
		"Content-Type: multipart/mixed; boundary=ab\r\n\r\n--ab\r\nContent-Type: multipart/mixed; "
		"boundary=abc\r\n\r\n--abc\r\nContent-Type: multipart/mixed; boundary=axy\r\n\r\n"
		"--axy\r\n\r\none\r\n--ax\r\n--axy\r\n\r\ntwo\r\n--abc\r\n\r\nthree\r\n--abd\r\n\r\nfour\r\n"
		"--axy\r\n--ab--\r\n",
		" multipart/mixed []\n1 multipart/mixed [] damaged\n1.1 multipart/mixed [] damaged\n"
		"1.1.1 text/plain [one\r\n--ax]\n1.1.2 text/plain [two]\n1.2 text/plain [three]\n"
		"2 text/plain [four\r\n--axy]\n"},
	{"text behind a boundary",
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b text\r\n\r\none\r\n--b; "
		"more\r\n\r\ntwo\r\n"
		"--b-- end\r\n",
		" multipart/mixed []\n1 text/plain [one]\n2 text/plain [two]\n"},
	{"the end of a boundary that begins like another, twice",
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; "
		"boundary=bb\r\n\r\n--bb\r\n\r\none\r\n--bb--\r\n--bb--\r\n--b--\r\n",
		" multipart/mixed []\n1 multipart/mixed []\n1.1 text/plain [one]\n"},
	{"a digest",
		"Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: in\r\n\r\ninner\r\n"
		"--b\r\nContent-Type: text/x\r\n\r\ntwo\r\n--b--\r\n",
		" multipart/digest []\n1 message/rfc822 [Subject: in\r\n\r\ninner]\n1.1 text/plain [inner]\n"
		"2 text/x [two]\n"},
	{"a mail in a mail with UTF-8 in its header",
		"Content-Type: message/global\r\n\r\nSubject: in\r\n\r\ninner\r\n",
		" message/global [Subject: in\r\n\r\ninner\r\n]\n1 text/plain [inner\r\n]\n"},
	{"the same boundary twice",
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; "
		"boundary=b\r\n\r\n--b\r\n\r\none\r\n--b--\r\n--b--\r\n",
		" multipart/mixed []\n1 multipart/mixed []\n1.1 text/plain [one]\n"},
	{"a mail in a mail",
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
		"Subject: in\r\n\r\ninner\r\n--b--\r\n",
		" multipart/mixed []\n1 message/rfc822 [Subject: in\r\n\r\ninner]\n1.1 text/plain [inner]\n"},
	{"quoted-printable", "Content-Transfer-Encoding: quoted-printable\r\n\r\na=3Db=\r\nc=zz=\n",
		" text/plain [a=bc=zz] damaged\n"},
	{"two names for one file",
		"Content-Type: text/x; name=b.pdf\r\nContent-Disposition: attachment; filename=a.exe;\r\n "
		"filename*=utf-8''c%20%C3%BC.html\r\n\r\nx",
		" text/x [x]a.exe\n"},
};

static void finds_the_structure_whatever_the_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		for (size_t step = 1; step < 80; step += step < 10 ? 1 : 23) {
			cleanup(arena_done) struct arena arena = {0};
			struct str got = draw(str_of(cases[i].mail), step, &arena);
			if (!str_equal(got, str_of(cases[i].drawing)))
				fail_msg("%s, step %zu: got\n%.*s\nexpected\n%s", cases[i].name, step,
					STR_ARG(got), cases[i].drawing);
		}
}

static void long_lines_are_counted_exactly(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	cleanup(buf_done) struct buf mail = buf_new(1 << 20);

	(void)state;
	buf_add(&mail, STR("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"));
	for (int i = 0; i < 30000; i++)
		buf_add(&mail, STR("0123456789"));
	buf_add(&mail, STR("\r\n--b--\r\n"));
	for (size_t step = 999; step < 300000; step *= 3) {
		struct str drawing = draw(buf_str(&mail), step, &arena);
		assert_true(str_starts(drawing, STR(" multipart/mixed []\n1 text/plain [0123456789")));
		assert_int_equal(drawing.len, 300000 + 20 + 16);
	}
}

static void a_boundary_is_found_however_long_its_line_is(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	cleanup(buf_done) struct buf boundary = buf_new(8000), mail = buf_new(1 << 20);

	(void)state;
	for (int i = 0; i < 5000; i++)
		buf_add_char(&boundary, 'b');
	buf_printf(&mail, "Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n\r\none\r\n--%s--\r\n",
		boundary.data, boundary.data, boundary.data);
	for (size_t step = 1; step < 12000; step = step * 3 + 1)
		assert_str(draw(buf_str(&mail), step, &arena), " multipart/mixed []\n1 text/plain [one]\n");
}

/* Repeats a text; then what the scanner says of it, with its price. */
static struct str verdict_of(struct str head, struct str repeated, size_t times, struct arena *arena)
{
	cleanup(mime_scan_free_at) struct mime_scan *scan = mime_scan_new();
	cleanup(buf_done) struct buf piece = buf_new(1 << 20);
	const struct mime_index *index;
	struct err err = {0};
	enum result result = mime_scan_add(scan, head, &err);

	while (piece.len + repeated.len < 60000)
		buf_add(&piece, repeated);
	size_t in_piece = piece.len / repeated.len;
	for (size_t i = 0; i < times && result == RESULT_OK; i += in_piece)
		result = mime_scan_add(scan, buf_str(&piece), &err);
	if (result == RESULT_OK)
		result = mime_scan_end(scan, &index, &err);
	return result == RESULT_OK ? STR("ok") : arena_str(arena, str_of(err.code));
}

static void absurd_mails_are_refused_cheaply(void **state)
{
	static const struct {
		struct str head, repeated;
		size_t times;
		const char *verdict;
	} bombs[] = {
		{STR("Content-Type: multipart/mixed; boundary=b\r\n\r\n"), STR("--b\r\n\r\n"), 3500000,
			"mime-parts"},
		{STR(""), STR("a:\r\n"), 500000, "mime-header"},
		{STR("a: "), STR("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), 500000, "mime-header"},
		{STR(""), STR("Content-Type: message/rfc822\r\n\r\n"), 100000, "mime-depth"},
		{STR("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"),
			STR("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"), 1100, "mime-depth"},
		{STR("Content-Transfer-Encoding: base64\r\n\r\n"), STR("####="), 400000, "ok"},
		{STR("Content-Transfer-Encoding: quoted-printable\r\n\r\n"), STR("=\r\n"), 8000000, "ok"},
		{STR("\r\n"), STR("x"), 25000000, "ok"},
	};
	struct rusage before, after;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bombs); i++) {
		cleanup(arena_done) struct arena arena = {0};
		assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
		struct str verdict = verdict_of(bombs[i].head, bombs[i].repeated, bombs[i].times, &arena);
		assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
		assert_str(verdict, bombs[i].verdict);
		double cpu = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec) +
			     (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1e6;
		/* The sanitizers cost several times the time. */
		assert_true(cpu < 5.0);
		assert_true(after.ru_maxrss < 400 * 1024);
	}
}

static void parameters_of_hostile_fields(void **state)
{
	static const struct {
		const char *field, *name, *value;
	} table[] = {
		{"attachment; filename=\"a b.pdf\"", "filename", "a b.pdf"},
		{"attachment; filename*0=\"inv\"; filename*1=\".pdf\"; filename*4294967297=\".exe\"",
			"filename", "inv.pdf"},
		{"attachment; filename*=UTF-8''%e2%82%ac%20rates", "filename", "\xe2\x82\xac rates"},
		{"attachment; filename*0*=iso-8859-1''%fcbe; filename*1=r.txt", "filename",
			"\xc3\xbc"
			"ber.txt"},
		{"text/plain; charset=utf-8 (comment; x=y); format=flowed", "format", "flowed"},
		{"attachment; filename=\"un\\\"closed", "filename", "un\"closed"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		cleanup(arena_done) struct arena arena = {0};
		struct mime_parameters p = mime_parameters_parse(str_of(table[i].field), &arena);
		assert_str(mime_parameter_get(&p, str_of(table[i].name)), table[i].value);
	}
}

static void header_text_cannot_hide_lines(void **state)
{
	cleanup(arena_done) struct arena arena = {0};

	(void)state;
	assert_str(mime_header_text(STR(" =?utf-8?q?a=0d=0aBcc:x?="), 100, &arena), "a  Bcc:x");
	assert_str(mime_header_text(STR(" =?iso-8859-1?q?gr=FC=DFe?=\r\n =?utf-8?b?8J+Yig==?="), 100, &arena),
		"gr\xc3\xbc\xc3\x9f"
		"e\xf0\x9f\x98\x8a");
	assert_str(mime_clean_text(STR("a\xe2\x80\xa8"
				       "b\xe2\x80\xae"
				       "c\xff"),
			   100, &arena),
		"a b c\xef\xbf\xbd");
}

static void addresses_are_read(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	struct mime_address *found;

	(void)state;
	assert_int_equal(mime_addresses(STR(" \"Adams, Alice\" <alice@acme.example>, x: bob@acme.example;"),
				 &arena, &found),
		2);
	assert_str(found[0].name, "Adams, Alice");
	assert_str(found[0].address, "alice@acme.example");
	assert_str(found[1].address, "bob@acme.example");
	assert_int_equal(mime_addresses(STR("undisclosed-recipients:;"), &arena, &found), 0);
}

static int setup(void **state)
{
	(void)state;
	mime_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_structure_whatever_the_pieces),
		cmocka_unit_test(long_lines_are_counted_exactly),
		cmocka_unit_test(a_boundary_is_found_however_long_its_line_is),
		cmocka_unit_test(absurd_mails_are_refused_cheaply),
		cmocka_unit_test(parameters_of_hostile_fields),
		cmocka_unit_test(header_text_cannot_hide_lines),
		cmocka_unit_test(addresses_are_read),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
