#include "preview/picture.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

bool picture_make(struct picture *picture, uint64_t width, uint64_t height)
{
	if (width == 0 || height == 0 || width > LIMIT_PREVIEW_PIXELS ||
		height > LIMIT_PREVIEW_PIXELS / width)
		return false;
	picture->width = (uint32_t)width;
	picture->height = (uint32_t)height;
	picture->rgba = calloc((size_t)(width * height), 4);
	return picture->rgba != NULL;
}

void picture_free(struct picture *picture)
{
	free(picture->rgba);
	*picture = (struct picture){0};
}

/* The pixel that stands at (x, y) once the picture is turned upright. */
static const uint8_t *turned(const struct picture *p, uint32_t x, uint32_t y)
{
	uint32_t right = p->width - 1, bottom = p->height - 1;
	bool is_lying = p->turn >= 5;
	uint32_t sx = is_lying ? y : x, sy = is_lying ? x : y;

	if (p->turn == 2 || p->turn == 3 || p->turn == 7 || p->turn == 8)
		sx = right - sx;
	if (p->turn == 3 || p->turn == 4 || p->turn == 6 || p->turn == 7)
		sy = bottom - sy;
	return p->rgba + ((size_t)sy * p->width + sx) * 4;
}

/* The mean of the pixels between the corners, on white. */
static void mean(const struct picture *p, const uint32_t from[2], const uint32_t to[2], uint8_t *rgb)
{
	uint64_t sum[3] = {0}, count = 0;

	for (uint32_t y = from[1]; y < to[1]; y++)
		for (uint32_t x = from[0]; x < to[0]; x++, count++) {
			const uint8_t *pixel = turned(p, x, y);
			for (int c = 0; c < 3; c++)
				sum[c] += (uint64_t)pixel[c] * pixel[3] + 255u * (255u - pixel[3]);
		}
	for (int c = 0; c < 3; c++)
		rgb[c] = (uint8_t)(sum[c] / count / 255);
}

static uint32_t scaled(uint32_t length, uint32_t longest, uint32_t side)
{
	uint64_t fitted = longest > side ? (uint64_t)length * side / longest : length;

	return fitted ? (uint32_t)fitted : 1;
}

/* Where the pixels begin that become number `at` of `count`. */
static uint32_t begin_of(uint32_t at, uint32_t count, uint32_t length)
{
	return (uint32_t)((uint64_t)at * length / count);
}

bool picture_fit(const struct picture *picture, uint32_t side, struct picture *ret)
{
	bool is_lying = picture->turn >= 5;
	uint32_t width = is_lying ? picture->height : picture->width;
	uint32_t height = is_lying ? picture->width : picture->height;
	uint32_t longest = width > height ? width : height;
	struct picture fitted = {.width = scaled(width, longest, side),
		.height = scaled(height, longest, side),
		.is_photo = picture->is_photo};

	fitted.rgba = malloc((size_t)fitted.width * fitted.height * 3);
	if (!fitted.rgba)
		return false;
	for (uint32_t y = 0; y < fitted.height; y++)
		for (uint32_t x = 0; x < fitted.width; x++) {
			uint32_t from[] = {
				begin_of(x, fitted.width, width), begin_of(y, fitted.height, height)};
			uint32_t to[] = {
				begin_of(x + 1, fitted.width, width), begin_of(y + 1, fitted.height, height)};
			mean(picture, from, to, fitted.rgba + ((size_t)y * fitted.width + x) * 3);
		}
	*ret = fitted;
	return true;
}

/* Numbers of a TIFF block in its own byte order. */
static uint32_t tiff_number(struct bytes_in block, size_t at, size_t bytes, bool is_little)
{
	uint32_t number = 0;

	for (size_t i = 0; i < bytes; i++) {
		size_t from = is_little ? at + bytes - 1 - i : at + i;
		number = number << 8 | (from < block.len ? block.data[from] : 0);
	}
	return number;
}

int picture_exif_turn(struct bytes_in block)
{
	if (block.len < 14 || memcmp(block.data, "Exif\0\0", 6) != 0)
		return 1;
	struct bytes_in tiff = {block.data + 6, block.len - 6};
	bool is_little = tiff.data[0] == 'I';
	size_t at = tiff_number(tiff, 4, 4, is_little);
	uint32_t entries = at < tiff.len ? tiff_number(tiff, at, 2, is_little) : 0;

	for (uint32_t i = 0; i < entries && at + 2 + 12 * (size_t)(i + 1) <= tiff.len; i++) {
		size_t entry = at + 2 + 12 * (size_t)i;
		uint32_t turn = tiff_number(tiff, entry + 8, 2, is_little);
		if (tiff_number(tiff, entry, 2, is_little) == 0x0112)
			return turn >= 1 && turn <= 8 ? (int)turn : 1;
	}
	return 1;
}
