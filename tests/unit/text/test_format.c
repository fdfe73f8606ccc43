#include "tests/unit/unit.h"

#include "text/format.h"

#include <stdlib.h>

/* Monday, 23 November 2026, 18:43:38 UTC. */
#define NOW INT64_C(1795459418000)

/* The texts of the product, for their patterns are what is tested. */
static struct languages *languages_of_product(void)
{
	cleanup(arena_done) struct arena arena = {0};
	struct languages *languages = NULL;
	struct err err = {0};
	const char *source = getenv("SEALPOST_SOURCE_DIR");

	struct str folder = arena_printf(&arena, "%s/web/languages", source ? source : ".");
	if (languages_load(folder.ptr, &languages, &err) != RESULT_OK)
		fail_msg("%s", err.text);
	return languages;
}

struct setting {
	struct arena arena;
	struct languages *languages;
	struct zones *zones;
	struct format en, de;
};

static int set_up(void **state)
{
	struct setting *setting = calloc(1, sizeof(*setting));

	setting->languages = languages_of_product();
	setting->zones = zones_new();
	setting->en = (struct format){
		&setting->arena, language_find(setting->languages, STR("en")), zone_utc(), NOW};
	setting->de = setting->en;
	setting->de.language = language_find(setting->languages, STR("de"));
	*state = setting;
	return 0;
}

static int tear_down(void **state)
{
	struct setting *setting = *state;

	arena_done(&setting->arena);
	languages_free(setting->languages);
	zones_free(setting->zones);
	free(setting);
	return 0;
}

static void shortens_dates_of_lists(void **state)
{
	struct setting *setting = *state;
	static const struct {
		int64_t when;
		const char *en, *de;
	} cases[] = {
		{NOW, "18:43", "18:43"},
		{NOW - 18 * MS_HOUR, "00:43", "00:43"},
		{NOW - 19 * MS_HOUR, "Sun", "So"},
		{NOW - 6 * MS_DAY, "Tue", "Di"},
		{NOW - 7 * MS_DAY, "16 Nov", "16. Nov."},
		{NOW + MS_DAY, "24 Nov", "24. Nov."},
		{NOW - 365 * MS_DAY, "23 Nov 2025", "23. Nov. 2025"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_str(format_time_short(&setting->en, cases[i].when), cases[i].en);
		assert_str(format_time_short(&setting->de, cases[i].when), cases[i].de);
	}
}

static void follows_the_chosen_order_and_clock(void **state)
{
	struct setting *setting = *state;
	static const struct {
		enum format_dates dates;
		const char *this_year, *other_year, *full;
	} cases[] = {
		{DATES_ISO, "2026-11-16", "2025-11-23", "Monday, 2026-11-23, 6:43 pm UTC"},
		{DATES_DAY_FIRST, "16/11", "23/11/2025", "Monday, 23/11/2026, 6:43 pm UTC"},
		{DATES_MONTH_FIRST, "11/16", "11/23/2025", "Monday, 11/23/2026, 6:43 pm UTC"},
	};
	struct format format = setting->en;

	format.twelve_hours = true;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		format.dates = cases[i].dates;
		assert_str(format_time_short(&format, NOW - 7 * MS_DAY), cases[i].this_year);
		assert_str(format_time_short(&format, NOW - 365 * MS_DAY), cases[i].other_year);
		assert_str(format_time_full(&format, NOW), cases[i].full);
	}
	assert_str(format_clock(&format, NOW - 18 * MS_HOUR), "12:43 am");
	assert_str(format_clock(&format, NOW - 6 * MS_HOUR), "12:43 pm");
}

static void spells_dates_out(void **state)
{
	struct setting *setting = *state;

	assert_str(format_time_full(&setting->en, NOW), "Monday, 23 November 2026, 18:43 UTC");
	assert_str(format_time_full(&setting->de, NOW), "Montag, 23. November 2026, 18:43 Uhr UTC");
	assert_str(format_date(&setting->en, NOW), "23 November 2026");
	assert_str(format_date(&setting->de, NOW), "23. November 2026");
	assert_str(format_clock(&setting->en, NOW), "18:43");
	assert_str(format_time_machine(&setting->en, NOW), "2026-11-23T18:43:38+00:00");
}

/* Never more than there is. */
static void tells_the_expiry(void **state)
{
	struct setting *setting = *state;
	static const struct {
		int64_t at;
		const char *en;
	} cases[] = {
		{0, ""},
		{NOW - 1, "Expired on 23 November 2026"},
		{NOW + 59 * MS_SECOND, "Expires in less than a minute"},
		{NOW + MS_MINUTE, "Expires in 1 minute"},
		{NOW + MS_HOUR - 1, "Expires in 59 minutes"},
		{NOW + 2 * MS_HOUR - 1, "Expires in 1 hour"},
		{NOW + 2 * MS_DAY - 1, "Expires in 1 day"},
		{NOW + 2 * MS_DAY, "Expires in 2 days"},
		{NOW + 14 * MS_DAY - 1, "Expires in 13 days"},
		{NOW + 14 * MS_DAY, "Expires on 7 December 2026"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_str(format_expiry(&setting->en, cases[i].at), cases[i].en);
	assert_str(format_expiry(&setting->de, NOW + 2 * MS_DAY), "Läuft in 2 Tagen ab");
}

static void tells_durations_and_sizes(void **state)
{
	struct setting *setting = *state;
	struct arena *arena = &setting->arena;
	const struct language *en = setting->en.language, *de = setting->de.language;

	assert_str(format_duration(arena, en, 0), "1 minute");
	assert_str(format_duration(arena, en, 15 * MS_MINUTE), "15 minutes");
	assert_str(format_duration(arena, en, 12 * MS_HOUR), "12 hours");
	assert_str(format_duration(arena, en, 2 * MS_DAY), "2 days");
	assert_str(format_size(arena, en, 0), "0 bytes");
	assert_str(format_size(arena, en, 1), "1 byte");
	assert_str(format_size(arena, en, 1023), "1023 bytes");
	assert_str(format_size(arena, en, 1024), "1 KB");
	assert_str(format_size(arena, en, 245760), "240 KB");
	assert_str(format_size(arena, en, 1500 * 1024), "1.4 MB");
	assert_str(format_size(arena, de, 1500 * 1024), "1,4 MB");
	assert_str(format_size(arena, en, UINT64_C(200) << 20), "200 MB");
	assert_str(format_size(arena, en, UINT64_MAX), "17,179,869,183 GB");
	assert_str(format_count(arena, en, 0), "0");
	assert_str(format_count(arena, en, 1000), "1,000");
	assert_str(format_count(arena, de, 12345678), "12.345.678");
}

static void masks_addresses(void **state)
{
	struct setting *setting = *state;
	static const struct {
		const char *address, *masked;
	} cases[] = {
		{"carol@partner.example", "c…l@partner.example"},
		{"ab@partner.example", "…@partner.example"},
		{"@partner.example", "…@partner.example"},
		{"üxß@partner.example", "ü…ß@partner.example"},
		{"\"a@b\"@partner.example", "\"…\"@partner.example"},
		{"nothing", "…"},
		{"", "…"},
		{"\x80\x80\x80\x80@x", "…@x"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_str(format_masked_address(&setting->arena, str_of(cases[i].address)), cases[i].masked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(shortens_dates_of_lists, set_up, tear_down),
		cmocka_unit_test_setup_teardown(follows_the_chosen_order_and_clock, set_up, tear_down),
		cmocka_unit_test_setup_teardown(spells_dates_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tells_the_expiry, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tells_durations_and_sizes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(masks_addresses, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
