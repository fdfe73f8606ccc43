/* Dates, sizes and counts in the words of a language and the zone of a reader. Times are ms since 1970 UTC;
 * all results are NUL-terminated and live in the arena. */
#ifndef TEXT_FORMAT_H
#define TEXT_FORMAT_H

#include "base/clock.h"
#include "text/language.h"
#include "text/zone.h"

/* How a reader wants the days of dates; stored with the person. */
enum format_dates {
	DATES_BY_LANGUAGE = 0, /* "30 November 2026" */
	DATES_ISO = 1,	       /* "2026-11-30" */
	DATES_DAY_FIRST = 2,   /* "30/11/2026" */
	DATES_MONTH_FIRST = 3, /* "11/30/2026" */
	DATES_COUNT
};

/* What a date is shown in and for whom. */
struct format {
	struct arena *arena;
	const struct language *language;
	const struct zone *zone;
	int64_t now;
	enum format_dates dates;
	bool twelve_hours; /* "2:02 pm" */
};

/* For lists: "14:02" today, "Mon" in the six days before, "30 Nov" this year, else "30 Nov 2025". */
struct str format_time_short(const struct format *format, int64_t when);

/* "30 November 2026", or as `dates` says. */
struct str format_date(const struct format *format, int64_t when);

/* "14:02". */
struct str format_clock(const struct format *format, int64_t when);

/* For titles and receipts: "Monday, 30 November 2026, 14:02 CET". */
struct str format_time_full(const struct format *format, int64_t when);

/* For the attribute datetime: "2026-11-30T14:02:09+01:00". */
struct str format_time_machine(const struct format *format, int64_t when);

/* "Expires in 3 hours", "Expires in 2 days", "Expires on 30 November 2026" from 14 days on, "Expired on …".
 * Empty for 0, which is no date. Never says more time than there is. */
struct str format_expiry(const struct format *format, int64_t expires_at);

/* How long something lasts from now, rounded up to whole minutes, hours or days: "15 minutes", "2 days". */
struct str format_duration(struct arena *arena, const struct language *language, int64_t ms);

/* "512 bytes", "240 KB", "1.4 MB"; a KB has 1,024 bytes, as file managers count. */
struct str format_size(struct arena *arena, const struct language *language, uint64_t bytes);

/* Digits in groups: "12,345". */
struct str format_count(struct arena *arena, const struct language *language, uint64_t count);

/* "c…l@partner.example": the first and last character of the local part, or "…" when that has fewer than
 * three. What has no "@" is "…". */
struct str format_masked_address(struct arena *arena, struct str address);

#endif
