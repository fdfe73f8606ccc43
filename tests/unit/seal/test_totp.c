#include "base/clock.h"
#include "seal/totp.h"
#include "tests/unit/seal/seal_unit.h"

static const uint8_t secret[TOTP_SECRET_BYTES] = "12345678901234567890";

/* RFC 6238, appendix B, the last six of its eight digits. */
static void codes_are_those_of_the_rfc(void **state)
{
	static const struct {
		int64_t seconds;
		const char *code;
	} vectors[] = {{59, "287082"}, {1111111109, "081804"}, {1111111111, "050471"}, {1234567890, "005924"},
		{2000000000, "279037"}, {20000000000, "353130"}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(vectors); i++) {
		int64_t step = -1, seconds = vectors[i].seconds;
		assert_true(totp_is_right(secret, str_of(vectors[i].code), seconds * MS_SECOND, &step));
		assert_int_equal(step, seconds / 30);
	}
}

static void one_step_of_drift_is_allowed(void **state)
{
	int64_t at = INT64_C(1234567890) * MS_SECOND, step = 0;

	(void)state;
	assert_true(totp_is_right(secret, STR("005924"), at - 30 * MS_SECOND, &step));
	assert_int_equal(step, 1234567890 / 30);
	assert_true(totp_is_right(secret, STR("005924"), at + 30 * MS_SECOND, &step));
	assert_int_equal(step, 1234567890 / 30);
	assert_false(totp_is_right(secret, STR("005924"), at - 60 * MS_SECOND, &step));
	assert_false(totp_is_right(secret, STR("005924"), at + 60 * MS_SECOND, &step));
}

static void what_is_no_code_is_refused(void **state)
{
	static const char *const texts[] = {"", "00592", "0059240", "00592a", "-05924", " 05924"};
	int64_t step;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_false(totp_is_right(secret, str_of(texts[i]), INT64_C(1234567890) * MS_SECOND, &step));
}

static void the_secret_reads_as_base_32(void **state)
{
	struct arena arena = {0};

	(void)state;
	assert_true(str_equal(totp_secret_text(secret, &arena), STR("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")));
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_those_of_the_rfc),
		cmocka_unit_test(one_step_of_drift_is_allowed),
		cmocka_unit_test(what_is_no_code_is_refused),
		cmocka_unit_test(the_secret_reads_as_base_32),
	};

	return cmocka_run_group_tests(tests, seal_setup, NULL);
}
