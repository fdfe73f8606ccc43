#include "flow/people.h"

#include "base/limits.h"
#include "seal/box.h"
#include "store/domain.h"
#include "store/person_write.h"

#define NAME_FIELD "person-name"
#define RECIPIENT_NAME_FIELD "recipient-name"

struct bytes people_name_seal(
	const struct flow_account *account, struct id person_id, struct str name, struct arena *arena)
{
	struct box_context context = {NAME_FIELD, person_id};

	return box_seal_account(
		account->key, context, str_bytes(str_sub(name, 0, LIMIT_DISPLAY_NAME_BYTES)), arena);
}

struct str people_name(
	const struct flow_account *account, struct id person_id, struct bytes name_box, struct arena *arena)
{
	struct box_context context = {NAME_FIELD, person_id};
	struct bytes name;

	if (name_box.len == 0 ||
		box_open_account(account->key, context, name_box, arena, &name, NULL) != RESULT_OK)
		return STR_NONE;
	return bytes_str(name);
}

struct bytes people_recipient_name_seal(
	const struct message_key *key, struct id person_id, struct str name, struct arena *arena)
{
	struct box_context context = {RECIPIENT_NAME_FIELD, person_id};

	if (name.len == 0)
		return (struct bytes){0};
	return box_seal(key, context, str_bytes(str_sub(name, 0, LIMIT_DISPLAY_NAME_BYTES)), arena);
}

struct str people_recipient_name(
	const struct message_key *key, const struct recipient *recipient, struct arena *arena)
{
	struct box_context context = {RECIPIENT_NAME_FIELD, recipient->person_id};
	struct bytes name;

	if (recipient->name_box.len == 0 ||
		box_open(key, context, recipient->name_box, arena, &name, NULL) != RESULT_OK)
		return STR_NONE;
	return bytes_str(name);
}

enum result people_ensure(struct tx *tx, const struct flow_account *account, struct str address,
	struct str name, bool is_internal, int64_t now, struct arena *arena, struct person *ret,
	bool *ret_is_new, struct err *err)
{
	enum result found = person_by_address(tx, account->account.id, address, arena, ret, err);
	bool is_new = found == RESULT_NOT_FOUND;

	if (is_new) {
		struct person person = {.id = id_new(now),
			.account_id = account->account.id,
			.address = address,
			.address_key = arena_lower(arena, address),
			.is_internal = is_internal,
			.created_at = now};
		struct id id;
		if (name.len)
			person.name_box = people_name_seal(account, person.id, name, arena);
		TRY(person_ensure(tx, &person, &id, &is_new, err));
		TRY(person_find(tx, account->account.id, id, arena, ret, err));
	} else {
		TRY(found);
	}
	if (!is_new && name.len && ret->name_box.len == 0) {
		ret->name_box = people_name_seal(account, ret->id, name, arena);
		TRY(person_set_name_box(tx, ret->id, ret->name_box, err));
	}
	if (ret_is_new)
		*ret_is_new = is_new;
	return RESULT_OK;
}

enum result people_is_internal(
	struct tx *tx, struct id account_id, struct str address, bool *ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct domain domain;
	enum result result = domain_find(tx, address_domain(address), &arena, &domain, err);

	if (result != RESULT_OK && result != RESULT_NOT_FOUND)
		return result;
	*ret = result == RESULT_OK && id_equal(domain.account_id, account_id);
	return RESULT_OK;
}

/* The passwords that are tried first; the list is short because ten characters are asked for already. */
static const char *const common_passwords[] = {
	"1234567890",
	"0123456789",
	"0987654321",
	"1q2w3e4r5t",
	"1qaz2wsx3edc",
	"qwertyuiop",
	"qwerty123456",
	"password12",
	"password123",
	"password1234",
	"passwort123",
	"passwort1234",
	"iloveyou123",
	"letmein123",
	"welcome123",
	"welcome1234",
	"willkommen",
	"administrator",
	"admin12345",
	"changeme123",
	"sealpost123",
	"abcdefghij",
	"abc1234567",
	"1111111111",
	"0000000000",
	"aaaaaaaaaa",
	"q1w2e3r4t5",
	"zaq12wsxcde",
	"princess123",
	"football123",
	"baseball123",
	"superman123",
	"dragon1234",
	"monkey1234",
	"sunshine123",
	"trustno1234",
	"whatever123",
	"starwars123",
	"computer123",
	"michael123",
	"jennifer123",
	"geheim1234",
	"hallo12345",
	"schatz1234",
	"sommer2024",
	"sommer2025",
	"sommer2026",
	"winter2024",
	"winter2025",
	"winter2026",
	"summer2024",
	"summer2025",
	"summer2026",
	"qwertz1234",
	"qwertzuiop",
	"asdfghjkl1",
};

enum result password_check(struct str password, struct str address, struct err *err)
{
	bool all_equal = true;

	if (password.len < LIMIT_PASSWORD_BYTES_MIN)
		return err_code(err, RESULT_INVALID, "password-short",
			"a password has at least %d characters", LIMIT_PASSWORD_BYTES_MIN);
	if (password.len > LIMIT_PASSWORD_BYTES_MAX || !str_is_utf8(password))
		return err_code(err, RESULT_INVALID, "password-long", "a password has at most %d bytes",
			LIMIT_PASSWORD_BYTES_MAX);
	for (size_t i = 1; i < password.len; i++)
		all_equal = all_equal && password.ptr[i] == password.ptr[0];
	for (size_t i = 0; i < COUNT_OF(common_passwords); i++)
		all_equal = all_equal || str_equal_nocase(password, str_of(common_passwords[i]));
	if (all_equal || str_equal_nocase(password, address) ||
		str_equal_nocase(password, address_local_part(address)))
		return err_code(err, RESULT_INVALID, "password-common",
			"this password would be tried first: choose one that nobody else uses");
	return RESULT_OK;
}
