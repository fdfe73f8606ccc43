#include "store/domain_write.h"

#include "base/list.h"
#include "base/mem.h"

#define COLUMNS "name, account_id, next_hop, hop_tls, created_at"

static struct domain read_row(const struct rows *rows, struct arena *arena)
{
	return (struct domain){
		.name = arena_str(arena, row_text(rows, 0)),
		.account_id = row_id(rows, 1),
		.next_hop = arena_str(arena, row_text(rows, 2)),
		.hop_tls = (enum hop_tls)row_int(rows, 3),
		.created_at = row_int(rows, 4),
	};
}

enum result domain_find(
	struct tx *tx, struct str name, struct arena *arena, struct domain *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, "SELECT " COLUMNS " FROM domain WHERE name = $1",
		DB_ARGS(db_text(arena_lower(arena, name))), &rows, err));
	*ret = read_row(&rows, arena);
	return rows_end(&rows, err);
}

enum result domain_list(struct tx *tx, struct id account_id, struct arena *arena, struct domain **ret,
	size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct domain));

	TRY(db_query(tx, "SELECT " COLUMNS " FROM domain WHERE account_id = $1 OR $2 = 1 ORDER BY name",
		DB_ARGS(db_id(account_id), db_bool(id_is_none(account_id))), &rows, err));
	while (rows_next(&rows))
		*(struct domain *)list_add(&list) = read_row(&rows, arena);
	TRY(rows_end(&rows, err));
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result domain_add(struct tx *tx, const struct domain *domain, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};

	return db_exec(tx, "INSERT INTO domain (" COLUMNS ") VALUES ($1, $2, $3, $4, $5)",
		DB_ARGS(db_text(arena_lower(&arena, domain->name)), db_id(domain->account_id),
			db_text(domain->next_hop), db_int(domain->hop_tls), db_int(domain->created_at)),
		NULL, err);
}

/* An UPDATE or DELETE of one row that must be there. */
static enum result change_one(
	struct tx *tx, const char *sql, const struct db_value *args, size_t count, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, sql, args, count, &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_NOT_FOUND, "the account has no such domain");
}

enum result domain_set_hop(struct tx *tx, struct id account_id, struct str name, struct str next_hop,
	enum hop_tls hop_tls, struct err *err)
{
	return change_one(tx,
		"UPDATE domain SET next_hop = $3, hop_tls = $4 WHERE account_id = $1 AND name = $2",
		DB_ARGS(db_id(account_id), db_text(name), db_text(next_hop), db_int(hop_tls)), err);
}

enum result domain_remove(struct tx *tx, struct id account_id, struct str name, struct err *err)
{
	return change_one(tx, "DELETE FROM domain WHERE account_id = $1 AND name = $2",
		DB_ARGS(db_id(account_id), db_text(name)), err);
}

static const char *const hop_tls_names[] = {
	[HOP_TLS_VERIFIED] = "verified", [HOP_TLS_LOOSENED] = "loosened", [HOP_TLS_ALWAYS] = "always"};

const char *hop_tls_name(enum hop_tls hop_tls)
{
	return (size_t)hop_tls < COUNT_OF(hop_tls_names) && hop_tls_names[hop_tls] ? hop_tls_names[hop_tls]
										   : "unknown";
}

bool hop_tls_parse(struct str name, enum hop_tls *ret)
{
	for (size_t i = HOP_TLS_VERIFIED; i < COUNT_OF(hop_tls_names); i++) {
		if (!str_equal(name, str_of(hop_tls_names[i])))
			continue;
		*ret = (enum hop_tls)i;
		return true;
	}
	return false;
}

static enum result count(
	struct tx *tx, const char *sql, struct id account_id, struct str name, int64_t *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, sql, DB_ARGS(db_id(account_id), db_text(name)), &rows, err));
	*ret = row_int(&rows, 0);
	return rows_end(&rows, err);
}

/* Whether an address ends in @ and the domain $2. */
#define IS_IN(address) " substr(" address ", length(" address ") - length($2)) = '@' || $2"

enum result domain_count_use(struct tx *tx, struct id account_id, struct str name, int64_t *ret_users,
	int64_t *ret_waiting, struct err *err)
{
	TRY(count(tx,
		"SELECT COUNT(*) FROM person WHERE account_id = $1 AND is_internal = 1 AND" IS_IN(
			"address_key"),
		account_id, name, ret_users, err));
	return count(tx,
		"SELECT COUNT(*) FROM delivery WHERE state = 1 AND account_id = $1 AND" IS_IN(
			"lower(recipient)"),
		account_id, name, ret_waiting, err);
}
