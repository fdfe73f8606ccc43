/* People: internal users and external recipients alike, each with a mailbox in one account. */
#ifndef STORE_PERSON_H
#define STORE_PERSON_H

#include "base/arena.h"
#include "db/db.h"

/* How a person wants the portal's lists. */
struct person_views {
	bool no_keys;	    /* no keyboard shortcuts */
	bool conversations; /* one row a conversation */
};

/* How the person wants dates shown in pages. */
struct person_dates {
	int64_t order;	   /* enum format_dates of text/format.h */
	bool twelve_hours; /* "2:02 pm", not "14:02" */
};

/* How a person begins to write. */
struct person_signature {
	struct bytes box;  /* sealed by the account key; empty: none */
	bool on_replies;   /* below answers as well */
	bool writes_plain; /* without formatting */
};

/* What a person chooses for pages and mails. */
struct person_choices {
	struct str language;  /* empty: the browser's */
	struct str time_zone; /* empty: the account's */
	struct person_dates dates;
};

struct person {
	struct id id;
	struct id account_id;
	struct str address;	/* as first seen */
	struct str address_key; /* as compared: lower case */
	bool is_internal;
	bool is_administrator;
	struct bytes name_box;	  /* display name, sealed by the account key; empty: none known */
	struct str password_hash; /* empty: no password */
	struct str language;	  /* empty: not chosen */
	struct str time_zone;	  /* empty: not chosen */
	int64_t proved_at;	  /* 0: has not yet shown that the mailbox is theirs */
	int64_t created_at;
	int64_t password_set_at; /* 0: never, or before this was kept */
	struct person_views views;
	struct person_dates dates;
	bool no_summary;   /* does not want the daily mail about messages sent (flow/summary.h) */
	struct id main_id; /* the person that this address is a further one of, or none */
	int64_t joined_at; /* since when; 0: it is not */
	int64_t shared_at; /* since when several people use the address (store/shared.h); 0: they do not */
};

enum result person_find(struct tx *tx, struct id account_id, struct id id, struct arena *arena,
	struct person *ret, struct err *err) must_check;

/* Whom the address signs in as. */
static inline struct id person_main(const struct person *person)
{
	return id_is_none(person->main_id) ? person->id : person->main_id;
}

/* The one with that identifier, or NULL. */
const struct person *person_among(const struct person *people, size_t count, struct id id);

/* By address in any case. NOT_FOUND when the account does not know it. */
enum result person_by_address(struct tx *tx, struct id account_id, struct str address, struct arena *arena,
	struct person *ret, struct err *err) must_check;

/* The mailboxes of one address in all accounts. */
enum result person_list_by_address(struct tx *tx, struct str address, struct arena *arena,
	struct person **ret, size_t *ret_count, struct err *err) must_check;

/* The person's addresses as rows: the main one first, then those that were added, oldest first. */
enum result person_list_joined(struct tx *tx, struct id main_id, struct arena *arena, struct person **ret,
	size_t *ret_count, struct err *err) must_check;

/* Internal users of an account in order of address, `limit` at most, after the address key `after`. */
enum result person_list_internal(struct tx *tx, struct id account_id, struct str after, int64_t limit,
	struct arena *arena, struct person **ret, size_t *ret_count, struct err *err) must_check;

enum result person_signature_find(struct tx *tx, struct id id, struct arena *arena,
	struct person_signature *ret, struct err *err) must_check;

#endif
