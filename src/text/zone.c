/* TZif (RFC 9636), versions 2 to 4: a list of moments with the local time type that begins at each, and a
 * rule in the manner of POSIX (TZ=CET-1CEST,M3.5.0,M10.5.0/3) for the time after the last of them. */
#include "text/zone.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/thread.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define TZIF_HEADER_BYTES 44
#define SECONDS_PER_DAY 86400
#define OFFSET_MAX (26 * 3600)
#define ZONES_RANK 900

struct local_type {
	int32_t offset;
	struct str abbreviation;
};

/* The day a rule's change falls on. */
struct rule_day {
	enum { RULE_MONTH, RULE_JULIAN, RULE_DAY } kind;
	int month, week, weekday; /* RULE_MONTH: Mm.w.d */
	int day;		  /* RULE_JULIAN: Jn, 29 February not counted; RULE_DAY: n from 0 */
	int32_t seconds;	  /* after local midnight */
};

struct rule {
	bool is_set, has_summer;
	struct local_type standard, summer;
	struct rule_day summer_from, summer_until;
};

struct zone {
	struct str name;
	size_t count;
	int64_t *moments;     /* seconds, growing */
	uint8_t *moment_type; /* the type from then on */
	struct local_type *types;
	size_t type_count;
	struct rule rule;
};

struct zones {
	struct arena arena;
	struct list zones;  /* const struct zone *, by name */
	const char *folder; /* read when first needed; NULL: none */
	atomic_bool is_read;
	struct lock lock; /* guards the reading */
};

static const struct zone utc = {.name = {"UTC", 3}, .rule = {.is_set = true, .standard = {0, {"UTC", 3}}}};

/* The counts of a TZif header, RFC 9636 3.1. */
struct counts {
	uint8_t version;
	uint32_t isutc, isstd, leap, moments, types, chars;
};

static uint32_t big32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t big64(const uint8_t *p)
{
	return (int64_t)((uint64_t)big32(p) << 32 | big32(p + 4));
}

static bool read_counts(struct bytes file, size_t at, struct counts *ret)
{
	if (file.len < at + TZIF_HEADER_BYTES || memcmp(file.ptr + at, "TZif", 4) != 0)
		return false;
	const uint8_t *p = file.ptr + at;
	*ret = (struct counts){p[4], big32(p + 20), big32(p + 24), big32(p + 28), big32(p + 32),
		big32(p + 36), big32(p + 40)};
	return ret->moments <= LIMIT_ZONE_BYTES && ret->types >= 1 && ret->types <= 256 &&
	       ret->chars <= LIMIT_ZONE_BYTES && ret->leap <= LIMIT_ZONE_BYTES && ret->isstd <= 256 &&
	       ret->isutc <= 256;
}

static size_t data_size(const struct counts *counts, size_t time_size)
{
	return counts->moments * (time_size + 1) + counts->types * 6 + counts->chars +
	       counts->leap * (time_size + 4) + counts->isstd + counts->isutc;
}

static bool read_types(
	struct arena *arena, const uint8_t *records, const struct counts *counts, struct zone *zone)
{
	const char *chars = (const char *)records + counts->types * 6;

	zone->types = arena_array(arena, struct local_type, counts->types);
	zone->type_count = counts->types;
	for (size_t i = 0; i < counts->types; i++) {
		const uint8_t *record = records + i * 6;
		size_t at = record[5];
		int32_t offset = (int32_t)big32(record);
		if (at >= counts->chars || offset < -OFFSET_MAX || offset > OFFSET_MAX)
			return false;
		struct str name = {chars + at, strnlen(chars + at, counts->chars - at)};
		zone->types[i] = (struct local_type){offset, arena_str(arena, name)};
	}
	return true;
}

static bool read_moments(
	struct arena *arena, const uint8_t *data, const struct counts *counts, struct zone *zone)
{
	zone->count = counts->moments;
	zone->moments = arena_array(arena, int64_t, counts->moments + 1);
	zone->moment_type = arena_array(arena, uint8_t, counts->moments + 1);
	for (size_t i = 0; i < counts->moments; i++) {
		zone->moments[i] = big64(data + i * 8);
		zone->moment_type[i] = data[counts->moments * 8 + i];
		if (zone->moment_type[i] >= counts->types || (i && zone->moments[i] <= zone->moments[i - 1]))
			return false;
	}
	return true;
}

static bool take(struct str *rest, char c)
{
	if (!rest->len || rest->ptr[0] != c)
		return false;
	*rest = str_from(*rest, 1);
	return true;
}

static bool take_number(struct str *rest, int max, int *ret)
{
	size_t digits = 0;
	uint64_t number;

	while (digits < rest->len && rest->ptr[digits] >= '0' && rest->ptr[digits] <= '9')
		digits++;
	if (!str_to_uint(str_sub(*rest, 0, digits), (uint64_t)max, &number))
		return false;
	*ret = (int)number;
	*rest = str_from(*rest, digits);
	return true;
}

/* hh[:mm[:ss]] with a sign, in seconds. */
static bool take_time(struct str *rest, int32_t *ret)
{
	int hours, minutes = 0, seconds = 0;
	bool negative = take(rest, '-');

	if (!negative)
		take(rest, '+');
	if (!take_number(rest, 167, &hours))
		return false;
	if (take(rest, ':') &&
		(!take_number(rest, 59, &minutes) || (take(rest, ':') && !take_number(rest, 59, &seconds))))
		return false;
	*ret = hours * 3600 + minutes * 60 + seconds;
	if (negative)
		*ret = -*ret;
	return true;
}

static bool take_abbreviation(struct arena *arena, struct str *rest, struct str *ret)
{
	size_t len = 0;
	bool quoted = take(rest, '<');

	while (len < rest->len &&
		(quoted ? rest->ptr[len] != '>'
			: ((rest->ptr[len] | 0x20) >= 'a' && (rest->ptr[len] | 0x20) <= 'z')))
		len++;
	if (len < 3)
		return false;
	*ret = arena_str(arena, str_sub(*rest, 0, len));
	*rest = str_from(*rest, len);
	return !quoted || take(rest, '>');
}

static bool take_day(struct str *rest, struct rule_day *ret)
{
	struct rule_day day = {.kind = RULE_DAY, .seconds = 2 * 3600};

	if (!take(rest, ','))
		return false;
	if (take(rest, 'M')) {
		day.kind = RULE_MONTH;
		if (!take_number(rest, 12, &day.month) || !take(rest, '.') ||
			!take_number(rest, 5, &day.week) || !take(rest, '.') ||
			!take_number(rest, 6, &day.weekday) || !day.month || !day.week)
			return false;
	} else {
		if (take(rest, 'J'))
			day.kind = RULE_JULIAN;
		if (!take_number(rest, 365, &day.day))
			return false;
	}
	if (take(rest, '/') && !take_time(rest, &day.seconds))
		return false;
	*ret = day;
	return true;
}

/* The footer: std offset [dst [offset] , start , end]. POSIX counts offsets west of UTC. */
static bool read_rule(struct arena *arena, struct str text, struct rule *ret)
{
	struct rule rule = {.is_set = true};
	int32_t west;

	if (!take_abbreviation(arena, &text, &rule.standard.abbreviation) || !take_time(&text, &west))
		return false;
	rule.standard.offset = -west;
	if (text.len) {
		rule.has_summer = true;
		if (!take_abbreviation(arena, &text, &rule.summer.abbreviation))
			return false;
		rule.summer.offset = rule.standard.offset + 3600;
		if (text.len && text.ptr[0] != ',') {
			if (!take_time(&text, &west))
				return false;
			rule.summer.offset = -west;
		}
		if (!take_day(&text, &rule.summer_from) || !take_day(&text, &rule.summer_until) || text.len)
			return false;
	}
	*ret = rule;
	return true;
}

static bool parse(struct arena *arena, struct bytes file, struct zone *zone)
{
	struct counts counts;
	size_t at = 0;

	if (file.len > LIMIT_ZONE_BYTES || !read_counts(file, 0, &counts) || counts.version < '2')
		return false;
	at = TZIF_HEADER_BYTES + data_size(&counts, 4);
	if (!read_counts(file, at, &counts))
		return false;
	at += TZIF_HEADER_BYTES;
	size_t size = data_size(&counts, 8);
	if (file.len - at < size)
		return false;
	const uint8_t *data = file.ptr + at;
	if (!read_moments(arena, data, &counts, zone) ||
		!read_types(arena, data + counts.moments * 9, &counts, zone))
		return false;
	struct str footer = bytes_str((struct bytes){data + size, file.len - at - size});
	if (!take(&footer, '\n'))
		return false;
	ptrdiff_t end = str_find_char(footer, '\n');
	return end == 0 || (end > 0 && read_rule(arena, str_sub(footer, 0, (size_t)end), &zone->rule));
}

static void insert(struct list *zones, const struct zone *zone)
{
	size_t at = zones->count;

	list_add(zones);
	const struct zone **all = zones->items;
	for (; at > 0 && strcmp(all[at - 1]->name.ptr, zone->name.ptr) > 0; at--)
		all[at] = all[at - 1];
	all[at] = zone;
}

struct zones *zones_new(void)
{
	struct zones *zones = mem_new(sizeof(*zones));

	zones->zones = list_new(&zones->arena, sizeof(struct zone *));
	*(const struct zone **)list_add(&zones->zones) = &utc;
	atomic_init(&zones->is_read, true);
	lock_init(&zones->lock, "time zones", ZONES_RANK);
	return zones;
}

struct zones *zones_open(const char *folder)
{
	struct zones *zones = zones_new();

	zones->folder = arena_cstr(&zones->arena, str_of(folder));
	atomic_store(&zones->is_read, false);
	return zones;
}

void zones_free(struct zones *zones)
{
	if (!zones)
		return;
	arena_done(&zones->arena);
	lock_done(&zones->lock);
	free(zones);
}

static const struct zone *find(const struct zones *zones, struct str name)
{
	const struct zone *const *all = zones->zones.items;
	size_t low = 0, high = zones->zones.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct str found = all[middle]->name;
		size_t shared = found.len < name.len ? found.len : name.len;
		int order = shared ? memcmp(name.ptr, found.ptr, shared) : 0;
		if (order == 0 && name.len == found.len)
			return all[middle];
		if (order < 0 || (order == 0 && name.len < found.len))
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

enum result zones_add(struct zones *zones, struct str name, struct bytes file, struct err *err)
{
	if (zones->zones.count >= LIMIT_ZONES)
		return err_set(err, RESULT_TOO_LARGE, "more than %d time zones", LIMIT_ZONES);
	if (find(zones, name))
		return RESULT_OK;
	struct zone *zone = arena_alloc(&zones->arena, sizeof(*zone));
	zone->name = arena_str(&zones->arena, name);
	if (!parse(&zones->arena, file, zone))
		return err_set(err, RESULT_INVALID, "%s: not a usable TZif file", zone->name.ptr);
	insert(&zones->zones, zone);
	return RESULT_OK;
}

/* What is read late is no change of what the zones are. */
static void read_folder(const struct zones *given)
{
	struct zones *zones = (struct zones *)(uintptr_t)given;

	if (atomic_load_explicit(&zones->is_read, memory_order_acquire))
		return;
	LOCKED(&zones->lock);
	if (!atomic_load_explicit(&zones->is_read, memory_order_relaxed))
		zones_add_folder(zones, zones->folder);
	atomic_store_explicit(&zones->is_read, true, memory_order_release);
}

const struct zone *zone_find(const struct zones *zones, struct str name)
{
	if (str_equal(name, utc.name))
		return &utc;
	read_folder(zones);
	return find(zones, name);
}

const struct zone *zones_at(const struct zones *zones, size_t index)
{
	read_folder(zones);
	return index < zones->zones.count ? ((const struct zone *const *)zones->zones.items)[index] : NULL;
}

const struct zone *zone_utc(void)
{
	return &utc;
}

struct str zone_name(const struct zone *zone)
{
	return zone->name;
}

/* Days since 1970-01-01 of a Gregorian date and back: Howard Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms", days_from_civil and civil_from_days. */
static int64_t days_of(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

static void date_of(int64_t days, int64_t *year, int *month, int *day)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t shifted = (5 * day_of_year + 2) / 153;
	*day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
	*month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
	*year = year_of_era + era * 400 + (*month <= 2);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int weekday_of(int64_t days)
{
	return (int)((days % 7 + 11) % 7);
}

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The moment (seconds UTC) of a rule's change in a year; `offset` is what is in force before it. */
static int64_t change_in(const struct rule_day *rule, int64_t year, int32_t offset)
{
	int64_t days;

	if (rule->kind == RULE_MONTH) {
		days = days_of(year, rule->month, 1);
		days += (rule->weekday - weekday_of(days) + 7) % 7 + (rule->week - 1) * 7;
		int64_t next_month =
			rule->month == 12 ? days_of(year + 1, 1, 1) : days_of(year, rule->month + 1, 1);
		if (days >= next_month)
			days -= 7;
	} else {
		days = days_of(year, 1, 1) + rule->day;
		if (rule->kind == RULE_JULIAN)
			days += is_leap(year) && rule->day >= 60 ? 0 : -1;
	}
	return days * SECONDS_PER_DAY + rule->seconds - offset;
}

static const struct local_type *type_by_rule(const struct rule *rule, int64_t seconds)
{
	int64_t year;
	int month, day;

	if (!rule->has_summer)
		return &rule->standard;
	date_of(floor_div(seconds + rule->standard.offset, SECONDS_PER_DAY), &year, &month, &day);
	int64_t from = change_in(&rule->summer_from, year, rule->standard.offset);
	int64_t until = change_in(&rule->summer_until, year, rule->summer.offset);
	bool summer = from < until ? seconds >= from && seconds < until : seconds >= from || seconds < until;
	return summer ? &rule->summer : &rule->standard;
}

static const struct local_type *type_at(const struct zone *zone, int64_t seconds)
{
	size_t low = 0, high = zone->count;

	if (zone->rule.is_set && (!zone->count || seconds >= zone->moments[zone->count - 1]))
		return type_by_rule(&zone->rule, seconds);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (zone->moments[middle] <= seconds)
			low = middle + 1;
		else
			high = middle;
	}
	return &zone->types[low ? zone->moment_type[low - 1] : 0];
}

struct wall_time zone_wall_time(const struct zone *zone, int64_t when)
{
	int64_t seconds = floor_div(when, MS_SECOND);
	const struct local_type *type = type_at(zone, seconds);
	int64_t local = seconds + type->offset, days = floor_div(local, SECONDS_PER_DAY), year;
	int in_day = (int)(local - days * SECONDS_PER_DAY);
	struct wall_time wall = {.hour = in_day / 3600,
		.minute = in_day / 60 % 60,
		.second = in_day % 60,
		.weekday = weekday_of(days),
		.days = days,
		.offset = type->offset,
		.abbreviation = type->abbreviation};

	date_of(days, &year, &wall.month, &wall.day);
	wall.year = (int)year;
	return wall;
}

int64_t zone_month_begins(int year, int month)
{
	return month == 13 ? days_of(year + 1, 1, 1) : days_of(year, month, 1);
}

/* A number of exactly two digits, as in hours and days. */
static bool take_two(struct str *rest, int max, int *ret)
{
	size_t before = rest->len;

	return take_number(rest, max, ret) && before - rest->len == 2;
}

/* yyyy-mm-dd, in days since 1970; dates that are in no calendar are refused. */
static bool take_date(struct str *rest, int64_t *ret_days)
{
	int year, month, day, found_month, found_day;
	int64_t found_year;
	size_t before = rest->len;

	if (!take_number(rest, 9999, &year) || before - rest->len != 4 || !take(rest, '-') ||
		!take_two(rest, 12, &month) || !take(rest, '-') || !take_two(rest, 31, &day) || month < 1 ||
		day < 1)
		return false;
	*ret_days = days_of(year, month, day);
	date_of(*ret_days, &found_year, &found_month, &found_day);
	return found_month == month && found_day == day; /* 31 April */
}

bool zone_day_parse(struct str text, int64_t *ret_days)
{
	int64_t days;

	if (!take_date(&text, &days) || text.len || days < 0)
		return false;
	*ret_days = days;
	return true;
}

/* Clocks are put forward at midnight in some zones: the day begins at the first moment there is of it. */
int64_t zone_day_begins(const struct zone *zone, int64_t days)
{
	int64_t low = days * SECONDS_PER_DAY - OFFSET_MAX, high = days * SECONDS_PER_DAY + OFFSET_MAX;

	while (low < high) {
		int64_t middle = low + (high - low) / 2;
		if (floor_div(middle + type_at(zone, middle)->offset, SECONDS_PER_DAY) < days)
			low = middle + 1;
		else
			high = middle;
	}
	return low * MS_SECOND;
}

/* The zone's offset some time before a local time is the one of the first of two such times. */
static int64_t moment_of(const struct zone *zone, int64_t local)
{
	const int64_t near[] = {local - SECONDS_PER_DAY, local + SECONDS_PER_DAY};

	for (size_t i = 0; i < COUNT_OF(near); i++) {
		int64_t moment = local - type_at(zone, near[i])->offset;
		if (type_at(zone, moment)->offset == type_at(zone, near[i])->offset)
			return moment;
	}
	return local - type_at(zone, near[0])->offset;
}

bool zone_read_time(const struct zone *zone, struct str text, int64_t *ret)
{
	int hour, minute, second = 0;
	int64_t days;

	if (!take_date(&text, &days) || !take(&text, 'T') || !take_two(&text, 23, &hour) ||
		!take(&text, ':') || !take_two(&text, 59, &minute) ||
		(take(&text, ':') && !take_two(&text, 59, &second)))
		return false;
	bool in_utc = take(&text, 'Z');
	if (text.len)
		return false;
	int64_t local = days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
	*ret = (in_utc ? local : moment_of(zone, local)) * MS_SECOND;
	return true;
}
