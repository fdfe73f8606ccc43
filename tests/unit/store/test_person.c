#include "store/account_write.h"
#include "store/person_write.h"
#include "store/schema.h"
#include "tests/unit/db/databases.h"
#include "tests/unit/unit.h"

#define ADDRESS STR("alice@partner.example")

static char sqlite_url[200];
static struct db *db;

/* One address that two accounts know, each as a person of its own. */
static struct id accounts[2], people[2];

static enum result add_all(struct tx *tx, void *context, struct err *err)
{
	static const struct str names[] = {STR("first"), STR("second")};

	(void)context;
	for (size_t i = 0; i < 2; i++) {
		struct account account = {.id = id_new(1 + (int64_t)i),
			.name = names[i],
			.key_wrap = str_bytes(STR("wrap")),
			.created_at = 1};
		struct person person = {.id = id_new(1 + (int64_t)i),
			.account_id = account.id,
			.address = ADDRESS,
			.address_key = ADDRESS,
			.created_at = 1};
		accounts[i] = account.id;
		TRY(account_add(tx, &account, err));
		TRY(person_ensure(tx, &person, &people[i], NULL, err));
	}
	return RESULT_OK;
}

struct finding {
	size_t account, person;
	struct id found;
};

static enum result by_id(struct tx *tx, void *context, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct finding *f = context;
	struct person person;

	TRY(person_find(tx, accounts[f->account], people[f->person], &arena, &person, err));
	f->found = person.id;
	return RESULT_OK;
}

static enum result by_address(struct tx *tx, void *context, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct finding *f = context;
	struct person person;

	TRY(person_by_address(tx, accounts[f->account], ADDRESS, &arena, &person, err));
	f->found = person.id;
	return RESULT_OK;
}

/* R15: whatever identifier or address is asked for, nobody is found in an account but its own people. */
static void a_person_of_another_account_is_never_found(void **state)
{
	(void)state;
	for (size_t account = 0; account < 2; account++) {
		struct finding own = {account, account, {{0}}}, other = {account, 1 - account, {{0}}};
		assert_ok(db_read(db, by_id, &own, NULL));
		assert_true(id_equal(own.found, people[account]));
		assert_int_equal(db_read(db, by_id, &other, NULL), RESULT_NOT_FOUND);
		assert_ok(db_read(db, by_address, &own, NULL));
		assert_true(id_equal(own.found, people[account]));
	}
}

static int set_up(const char *url)
{
	struct err err = {0};
	int from, to;

	db = test_db_open(url);
	if (schema_migrate(db, &from, &to, &err) != RESULT_OK ||
		db_write(db, add_all, NULL, &err) != RESULT_OK)
		fail_msg("%s", err.text);
	return 0;
}

static int on_sqlite(void **state)
{
	(void)state;
	test_sqlite_url(sqlite_url);
	return set_up(sqlite_url);
}

static int on_postgres(void **state)
{
	(void)state;
	return set_up(test_postgres_url());
}

static int tear_down(void **state)
{
	(void)state;
	db_close(db);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_person_of_another_account_is_never_found),
	};
	int failed = cmocka_run_group_tests_name("SQLite", tests, on_sqlite, tear_down);

	if (test_postgres_url())
		failed += cmocka_run_group_tests_name("PostgreSQL", tests, on_postgres, tear_down);
	return failed;
}
