/* Time zones by IANA name, from TZif files (RFC 9636), read once; the C library's own are not for several
 * threads. "UTC" is always there. */
#ifndef TEXT_ZONE_H
#define TEXT_ZONE_H

#include "base/arena.h"
#include "base/mem.h"
#include "base/result.h"

#define ZONE_FOLDER "/usr/share/zoneinfo"

struct zones;
struct zone;

/* The TZif files under a folder, but those under posix/ and right/, and such as no place has. They are read
 * when a zone other than UTC is first asked for, by any thread: most commands need none. Damaged files are
 * left out; UTC is there always. */
struct zones *zones_open(const char *folder) __attribute__((returns_nonnull));
void zones_free(struct zones *zones);
DEFINE_CLEANUP(struct zones *, zones_free)

/* Without any file, for tests and for nodes without time zone data: UTC alone. */
struct zones *zones_new(void) __attribute__((returns_nonnull));

/* Adds one file's zone; INVALID when it is damaged. */
enum result zones_add(struct zones *zones, struct str name, struct bytes file, struct err *err) must_check;

/* Adds what zones_open says, from text/load.c. */
void zones_add_folder(struct zones *zones, const char *folder);

/* By name, exactly; NULL when not known. */
const struct zone *zone_find(const struct zones *zones, struct str name);

/* In order of name; NULL past the end. */
const struct zone *zones_at(const struct zones *zones, size_t index);

const struct zone *zone_utc(void);
struct str zone_name(const struct zone *zone);

/* A moment on the wall. */
struct wall_time {
	int year, month, day; /* month 1..12, day 1..31 */
	int hour, minute, second;
	int weekday;		 /* 0 Sunday .. 6 Saturday */
	int64_t days;		 /* since 1970-01-01, of the local date */
	int32_t offset;		 /* seconds east of UTC */
	struct str abbreviation; /* "CET"; of static or the zone's lifetime */
};

/* The moment of "2026-11-30T14:02", seconds allowed, on the wall of the zone, or in UTC with a "Z" at its
 * end. The first of two when clocks were set back; when they were set forward, as far behind the gap. False
 * when it is no such text. */
bool zone_read_time(const struct zone *zone, struct str text, int64_t *ret);

struct wall_time zone_wall_time(const struct zone *zone, int64_t when);

/* Days since 1970-01-01 of the first of a month; 13 is January of the next year. */
int64_t zone_month_begins(int year, int month);

/* "2026-12-31" as days since 1970-01-01; false for anything else, and for days that no calendar has. */
bool zone_day_parse(struct str text, int64_t *ret_days);

/* The moment at which a day, in days since 1970-01-01, begins in the zone. */
int64_t zone_day_begins(const struct zone *zone, int64_t days);

#endif
