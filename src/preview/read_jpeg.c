#include "preview/picture.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

struct reading {
	struct jpeg_decompress_struct jpeg;
	struct jpeg_error_mgr errors;
	jmp_buf failed;
	struct picture picture;
	JSAMPLE *line;
};

static void fail(j_common_ptr jpeg)
{
	struct reading *reading = jpeg->client_data;

	longjmp(reading->failed, 1);
}

/* Progressive files may come with thousands of passes over one picture. */
static void note_warning(j_common_ptr jpeg, int level)
{
	if (level < 0 && ++jpeg->err->num_warnings > LIMIT_PREVIEW_JPEG_WARNINGS)
		fail(jpeg);
}

static void say_nothing(j_common_ptr jpeg)
{
	(void)jpeg;
}

/* Decodes at a half, a quarter or an eighth of the size when that is still enough. */
static void choose_scale(struct jpeg_decompress_struct *jpeg)
{
	uint32_t longest = jpeg->image_width > jpeg->image_height ? jpeg->image_width : jpeg->image_height;

	jpeg->scale_num = 1;
	jpeg->scale_denom = 1;
	while (jpeg->scale_denom < 8 && longest / (jpeg->scale_denom * 2) >= LIMIT_PREVIEW_SIDE)
		jpeg->scale_denom *= 2;
}

static int turn_of(const struct jpeg_decompress_struct *jpeg)
{
	for (jpeg_saved_marker_ptr marker = jpeg->marker_list; marker; marker = marker->next) {
		int turn = picture_exif_turn((struct bytes_in){marker->data, marker->data_length});
		if (turn > 1)
			return turn;
	}
	return 1;
}

static void take_line(struct reading *r, uint32_t y)
{
	uint8_t *to = r->picture.rgba + (size_t)y * r->picture.width * 4;

	for (uint32_t x = 0; x < r->picture.width; x++, to += 4) {
		memcpy(to, r->line + (size_t)x * 3, 3);
		to[3] = 255;
	}
}

static bool read_picture(struct reading *r, struct bytes_in in)
{
	struct jpeg_decompress_struct *jpeg = &r->jpeg;

	jpeg_mem_src(jpeg, in.data, in.len);
	jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
	if (jpeg_read_header(jpeg, TRUE) != JPEG_HEADER_OK)
		return false;
	if ((uint64_t)jpeg->image_width * jpeg->image_height > LIMIT_PREVIEW_JPEG_PIXELS)
		return false;
	jpeg->out_color_space = JCS_RGB; /* four inks are refused by the library */
	choose_scale(jpeg);
	(void)jpeg_start_decompress(jpeg);
	r->line = malloc((size_t)jpeg->output_width * 3);
	if (!r->line || !picture_make(&r->picture, jpeg->output_width, jpeg->output_height))
		return false;
	while (jpeg->output_scanline < jpeg->output_height) {
		uint32_t y = jpeg->output_scanline;
		(void)jpeg_read_scanlines(jpeg, &r->line, 1);
		take_line(r, y);
	}
	r->picture.turn = turn_of(jpeg);
	r->picture.is_photo = true;
	return true;
}

bool picture_read_jpeg(struct bytes_in in, struct picture *ret)
{
	struct reading r = {0};
	volatile bool done = false;

	if (in.len < 4 || memcmp(in.data, "\xff\xd8\xff", 3) != 0)
		return false;
	r.jpeg.err = jpeg_std_error(&r.errors);
	r.errors.error_exit = fail;
	r.errors.emit_message = note_warning;
	r.errors.output_message = say_nothing;
	r.jpeg.client_data = &r;
	if (setjmp(r.failed) == 0) {
		jpeg_create_decompress(&r.jpeg);
		done = read_picture(&r, in);
	}
	jpeg_destroy_decompress(&r.jpeg);
	free(r.line);
	if (done)
		*ret = r.picture;
	else
		picture_free(&r.picture);
	return done;
}
