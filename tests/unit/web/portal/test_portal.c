/* The portal from a browser's side: a recipient's first visit, what is refused, and what a GET leaves alone.
 */
#include "tests/unit/unit.h"

#include "tests/unit/web/portal/site.h"

#include "base/clock.h"
#include "build_config.h"
#include "store/copy.h"
#include "store/event.h"
#include "tests/unit/temporary_folder.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CAROL "carol@partner.example"
#define SECRET_WORD "zinnober"

static struct site site;
static char clock_file[64];

static const char mail_with_file[] =
	"From: Alice Adams <alice@acme.example>\r\n"
	"To: Carol Clark <carol@partner.example>\r\n"
	"Subject: [secure] Offer <b>4711</b>\r\n"
	"Message-ID: <first@acme.example>\r\n"
	"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n"
	"MIME-Version: 1.0\r\n"
	"Content-Type: multipart/mixed; boundary=b\r\n"
	"\r\n"
	"--b\r\n"
	"Content-Type: text/plain; charset=utf-8\r\n"
	"\r\n"
	"Hello Carol,\r\n\r\nthe word is " SECRET_WORD ".\r\nSee https://acme.example/a?b=1&c=2 for more.\r\n"
	"--b\r\n"
	"Content-Type: application/pdf; name=\"offer.pdf\"\r\n"
	"Content-Disposition: attachment; filename=\"offer.pdf\"\r\n"
	"Content-Transfer-Encoding: base64\r\n"
	"\r\n"
	"MDEyMzQ1Njc4OUFCQ0RFRg==\r\n"
	"--b--\r\n";

/* A browser: its cookies, and the answer to its last request. */
struct browser {
	CURL *curl;
	struct buf body;
	struct buf head;
	long status;
	char csrf[80];
};

static size_t add_to_buf(char *data, size_t size, size_t count, void *context)
{
	buf_add_bytes(context, data, size * count);
	return size * count;
}

static struct browser browser_new(void)
{
	struct browser browser = {
		.curl = curl_easy_init(), .body = buf_new(1 << 20), .head = buf_new(1 << 16)};

	assert_non_null(browser.curl);
	curl_easy_setopt(browser.curl, CURLOPT_COOKIEFILE, "");
	curl_easy_setopt(browser.curl, CURLOPT_CAINFO, site.certificate);
	curl_easy_setopt(browser.curl, CURLOPT_WRITEFUNCTION, add_to_buf);
	curl_easy_setopt(browser.curl, CURLOPT_HEADERFUNCTION, add_to_buf);
	return browser;
}

static void browser_done(struct browser *browser)
{
	curl_easy_cleanup(browser->curl);
	buf_done(&browser->body);
	buf_done(&browser->head);
}

/* The proof that the page's forms carry. */
static void find_csrf(struct browser *browser)
{
	static const struct str before = {"name=\"csrf\" value=\"", 19};
	ptrdiff_t at = str_find(buf_str(&browser->body), before);

	if (at < 0)
		return;
	struct str rest = str_from(buf_str(&browser->body), (size_t)at + before.len);
	struct str value = str_cut(&rest, '"');
	assert_true(value.len < sizeof(browser->csrf));
	memcpy(browser->csrf, value.ptr, value.len);
	browser->csrf[value.len] = '\0';
}

static void run(struct browser *browser, const char *path)
{
	cleanup(arena_done) struct arena arena = {0};
	struct str url = arena_printf(&arena, "%.*s%s", STR_ARG(site.url), path);
	struct str resolve = arena_printf(&arena, "portal.test:%u:127.0.0.1", site.port);
	struct curl_slist *hosts = curl_slist_append(NULL, resolve.ptr);

	buf_clear(&browser->body);
	buf_clear(&browser->head);
	curl_easy_setopt(browser->curl, CURLOPT_RESOLVE, hosts);
	curl_easy_setopt(browser->curl, CURLOPT_URL, url.ptr);
	curl_easy_setopt(browser->curl, CURLOPT_WRITEDATA, &browser->body);
	curl_easy_setopt(browser->curl, CURLOPT_HEADERDATA, &browser->head);
	CURLcode code = curl_easy_perform(browser->curl);
	if (code != CURLE_OK)
		fail_msg("%s: %s", path, curl_easy_strerror(code));
	curl_easy_getinfo(browser->curl, CURLINFO_RESPONSE_CODE, &browser->status);
	curl_slist_free_all(hosts);
	find_csrf(browser);
}

static void get(struct browser *browser, const char *path)
{
	curl_easy_setopt(browser->curl, CURLOPT_HTTPGET, 1L);
	run(browser, path);
}

/* Posts the fields with the proof of the last page. */
static void post(struct browser *browser, const char *path, const char *fields)
{
	cleanup(arena_done) struct arena arena = {0};
	struct str form = arena_printf(&arena, "csrf=%s&%s", browser->csrf, fields);

	curl_easy_setopt(browser->curl, CURLOPT_POST, 1L);
	curl_easy_setopt(browser->curl, CURLOPT_COPYPOSTFIELDS, form.ptr);
	run(browser, path);
}

/* A field's value in the page's form. */
static struct str field_value(const struct browser *browser, struct arena *arena, const char *name)
{
	struct str before = arena_printf(arena, "name=\"%s\" value=\"", name);
	ptrdiff_t at = str_find(buf_str(&browser->body), before);

	if (at < 0)
		fail_msg("the page has no field %s", name);
	struct str rest = str_from(buf_str(&browser->body), (size_t)at + before.len);
	return arena_str(arena, str_cut(&rest, '"'));
}

/* Sends the page's form with a text and a file (NULL: none), as browsers do. */
static void send_form(struct browser *browser, const char *path, const char *const *fields, const char *file)
{
	curl_mime *mime = curl_mime_init(browser->curl);
	curl_mimepart *part = curl_mime_addpart(mime);

	curl_mime_name(part, "csrf");
	curl_mime_data(part, browser->csrf, CURL_ZERO_TERMINATED);
	for (size_t i = 0; fields[i]; i += 2) {
		part = curl_mime_addpart(mime);
		curl_mime_name(part, fields[i]);
		curl_mime_data(part, fields[i + 1], CURL_ZERO_TERMINATED);
	}
	if (file) {
		part = curl_mime_addpart(mime);
		curl_mime_name(part, "files");
		curl_mime_data(part, file, CURL_ZERO_TERMINATED);
		curl_mime_filename(part, "../answer.txt");
		curl_mime_type(part, "text/plain");
	}
	curl_easy_setopt(browser->curl, CURLOPT_MIMEPOST, mime);
	run(browser, path);
	curl_mime_free(mime);
}

static struct str location(const struct browser *browser)
{
	ptrdiff_t at = str_find_nocase(buf_str(&browser->head), STR("\nlocation: "));

	if (at < 0)
		return STR_NONE;
	struct str rest = str_from(buf_str(&browser->head), (size_t)at + 11);
	return str_trim(str_cut(&rest, '\r'));
}

/* Goes where the answer leads. */
static void follow(struct browser *browser)
{
	cleanup(arena_done) struct arena arena = {0};

	if (browser->status != 303)
		fail_msg("status %ld, expected to be led on", browser->status);
	get(browser, arena_cstr(&arena, location(browser)));
}

static bool shows(const struct browser *browser, const char *text)
{
	return str_find(buf_str(&browser->body), str_of(text)) >= 0;
}

#define assert_shows(browser, text)                                                                          \
	do {                                                                                                 \
		if (!shows(browser, text))                                                                   \
			fail_msg("the page does not show \"%s\": %ld\n%.*s", text, (browser)->status,        \
				STR_ARG(buf_str(&(browser)->body)));                                         \
	} while (0)

static const char *path_of(struct arena *arena, const char *format, struct id id)
{
	cleanup(buf_done) struct buf path = buf_new(1000);

	for (const char *at = format; *at; at++) {
		if (*at == '$')
			buf_add(&path, str_of(id_text(id).s));
		else
			buf_add_char(&path, *at);
	}
	return arena_cstr(arena, buf_str(&path));
}

static void sign_in_by_link(struct browser *browser, struct id link)
{
	cleanup(arena_done) struct arena arena = {0};

	get(browser, path_of(&arena, "/m/$", link));
	assert_int_equal(browser->status, 200);
	post(browser, path_of(&arena, "/m/$/code", link), "");
	follow(browser);
	assert_shows(browser, "c…l@partner.example");
	struct str fields =
		arena_printf(&arena, "code=%.*s&link=%s", STR_ARG(site_code(&site, CAROL)), id_text(link).s);
	post(browser, "/sign-in/code", fields.ptr);
	assert_int_equal(browser->status, 303);
}

struct state {
	struct id person_id, copy_id;
	struct copy copy;
	size_t events;
};

static enum result read_state(struct tx *tx, void *context, struct err *err)
{
	struct state *state = context;
	cleanup(arena_done) struct arena arena = {0};
	struct event *events;

	TRY(copy_find_any(tx, state->copy_id, &state->copy, err));
	return event_list_by_message(tx, state->copy.message_id, &arena, &events, &state->events, err);
}

static struct state state_of(struct id copy_id)
{
	struct state state = {.copy_id = copy_id};
	struct err err;

	assert_ok(db_read(site.db, read_state, &state, &err));
	return state;
}

static void test_first_visit(void **unused)
{
	cleanup(arena_done) struct arena arena = {0};
	struct browser carol = browser_new();
	struct id link;

	(void)unused;
	(void)site_mail(&site, CAROL, (struct str){mail_with_file, sizeof(mail_with_file) - 1});
	link = site_link(&site, CAROL);
	get(&carol, path_of(&arena, "/m/$", link));
	assert_shows(&carol, "Acme");
	assert_shows(&carol, "c…l@partner.example");
	assert_false(shows(&carol, SECRET_WORD));
	assert_false(shows(&carol, "4711"));
	assert_false(shows(&carol, CAROL));

	sign_in_by_link(&carol, link);
	follow(&carol);
	assert_int_equal(carol.status, 200);
	assert_shows(&carol, "Offer &lt;b&gt;4711&lt;/b&gt;");
	assert_false(shows(&carol, "[secure]"));
	assert_shows(&carol, "the word is " SECRET_WORD);
	assert_shows(&carol, "<a href=\"https://acme.example/a?b=1&amp;c=2\"");
	assert_shows(&carol, "offer.pdf");
	assert_true(state_of(link).copy.first_read_at > 0);

	get(&carol, path_of(&arena, "/message/$/file/2", link));
	assert_int_equal(carol.status, 200);
	assert_str(buf_str(&carol.body), "0123456789ABCDEF");
	assert_true(str_find_nocase(buf_str(&carol.head), STR("attachment; filename=\"offer.pdf\"")) > 0);
	curl_easy_setopt(carol.curl, CURLOPT_RANGE, "4-7");
	get(&carol, path_of(&arena, "/message/$/file/2", link));
	curl_easy_setopt(carol.curl, CURLOPT_RANGE, NULL);
	assert_int_equal(carol.status, 206);
	assert_str(buf_str(&carol.body), "4567");

	get(&carol, "/inbox");
	assert_shows(&carol, "Offer &lt;b&gt;4711&lt;/b&gt;");
	assert_shows(&carol, "Alice Adams");
	get(&carol, "/sent");
	assert_int_equal(carol.status, 200);
	get(&carol, "/settings");
	assert_shows(&carol, CAROL);
	get(&carol, "/compose");
	assert_int_equal(carol.status, 403);

	post(&carol, "/sign-out", "");
	follow(&carol);
	get(&carol, path_of(&arena, "/message/$", link));
	assert_int_equal(carol.status, 303);
	assert_true(str_starts(location(&carol), STR("/sign-in?next=%2Fmessage%2F")));
	browser_done(&carol);
}

/* Mail scanners open links, in any number: nobody is signed in, nothing counts as read (decision 7). */
static void test_get_changes_nothing(void **unused)
{
	static const char *const paths[] = {"/m/$", "/m/$/code", "/message/$", "/message/$/body",
		"/message/$/print", "/message/$/file/2", "/sign-in/code?link=$", "/sign-in/password?link=$",
		"/message/$/reply"};
	cleanup(arena_done) struct arena arena = {0};
	struct browser scanner = browser_new();

	(void)unused;
	(void)site_mail(&site, "dora@partner.example",
		STR("From: alice@acme.example\r\nTo: dora@partner.example\r\nSubject: [secure] "
		    "x\r\n\r\nx\r\n"));
	struct id link = site_link(&site, "dora@partner.example");
	struct state before = state_of(link);
	for (size_t i = 0; i < COUNT_OF(paths) * 3; i++)
		get(&scanner, path_of(&arena, paths[i % COUNT_OF(paths)], link));
	struct state after = state_of(link);
	assert_true(after.copy.unread);
	assert_int_equal(after.copy.first_read_at, 0);
	assert_int_equal(after.copy.folder, before.copy.folder);
	/* The one thing that is known: the link was opened. */
	assert_int_equal(after.events, before.events + 1);
	browser_done(&scanner);
}

static void test_forms_need_proof(void **unused)
{
	static const char *const paths[] = {"/m/$/code", "/m/$/not-mine", "/sign-in/send-code",
		"/sign-in/password", "/sign-in/code", "/sign-in"};
	cleanup(arena_done) struct arena arena = {0};
	struct browser other = browser_new();
	struct id link = site_link(&site, CAROL);

	(void)unused;
	get(&other, "/sign-in");
	strcpy(other.csrf, "0000000000000000000000000000000000000000000000000000");
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		char kept[sizeof(other.csrf)];
		memcpy(kept, other.csrf, sizeof(kept));
		post(&other, path_of(&arena, paths[i], link), "address=" CAROL "&code=12345678&language=de");
		memcpy(other.csrf, kept, sizeof(kept));
		if (other.status != 403)
			fail_msg("%s: %ld", paths[i], other.status);
	}
	browser_done(&other);
}

/* Nothing of another person's, and no telling apart from what does not exist (R15). */
static void test_others_see_nothing(void **unused)
{
	static const char *const paths[] = {"/message/$", "/message/$/body", "/message/$/print",
		"/message/$/file/2", "/message/$/file/0", "/message/$/reply", "/message/$/reply-all"};
	cleanup(arena_done) struct arena arena = {0};
	struct browser alice = browser_new();
	struct id link = site_link(&site, CAROL);

	(void)unused;
	get(&alice, "/sign-in");
	post(&alice, "/sign-in/password", "address=alice%40acme.example&password=wrong+horse+battery");
	assert_int_equal(alice.status, 422);
	post(&alice, "/sign-in/password", "address=alice%40acme.example&password=correct+horse+battery");
	follow(&alice);
	assert_int_equal(alice.status, 200);
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		get(&alice, path_of(&arena, paths[i], link));
		size_t len = alice.body.len;
		if (alice.status != 404 || shows(&alice, SECRET_WORD))
			fail_msg("%s: %ld", paths[i], alice.status);
		get(&alice, path_of(&arena, paths[i], id_new(clock_now())));
		assert_int_equal(alice.status, 404);
		assert_int_equal(alice.body.len, len);
	}
	get(&alice, "/sent");
	assert_shows(&alice, "4711");
	ptrdiff_t at = str_find(buf_str(&alice.body), STR("href=\"/message/"));
	assert_true(at > 0);
	struct str rest = str_from(buf_str(&alice.body), (size_t)at + 6);
	get(&alice, arena_cstr(&arena, str_cut(&rest, '"')));
	assert_shows(&alice, "not signed in");
	browser_done(&alice);
}

static void test_codes(void **unused)
{
	cleanup(arena_done) struct arena arena = {0};
	struct browser carol = browser_new(), stranger = browser_new();
	struct id link = site_link(&site, CAROL);

	(void)unused;
	get(&carol, path_of(&arena, "/m/$", link));
	post(&carol, path_of(&arena, "/m/$/code", link), "");
	struct str code = site_code(&site, CAROL);
	struct str right = arena_printf(&arena, "code=%.*s&link=%s", STR_ARG(code), id_text(link).s);
	get(&stranger, path_of(&arena, "/m/$", link));
	post(&stranger, "/sign-in/code", right.ptr);
	assert_int_equal(stranger.status, 422);
	assert_shows(&stranger, "another browser");
	post(&carol, "/sign-in/code", "code=123");
	assert_shows(&carol, "8 digits");
	char wrong[] = "code=00000000";
	wrong[5] = code.ptr[0] == '9' ? '8' : '9';
	post(&carol, "/sign-in/code", wrong);
	assert_shows(&carol, "4 tries left");
	post(&carol, "/sign-in/code", right.ptr);
	assert_int_equal(carol.status, 303);
	post(&carol, "/sign-in/code", right.ptr);
	browser_done(&carol);
	browser_done(&stranger);
}

/* An answer from outside, with a file, reaches the sender; sending the form twice sends once. */
static void test_reply(void **unused)
{
	cleanup(arena_done) struct arena arena = {0};
	struct browser carol = browser_new(), alice = browser_new();
	struct id link;

	(void)unused;
	(void)site_mail(&site, "erin@partner.example",
		STR("From: Alice Adams <alice@acme.example>\r\nTo: erin@partner.example\r\n"
		    "Subject: [secure] Question\r\nMessage-ID: <q@acme.example>\r\n\r\nHow "
		    "many?\r\n\r\nBest\r\n  Alice\r\n"));
	link = site_link(&site, "erin@partner.example");
	get(&carol, path_of(&arena, "/m/$", link));
	post(&carol, path_of(&arena, "/m/$/code", link), "");
	struct str code = site_code(&site, "erin@partner.example");
	post(&carol, "/sign-in/code", arena_printf(&arena, "code=%.*s", STR_ARG(code)).ptr);
	follow(&carol);
	const char *path = path_of(&arena, "/message/$/reply", link);
	get(&carol, path);
	assert_shows(&carol, "Alice Adams");
	assert_shows(&carol, "How many?");
	const char *form = arena_cstr(&arena, field_value(&carol, &arena, "form"));

	const char *const empty[] = {"form", form, "text", " ", NULL};
	send_form(&carol, path, empty, NULL);
	assert_int_equal(carol.status, 422);
	const char *const fields[] = {"form", form, "text", "Seven " SECRET_WORD ".", NULL};
	char kept[sizeof(carol.csrf)];
	memcpy(kept, carol.csrf, sizeof(kept));
	carol.csrf[0] = carol.csrf[0] == '0' ? '1' : '0';
	send_form(&carol, path, fields, "file content");
	assert_int_equal(carol.status, 403);
	assert_shows(&carol, "Seven " SECRET_WORD);
	memcpy(carol.csrf, kept, sizeof(kept));
	send_form(&carol, path, fields, "file content");
	assert_int_equal(carol.status, 303);
	struct str first = arena_str(&arena, location(&carol));
	send_form(&carol, path, fields, "file content");
	assert_str(location(&carol), first.ptr);
	follow(&carol);
	assert_shows(&carol, "Seven " SECRET_WORD);
	assert_shows(&carol, "answer.txt");
	assert_false(shows(&carol, "../answer"));
	assert_shows(&carol, "&gt; How many?\r\n&gt; \r\n&gt; Best\r\n&gt;   Alice");

	get(&alice, "/sign-in");
	post(&alice, "/sign-in/password", "address=alice%40acme.example&password=correct+horse+battery");
	follow(&alice);
	assert_shows(&alice, "Re: Question");
	ptrdiff_t at = str_find(buf_str(&alice.body), STR("href=\"/message/"));
	assert_true(at > 0);
	struct str rest = str_from(buf_str(&alice.body), (size_t)at + 6);
	const char *message = arena_cstr(&arena, str_cut(&rest, '"'));
	get(&alice, message);
	assert_shows(&alice, "Seven " SECRET_WORD);
	get(&alice, arena_printf(&arena, "%s/file/2", message).ptr);
	assert_str(buf_str(&alice.body), "file content");
	browser_done(&carol);
	browser_done(&alice);
}

/* HTML is shown in a frame of its own that runs nothing and loads nothing; being shown there is being read.
 */
static void test_html(void **unused)
{
	static const char mail[] =
		"From: Alice Adams <alice@acme.example>\r\nTo: fred@partner.example\r\n"
		"Subject: [secure] Picture\r\nMessage-ID: <h@acme.example>\r\nMIME-Version: 1.0\r\n"
		"Content-Type: multipart/related; boundary=r\r\n\r\n--r\r\n"
		"Content-Type: text/html; charset=utf-8\r\n\r\n"
		"<h1 onclick=x()>Offer</h1><script>alert(1)</script><img src=\"cid:a@b\">"
		"<img src=\"https://tracker.example/x\">\r\n--r\r\n"
		"Content-Type: image/png\r\nContent-ID: <a@b>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
		"MDEyMw==\r\n--r--\r\n";
	cleanup(arena_done) struct arena arena = {0};
	struct browser fred = browser_new();

	(void)unused;
	(void)site_mail(&site, "fred@partner.example", (struct str){mail, sizeof(mail) - 1});
	struct id link = site_link(&site, "fred@partner.example");
	get(&fred, path_of(&arena, "/m/$", link));
	post(&fred, path_of(&arena, "/m/$/code", link), "");
	struct str code = site_code(&site, "fred@partner.example");
	post(&fred, "/sign-in/code", arena_printf(&arena, "code=%.*s", STR_ARG(code)).ptr);
	follow(&fred);
	assert_false(shows(&fred, "Offer"));
	assert_shows(&fred, "sandbox=\"allow-popups");
	assert_int_equal(state_of(link).copy.first_read_at, 0);
	get(&fred, path_of(&arena, "/message/$/body", link));
	assert_shows(&fred, "<h1>Offer</h1>");
	assert_shows(&fred, "src=\"data:image/png;base64,MDEyMw==");
	assert_false(shows(&fred, "tracker.example"));
	assert_false(shows(&fred, "alert(1)"));
	assert_true(str_find(buf_str(&fred.head), STR("Content-Security-Policy: sandbox allow-popups")) > 0);
	assert_true(state_of(link).copy.first_read_at > 0);
	get(&fred, path_of(&arena, "/message/$/print", link));
	assert_shows(&fred, "Alice Adams");
	assert_shows(&fred, "<h1>Offer</h1>");
	browser_done(&fred);
}

static void test_compose(void **unused)
{
	cleanup(arena_done) struct arena arena = {0};
	struct browser alice = browser_new();

	(void)unused;
	get(&alice, "/sign-in");
	post(&alice, "/sign-in/password", "address=alice%40acme.example&password=correct+horse+battery");
	get(&alice, "/compose");
	const char *form = arena_cstr(&arena, field_value(&alice, &arena, "form"));
	const char *const outside[] = {"to", "bob@acme.example, x.partner.example", "subject", "s", "form",
		form, "text", "kept", NULL};
	send_form(&alice, "/compose", outside, "a file");
	assert_int_equal(alice.status, 422);
	assert_shows(&alice, "x.partner.example\xe2\x80\x9d is not a mail address");
	assert_shows(&alice, ">kept</textarea>");
	assert_shows(&alice, "answer.txt");
	const char *const inside[] = {
		"to", "bob@acme.example", "subject", "Lunch", "form", form, "text", "At noon", NULL};
	send_form(&alice, "/compose", inside, NULL);
	follow(&alice);
	assert_shows(&alice, "Lunch");
	assert_shows(&alice, "At noon");
	browser_done(&alice);
}

static void move_clock(int64_t offset)
{
	/* Never shorter than it was: the clock has it mapped. */
	FILE *file = fopen(clock_file, "r+b");

	assert_non_null(file);
	assert_int_equal(fwrite(&offset, sizeof(offset), 1, file), 1);
	assert_int_equal(fclose(file), 0);
}

/* After the idle time the session is over, what was written is still there (R7), and later an expired message
 * explains itself (R14). Moves the clock, so it comes last. */
static void test_time(void **unused)
{
	cleanup(arena_done) struct arena arena = {0};
	struct browser carol = browser_new();
	struct id link = site_link(&site, CAROL);

	(void)unused;
#ifndef SEALPOST_HAVE_TEST_CLOCK
	skip();
#endif
	sign_in_by_link(&carol, link);
	const char *path = path_of(&arena, "/message/$/reply", link);
	get(&carol, path);
	const char *form = arena_cstr(&arena, field_value(&carol, &arena, "form"));
	const char *const fields[] = {"form", form, "text", "a long draft", NULL};
	move_clock(61 * MS_MINUTE);
	send_form(&carol, path, fields, "file");
	assert_int_equal(carol.status, 403);
	assert_shows(&carol, "a long draft");
	assert_shows(&carol, "/sign-in?next=%2Fmessage%2F");
	get(&carol, path_of(&arena, "/message/$", link));
	assert_true(str_find(location(&carol), STR("&ended=1")) > 0);
	follow(&carol);
	assert_shows(&carol, "signed out");
	sign_in_by_link(&carol, link);
	follow(&carol);
	assert_shows(&carol, SECRET_WORD);

	move_clock(40 * MS_DAY);
	sign_in_by_link(&carol, link);
	follow(&carol);
	assert_int_equal(carol.status, 410);
	assert_shows(&carol, "expired");
	assert_shows(&carol, "Alice Adams");
	assert_false(shows(&carol, SECRET_WORD));
	assert_false(shows(&carol, "4711"));
	get(&carol, "/inbox");
	assert_false(shows(&carol, "4711"));
	browser_done(&carol);
}

static int start(void **unused)
{
	(void)unused;
	(void)snprintf(clock_file, sizeof(clock_file), "%s/clock", temporary_folder());
	int fd = creat(clock_file, 0600);
	if (fd < 0)
		return -1;
	close(fd);
	move_clock(0);
	setenv("SEALPOST_TEST_CLOCK", clock_file, 1);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	site_start(&site);
	return 0;
}

static int stop(void **unused)
{
	(void)unused;
	site_stop(&site);
	curl_global_cleanup();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_visit),
		cmocka_unit_test(test_get_changes_nothing),
		cmocka_unit_test(test_forms_need_proof),
		cmocka_unit_test(test_others_see_nothing),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_reply),
		cmocka_unit_test(test_html),
		cmocka_unit_test(test_compose),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
