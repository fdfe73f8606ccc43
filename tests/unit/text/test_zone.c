#include "tests/unit/unit.h"

#include "base/clock.h"
#include "base/limits.h"
#include "text/zone.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void assert_wall(const struct zone *zone, int64_t seconds, const char *expected)
{
	struct wall_time wall = zone_wall_time(zone, seconds * MS_SECOND);
	char text[80];

	snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d:%02d %.*s %d", wall.year, wall.month, wall.day,
		wall.hour, wall.minute, wall.second, STR_ARG(wall.abbreviation), wall.weekday);
	assert_string_equal(text, expected);
}

static void knows_utc_without_any_file(void **state)
{
	cleanup(zones_free_at) struct zones *zones = zones_new();

	(void)state;
	assert_ptr_equal(zone_find(zones, STR("UTC")), zone_utc());
	assert_null(zone_find(zones, STR("Europe/Berlin")));
	assert_null(zone_find(zones, STR("")));
	assert_wall(zone_utc(), 0, "1970-01-01 00:00:00 UTC 4");
	assert_wall(zone_utc(), -1, "1969-12-31 23:59:59 UTC 3");
	assert_wall(zone_utc(), 951782400, "2000-02-29 00:00:00 UTC 2");
	assert_wall(zone_utc(), 4107542400, "2100-03-01 00:00:00 UTC 1");
}

/* A version 2 file with no moments at all, one type, and the footer given: "slim" files come near it. */
static size_t make_file(uint8_t *out, const char *footer)
{
	static const uint8_t header[44] = {'T', 'Z', 'i', 'f', '2', [39] = 1, [43] = 4};
	static const uint8_t data[10] = {0, 0, 0, 0, 0, 0, 'L', 'M', 'T', 0};
	size_t len = 0;

	for (int i = 0; i < 2; i++) {
		memcpy(out + len, header, sizeof(header));
		memcpy(out + len + sizeof(header), data, sizeof(data));
		len += sizeof(header) + sizeof(data);
	}
	len += (size_t)sprintf((char *)out + len, "\n%s\n", footer);
	return len;
}

static const struct zone *add(struct zones *zones, const char *name, const char *footer)
{
	uint8_t file[300];
	size_t len = make_file(file, footer);

	assert_ok(zones_add(zones, str_of(name), (struct bytes){file, len}, NULL));
	return zone_find(zones, str_of(name));
}

static void follows_rules(void **state)
{
	cleanup(zones_free_at) struct zones *zones = zones_new();
	const struct zone *berlin = add(zones, "Berlin", "CET-1CEST,M3.5.0,M10.5.0/3");
	const struct zone *sydney = add(zones, "Sydney", "AEST-10AEDT,M10.1.0,M4.1.0/3");
	const struct zone *kolkata = add(zones, "Kolkata", "IST-5:30");
	const struct zone *nuuk = add(zones, "Nuuk", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0");
	const struct zone *julian = add(zones, "Julian", "AAA0BBB,J60/0,J300/0");
	const struct zone *always = add(zones, "Always", "XXX3EDT4,0/0,J365/23");

	(void)state;
	assert_wall(berlin, 1774745999, "2026-03-29 01:59:59 CET 0");
	assert_wall(berlin, 1774746000, "2026-03-29 03:00:00 CEST 0");
	assert_wall(berlin, 1792889999, "2026-10-25 02:59:59 CEST 0");
	assert_wall(berlin, 1792890000, "2026-10-25 02:00:00 CET 0");
	assert_wall(sydney, 1767225600, "2026-01-01 11:00:00 AEDT 4");
	assert_wall(sydney, 1782864000, "2026-07-01 10:00:00 AEST 3");
	assert_wall(kolkata, 1782864000, "2026-07-01 05:30:00 IST 3");
	assert_wall(nuuk, 1782864000, "2026-06-30 23:00:00 -01 2");
	assert_wall(julian, 1709251200, "2024-03-01 01:00:00 BBB 5");
	assert_wall(julian, 1709251199, "2024-02-29 23:59:59 AAA 4");
	assert_wall(always, 1782864000, "2026-06-30 20:00:00 EDT 2");
}

static void refuses_damaged_files(void **state)
{
	static const char *const footers[] = {"", "CE-1", "CET", "CET-1CEST", "CET-1CEST,M13.1.0,M10.5.0",
		"CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0x", "CET-999", "<CET-1",
		"CET-1CEST,J400,J1"};
	cleanup(zones_free_at) struct zones *zones = zones_new();
	uint8_t file[300];

	(void)state;
	for (size_t i = 1; i < COUNT_OF(footers); i++) {
		size_t len = make_file(file, footers[i]);
		assert_int_equal(zones_add(zones, STR("x"), (struct bytes){file, len}, NULL), RESULT_INVALID);
	}
	size_t whole = make_file(file, "CET-1");
	for (size_t len = 0; len < whole; len++)
		assert_int_equal(zones_add(zones, STR("x"), (struct bytes){file, len}, NULL), RESULT_INVALID);
	for (size_t at = 0; at < whole * 255; at++) {
		cleanup(zones_free_at) struct zones *own = zones_new();
		uint8_t damaged[300];
		memcpy(damaged, file, whole);
		damaged[at / 255] = (uint8_t)(damaged[at / 255] + 1 + at % 255);
		if (zones_add(own, STR("x"), (struct bytes){damaged, whole}, NULL) == RESULT_OK)
			(void)zone_wall_time(zone_find(own, STR("x")), INT64_C(1782864000000));
	}
}

static void reads_the_zones_of_the_system(void **state)
{
	cleanup(zones_free_at) struct zones *zones = zones_open(ZONE_FOLDER);

	(void)state;
	if (access(ZONE_FOLDER "/Europe/Berlin", R_OK) != 0) {
		print_message("skipped: there is no " ZONE_FOLDER "\n");
		skip();
	}
	const struct zone *berlin = zone_find(zones, STR("Europe/Berlin"));
	assert_non_null(berlin);
	assert_str(zone_name(berlin), "Europe/Berlin");
	assert_wall(berlin, 1782864000, "2026-07-01 02:00:00 CEST 3");
	assert_wall(berlin, 3676233600, "2086-06-30 02:00:00 CEST 0");
	assert_wall(berlin, -776563201, "1945-05-24 01:59:59 CEST 4");
	assert_wall(zone_find(zones, STR("America/New_York")), 1782864000, "2026-06-30 20:00:00 EDT 2");
	assert_null(zone_find(zones, STR("../../etc/passwd")));
	assert_null(zone_find(zones, STR("posix/Europe/Berlin")));
	assert_null(zone_find(zones, STR("localtime")));
	assert_null(zone_find(zones, STR("posixrules")));
	assert_null(zone_find(zones, STR("Factory")));
	for (size_t i = 1; zones_at(zones, i); i++)
		assert_true(
			strcmp(zone_name(zones_at(zones, i - 1)).ptr, zone_name(zones_at(zones, i)).ptr) < 0);
}

static void assert_day(const struct zone *zone, const char *day, const char *expected)
{
	int64_t days;

	assert_true(zone_day_parse(str_of(day), &days));
	int64_t begin = zone_day_begins(zone, days);
	assert_int_equal(begin % MS_SECOND, 0);
	assert_wall(zone, begin / MS_SECOND, expected);
	assert_int_equal(zone_wall_time(zone, begin - 1).days, days - 1);
}

static void finds_where_a_day_begins(void **state)
{
	static const char *const wrong[] = {"", "2026-12-1", "2026-12-32", "2026-02-29", "2026-13-01",
		"2026-00-01", "2026-01-00", "1969-12-31", "2026/12/01", "2026-12-01 ", "+026-12-01"};
	cleanup(zones_free_at) struct zones *zones = zones_new();
	/* The second puts its clocks forward at midnight: that day begins at one o'clock. */
	const struct zone *berlin = add(zones, "x/berlin", "CET-1CEST,M3.5.0,M10.5.0/3");
	const struct zone *midnight = add(zones, "x/midnight", "EET-2EEST,M3.5.0/0,M10.5.0/0");
	const struct zone *far = add(zones, "x/far", "<+14>-14");
	int64_t days;

	(void)state;
	assert_day(zone_utc(), "2024-02-29", "2024-02-29 00:00:00 UTC 4");
	assert_day(berlin, "2026-12-01", "2026-12-01 00:00:00 CET 2");
	assert_day(berlin, "2026-07-01", "2026-07-01 00:00:00 CEST 3");
	assert_day(berlin, "2026-03-29", "2026-03-29 00:00:00 CET 0");
	assert_day(midnight, "2026-03-29", "2026-03-29 01:00:00 EEST 0");
	assert_day(far, "2027-01-01", "2027-01-01 00:00:00 +14 5");
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_false(zone_day_parse(str_of(wrong[i]), &days));
	assert_true(zone_day_parse(STR("2027-01-01"), &days));
	assert_int_equal(zone_month_begins(2026, 13), days);
	assert_int_equal(zone_month_begins(2027, 1), days);
}

static void reads_times_on_the_wall(void **state)
{
	cleanup(zones_free_at) struct zones *zones = zones_new();
	const struct zone *berlin = add(zones, "Berlin", "CET-1CEST,M3.5.0,M10.5.0/3");
	static const struct {
		const char *text;
		int64_t seconds; /* 0: refused */
	} cases[] = {
		{"2026-01-31T12:00", 1769857200},
		{"2026-07-01T12:00:30", 1782900030},
		{"2026-07-01T12:00Z", 1782907200},
		{"2026-10-25T02:30", 1792888200}, /* the first of two */
		{"2026-03-29T02:30", 1774747800}, /* never was: half an hour behind the gap */
		{"2028-02-29T00:00", 1835391600},
		{"2026-02-29T00:00", 0},
		{"2026-04-31T00:00", 0},
		{"2026-13-01T00:00", 0},
		{"2026-00-01T00:00", 0},
		{"2026-01-00T00:00", 0},
		{"2026-01-01T24:00", 0},
		{"2026-01-01T23:60", 0},
		{"2026-01-01T23:5", 0},
		{"2026-01-01 23:50", 0},
		{"2026-01-01T23:50:", 0},
		{"2026-01-01T23:50+01:00", 0},
		{"12026-01-01T23:50", 0},
		{"+026-01-01T23:50", 0},
		{"", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t read = 0;
		assert_int_equal(zone_read_time(berlin, str_of(cases[i].text), &read), cases[i].seconds != 0);
		assert_int_equal(read, cases[i].seconds * MS_SECOND);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_utc_without_any_file),
		cmocka_unit_test(follows_rules),
		cmocka_unit_test(finds_where_a_day_begins),
		cmocka_unit_test(refuses_damaged_files),
		cmocka_unit_test(reads_times_on_the_wall),
		cmocka_unit_test(reads_the_zones_of_the_system),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
