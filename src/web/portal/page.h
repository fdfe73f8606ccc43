/* What all pages of the portal share: who asks, in which language, for which account, and the frame around
 * what a page shows. */
#ifndef WEB_PORTAL_PAGE_H
#define WEB_PORTAL_PAGE_H

#include "flow/draft.h"
#include "flow/open.h"
#include "flow/passkeys.h"
#include "flow/sign_in.h"
#include "text/format.h"
#include "web/csrf.h"
#include "web/portal/portal.h"
#include "web/router.h"
#include "web/server.h"
#include "web/view.h"

#define CSRF_FORM "portal" /* that all forms are for */

/* Cookies, without their __Host- prefix. */
#define COOKIE_SESSION "session"
#define COOKIE_LANGUAGE "language" /* chosen by somebody who is not signed in */
#define COOKIE_DEVICE "device"	   /* by which a browser that somebody signed in with is known */
#define COOKIE_ADDRESS "address"   /* typed in to sign in, for the pages that follow */
#define COOKIE_NEXT "next"	   /* where to go after signing in */
#define COOKIE_SEARCH "search"	   /* what was searched for: it goes into no URL */
#define COOKIE_ZONE "zone"	   /* the browser's time zone, told by the script */

#define NEXT_S (30 * 60) /* how long the address and the next page are kept */

/* Limits of parameters. */
#define LOCAL_PATH_BYTES 1000
#define LANGUAGE_BYTES 35
#define CURSOR_BYTES 60

struct portal {
	struct portal_options options;
	struct arena arena; /* what the options of the server point to */
	struct assets *assets;
	struct template_set *templates;
	struct languages *languages;
	struct zones *zones;
	struct router *router;
	struct server *server;
};

/* One request's person and account: request->state. */
struct visit {
	struct portal *portal;
	bool is_signed_in;
	bool has_ended;	  /* there was a session, and it is over (R7) */
	bool is_due;	  /* there is one that waits for a second factor, and opens nothing yet … */
	bool is_self_due; /* … or for who it is that proved a shared address */
	struct session_facts session;
	struct bytes token;
	struct actor actor;
	struct str browser; /* the pre-session cookie: what codes are bound to */
	struct visitor visitor;
	struct actor
		late; /* whose session has just ended: a form that was written in it is theirs; or nobody */
	struct csrf_secret late_secret; /* of that session's forms */
	struct str late_url;		/* where what a late form said is kept as a draft, or empty */
	bool form_is_old;  /* a form of another session: its page shows it again and does nothing else */
	bool is_looked_up; /* who it is could be found out; otherwise only the error page may use it */
	bool browser_is_new;
	struct csrf_secret secret;
	struct str return_path; /* what a GET shows again of the answer to a form; empty: the form's path */
	const struct account_settings *settings; /* of the account the page is about; NULL: not known */
	const struct language *language;
	struct format format;
	struct draft_text *draft; /* that a form continues, or NULL */
	struct draft_file_summary *draft_files;
	size_t draft_file_count;
	struct open_ended ended; /* for the page that says why a message is gone */
};

/* Finds out who asks. UNAVAILABLE, INTERNAL. */
enum result visit_begin(struct request *request, struct visit **ret) must_check;

/* Finds out whose session has just ended. */
void visit_find_late(struct request *request);

/* The same without asking the database, for error pages: nobody is signed in. */
struct visit *visit_minimal(struct request *request) __attribute__((returns_nonnull));

struct visit *visit_of(const struct request *request) __attribute__((returns_nonnull));
struct flow *flow_of(const struct request *request) __attribute__((returns_nonnull));

/* The page is about this account: its name, colour and language. The settings must outlive the request. */
void visit_set_account(struct request *request, const struct account_settings *settings);

/* The signed-in person chose another language or time zone. */
void visit_set_language(struct request *request);

/* Tells that mail was queued. */
void visit_accepted(const struct request *request);

/* The proof for forms. */
struct str visit_csrf(const struct request *request);
bool visit_csrf_is_right(const struct visit *visit, struct str token);

/* A fresh session's cookie, and away with what led to it. */
void visit_begin_session(struct request *request, struct response *response, const struct sign_in *sign_in);

/* The request's session, which waited for a second factor, is open now: the rest of the page is shown as
 * signed in. */
enum result visit_open_session(struct request *request) must_check;

/* Somebody signed in: the old session ends, and the browser is led to the link's message, to the page asked
 * for, or to the Inbox (R8). */
enum result page_signed_in(
	struct request *request, struct response *response, const struct sign_in *sign_in) must_check;

/* Pages for people who are not signed in (layout_door), or who are (layout_portal); `at` names the folder or
 * page that the navigation marks: "inbox", "sent", "compose", "settings" or NULL. */
enum result page_door(
	struct request *request, struct response *response, const char *template, json_t *view) must_check;
enum result page_portal(struct request *request, struct response *response, const char *template,
	const char *at, json_t *view) must_check;

/* What a passkey's device answered, from the fields of a form; false when it is malformed. */
bool page_passkey_answer(struct request *request, struct passkey_answer *ret);
#define BASE64_OF(bytes) ((bytes)*4 / 3 + 4)
#define PASSKEY_ANSWER_FIELDS                                                                                \
	{PARAMETER_FIELD, "credential", BASE64_OF(LIMIT_PASSKEY_ID_BYTES), 0,                                \
		"which passkey, base64url as all"},                                                          \
		{PARAMETER_FIELD, "client", BASE64_OF(LIMIT_PASSKEY_CLIENT_BYTES), 0, "clientDataJSON"},     \
		{PARAMETER_FIELD, "data", BASE64_OF(LIMIT_PASSKEY_ATTESTATION_BYTES), 0,                     \
			"authenticatorData"},                                                                \
	{                                                                                                    \
		PARAMETER_FIELD, "signature", BASE64_OF(LIMIT_PASSKEY_SIGNATURE_BYTES), 0, "signature"       \
	}

/* When the session ends now, as fields of the header of an answer that is no page: Session-Left in seconds,
 * and Session-Ends as a clock shows it. */
void page_tell_session(const struct request *request, struct response *response);

/* Whether the person who is signed in may write new messages. */
bool page_may_compose(const struct visit *visit);
/* … and may ask people outside for them. */
bool page_may_ask(const struct visit *visit);

/* Says in the form that a field is wrong: `what` is the key of its text, and the object for the text's
 * placeholders is returned. The page is answered with 422. */
json_t *page_problem(json_t *view, struct response *response, const char *field, const char *what)
	__attribute__((returns_nonnull));
/* too_often, with how long to wait. */
/* BUSY at a field, with how long to wait (ms). */
void page_problem_wait(
	struct request *request, struct response *response, json_t *view, const char *field, int64_t wait);
void page_problem_too_often(
	struct request *request, struct response *response, json_t *view, const char *field);

/* The answer leaves at the end of the beat of a quarter of a second that its work ended in, counted from
 * `begin` (clock_monotonic): what was found on the way, such as whether an address is known, is not told by
 * the time it took. No worker is held meanwhile. */
void page_answer_evenly(struct response *response, int64_t begin);

/* The address that somebody typed in to sign in is kept by the browser for a while: it goes into no URL.
 * Empty when there is none. */
void page_keep_address(struct request *request, struct response *response, struct str address);
struct str page_address(struct request *request);

/* The error page for a result, server_options.error_page. */
void page_error(struct request *request, struct response *response, enum result result);

/* {id} of the path; NOT_FOUND when it is none. */
enum result page_id(struct request *request, struct id *ret) must_check;

/* People and dates as fields of a view. */
void page_set_person(const struct visit *visit, json_t *object, struct open_person person);
void page_set_people(const struct visit *visit, json_t *view, const char *name,
	const struct open_person *people, size_t count);
void page_set_date(const struct visit *visit, json_t *view, int64_t when);

/* The tables of pages. */
extern const struct route_table portal_routes_passkey, portal_routes_check, portal_routes_link,
	portal_routes_sign_in, portal_routes_code, portal_routes_settings, portal_routes_password,
	portal_routes_mailboxes, portal_routes_mailbox, portal_routes_presence, portal_routes_message,
	portal_routes_body, portal_routes_factor, portal_routes_file, portal_routes_reply,
	portal_routes_again, portal_routes_compose, portal_routes_brand, portal_routes_command,
	portal_routes_notify, portal_routes_ask, portal_routes_asked, portal_routes_export,
	portal_routes_draft, portal_routes_draft_file, portal_routes_leaving;

extern const struct route_table portal_routes_access_code, portal_routes_addresses, portal_routes_attached,
	portal_routes_preview, portal_routes_prove, portal_routes_self_delete, portal_routes_shared,
	portal_routes_summary;

/* Of lists. */
extern const struct route_table portal_routes_delete, portal_routes_live, portal_routes_mark,
	portal_routes_search;

#endif
