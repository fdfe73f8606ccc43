/* Dates and times as people type them: what is read is shown as the same again. */
#include "text/zone.h"

#include <assert.h>
#include <stdio.h>

#define INPUT_BYTES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_day(struct str text)
{
	int64_t days;

	if (!zone_day_parse(text, &days))
		return;
	struct wall_time wall = zone_wall_time(zone_utc(), zone_day_begins(zone_utc(), days));
	char again[INPUT_BYTES];
	(void)snprintf(again, sizeof(again), "%04d-%02d-%02d", wall.year, wall.month, wall.day);
	assert(wall.days == days && str_equal(text, str_of(again)));
}

static void check_time(struct str text)
{
	int64_t when;

	if (!zone_read_time(zone_utc(), text, &when))
		return;
	struct wall_time wall = zone_wall_time(zone_utc(), when);
	char again[INPUT_BYTES];
	(void)snprintf(again, sizeof(again), "%04d-%02d-%02dT%02d:%02d", wall.year, wall.month, wall.day,
		wall.hour, wall.minute);
	assert(str_starts(text, str_of(again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > INPUT_BYTES)
		return 0;
	struct str text = {(const char *)data, size};

	check_day(text);
	check_time(text);
	return 0;
}
