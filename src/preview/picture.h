/* Pictures in memory, read from formats that programs disagree about. */
#ifndef PREVIEW_PICTURE_H
#define PREVIEW_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes_in {
	const uint8_t *data;
	size_t len;
};

/* Red, green, blue and opacity, a byte each, row by row from the top. */
struct picture {
	uint32_t width, height;
	uint8_t *rgba;
	bool is_photo; /* better written as JPEG */
	int turn;      /* as EXIF says: 1 (or 0) is upright, up to 8 */
};

/* Memory for the pixels, zeroed; false past LIMIT_PREVIEW_PIXELS, or without any. */
bool picture_make(struct picture *picture, uint64_t width, uint64_t height);
void picture_free(struct picture *picture);

/* Each knows its format by the first bytes and gives false for anything else or damaged. */
bool picture_read_png(struct bytes_in in, struct picture *ret);
bool picture_read_jpeg(struct bytes_in in, struct picture *ret);
bool picture_read_gif(struct bytes_in in, struct picture *ret); /* the first of several */
bool picture_read_webp(struct bytes_in in, struct picture *ret);

/* Upright, on white, neither side longer than `side`: three bytes a pixel in memory of its own. */
bool picture_fit(const struct picture *picture, uint32_t side, struct picture *ret);

/* To standard output; nothing of the original but its pixels goes along. */
bool picture_write(const struct picture *picture);

/* The orientation that a JPEG's EXIF block names; 1 when it names none. */
int picture_exif_turn(struct bytes_in block);

#endif
