#include "text/format.h"

#include <stdlib.h>

/* The item of a text such as "Jan|Feb|…". */
static struct str item(const struct language *language, const char *key, int index)
{
	struct str rest = language_text(language, key), found = STR_NONE;

	for (int i = 0; i <= index && rest.ptr; i++)
		found = str_cut(&rest, '|');
	return found;
}

static struct str date_by(const struct format *format, const char *key, const struct wall_time *wall)
{
	const struct language *language = format->language;

	return language_format(format->arena, language, key, {"day", .number = wall->day},
		{"month", item(language, "date.months", wall->month - 1)},
		{"month_short", item(language, "date.months_short", wall->month - 1)},
		{"weekday", item(language, "date.weekdays", wall->weekday)}, {"year", .number = wall->year});
}

static struct str clock_of(const struct format *format, const struct wall_time *wall)
{
	int hour = wall->hour % 12 ? wall->hour % 12 : 12;

	if (!format->twelve_hours)
		return arena_printf(format->arena, "%02d:%02d", wall->hour, wall->minute);
	return arena_printf(format->arena, "%d:%02d %.*s", hour, wall->minute,
		STR_ARG(language_text(format->language, wall->hour < 12 ? "date.am" : "date.pm")));
}

/* A day in the reader's order; `key`: the text for it in the order of the language. The year of a short date
 * is left out where the language does so. */
static struct str day_of(
	const struct format *format, const char *key, bool has_year, const struct wall_time *wall)
{
	switch (format->dates) {
	case DATES_ISO:
		return arena_printf(format->arena, "%04d-%02d-%02d", wall->year, wall->month, wall->day);
	case DATES_DAY_FIRST:
		return has_year ? arena_printf(
					  format->arena, "%02d/%02d/%04d", wall->day, wall->month, wall->year)
				: arena_printf(format->arena, "%02d/%02d", wall->day, wall->month);
	case DATES_MONTH_FIRST:
		return has_year ? arena_printf(
					  format->arena, "%02d/%02d/%04d", wall->month, wall->day, wall->year)
				: arena_printf(format->arena, "%02d/%02d", wall->month, wall->day);
	default:
		return date_by(format, key, wall);
	}
}

struct str format_time_short(const struct format *format, int64_t when)
{
	struct wall_time wall = zone_wall_time(format->zone, when);
	struct wall_time today = zone_wall_time(format->zone, format->now);
	int64_t days_ago = today.days - wall.days;

	if (days_ago == 0)
		return clock_of(format, &wall);
	if (days_ago > 0 && days_ago < 7)
		return arena_str(format->arena, item(format->language, "date.weekdays_short", wall.weekday));
	bool has_year = wall.year != today.year;
	return day_of(format, has_year ? "date.other_year" : "date.this_year", has_year, &wall);
}

struct str format_date(const struct format *format, int64_t when)
{
	struct wall_time wall = zone_wall_time(format->zone, when);

	return day_of(format, "date.long", true, &wall);
}

struct str format_clock(const struct format *format, int64_t when)
{
	struct wall_time wall = zone_wall_time(format->zone, when);

	return clock_of(format, &wall);
}

/* "CET", or "UTC+05:30" for zones without letters of their own. */
static struct str zone_words(struct arena *arena, const struct wall_time *wall)
{
	int minutes = abs(wall->offset) / 60;
	char first = wall->abbreviation.len ? wall->abbreviation.ptr[0] : '+';

	if (first != '+' && first != '-')
		return wall->abbreviation;
	return arena_printf(
		arena, "UTC%c%02d:%02d", wall->offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

struct str format_time_full(const struct format *format, int64_t when)
{
	struct wall_time wall = zone_wall_time(format->zone, when);

	return language_format(format->arena, format->language,
		format->twelve_hours ? "date.full_half" : "date.full",
		{"date", day_of(format, "date.long", true, &wall)},
		{"weekday", item(format->language, "date.weekdays", wall.weekday)},
		{"time", clock_of(format, &wall)}, {"zone", zone_words(format->arena, &wall)});
}

struct str format_time_machine(const struct format *format, int64_t when)
{
	struct wall_time wall = zone_wall_time(format->zone, when);
	int minutes = abs(wall.offset) / 60;

	return arena_printf(format->arena, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", wall.year, wall.month,
		wall.day, wall.hour, wall.minute, wall.second, wall.offset < 0 ? '-' : '+', minutes / 60,
		minutes % 60);
}

struct str format_expiry(const struct format *format, int64_t expires_at)
{
	const struct language *language = format->language;
	int64_t left = expires_at - format->now;

	if (expires_at == 0)
		return STR("");
	if (left <= 0)
		return language_format(
			format->arena, language, "expiry.past", {"date", format_date(format, expires_at)});
	if (left < MS_MINUTE)
		return arena_str(format->arena, language_text(language, "expiry.now"));
	if (left < MS_HOUR)
		return language_format(
			format->arena, language, "expiry.minutes", {"count", .number = left / MS_MINUTE});
	if (left < MS_DAY)
		return language_format(
			format->arena, language, "expiry.hours", {"count", .number = left / MS_HOUR});
	if (left < 14 * MS_DAY)
		return language_format(
			format->arena, language, "expiry.days", {"count", .number = left / MS_DAY});
	return language_format(
		format->arena, language, "expiry.date", {"date", format_date(format, expires_at)});
}

static int64_t round_up(int64_t ms, int64_t unit)
{
	return ms / unit + (ms % unit > 0);
}

struct str format_duration(struct arena *arena, const struct language *language, int64_t ms)
{
	if (ms <= MS_MINUTE)
		return language_format(arena, language, "duration.minutes", {"count", .number = 1});
	if (ms <= 90 * MS_MINUTE)
		return language_format(
			arena, language, "duration.minutes", {"count", .number = round_up(ms, MS_MINUTE)});
	if (ms <= 36 * MS_HOUR)
		return language_format(
			arena, language, "duration.hours", {"count", .number = round_up(ms, MS_HOUR)});
	return language_format(arena, language, "duration.days", {"count", .number = round_up(ms, MS_DAY)});
}

struct str format_size(struct arena *arena, const struct language *language, uint64_t bytes)
{
	static const char *const keys[] = {"number.kilobytes", "number.megabytes", "number.gigabytes"};
	size_t unit = 0;
	uint64_t size = 1024;

	if (bytes < 1024)
		return language_format(arena, language, "number.bytes", {"count", .number = (int64_t)bytes});
	while (unit + 1 < COUNT_OF(keys) && bytes / size >= 1000) {
		size *= 1024;
		unit++;
	}
	uint64_t whole = bytes / size, tenths = bytes % size * 10 / size;
	struct str number = format_count(arena, language, whole);
	if (whole < 10 && tenths)
		number = arena_printf(arena, "%.*s%.*s%d", STR_ARG(number),
			STR_ARG(language_text(language, "number.decimal")), (int)tenths);
	return language_format(arena, language, keys[unit], {"size", number});
}

struct str format_count(struct arena *arena, const struct language *language, uint64_t count)
{
	struct str group = language_text(language, "number.group");
	uint64_t rest = count;
	struct str number = STR("");

	for (; rest >= 1000; rest /= 1000)
		number = arena_printf(
			arena, "%.*s%03d%.*s", STR_ARG(group), (int)(rest % 1000), STR_ARG(number));
	return arena_printf(arena, "%d%.*s", (int)rest, STR_ARG(number));
}

/* The bytes of the UTF-8 character that begins or, with `last`, ends the text. */
static struct str character(struct str s, bool last)
{
	size_t from = 0, len = 1;

	if (last)
		for (from = s.len - 1; from > 0 && ((unsigned char)s.ptr[from] & 0xc0) == 0x80;)
			from--;
	while (from + len < s.len && ((unsigned char)s.ptr[from + len] & 0xc0) == 0x80)
		len++;
	return str_sub(s, from, len);
}

static size_t character_count(struct str s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.len; i++)
		count += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
	return count;
}

struct str format_masked_address(struct arena *arena, struct str address)
{
	size_t at = address.len;

	while (at > 0 && address.ptr[at - 1] != '@')
		at--;
	if (at == 0)
		return STR("…");
	struct str local = str_sub(address, 0, at - 1), domain = str_from(address, at);
	if (character_count(local) < 3)
		return arena_printf(arena, "…@%.*s", STR_ARG(domain));
	return arena_printf(arena, "%.*s…%.*s@%.*s", STR_ARG(character(local, false)),
		STR_ARG(character(local, true)), STR_ARG(domain));
}
