#include "preview/picture.h"

#include "base/limits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jpeglib.h>
#include <png.h>

#define QUALITY 82 /* of JPEG: no loss to be seen on a screen */

static bool write_all(const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t done = write(STDOUT_FILENO, data, len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		data += done;
		len -= (size_t)done;
	}
	return true;
}

static bool write_png(const struct picture *picture)
{
	png_image image = {.version = PNG_IMAGE_VERSION,
		.width = picture->width,
		.height = picture->height,
		.format = PNG_FORMAT_RGB};
	png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
	uint8_t *data = malloc(size);

	bool done = data && png_image_write_to_memory(&image, data, &size, 0, picture->rgba, 0, NULL) &&
		    write_all(data, size);
	png_image_free(&image);
	free(data);
	return done;
}

struct writing {
	struct jpeg_compress_struct jpeg;
	struct jpeg_error_mgr errors;
	jmp_buf failed;
	unsigned char *data;
	unsigned long size;
};

static void fail(j_common_ptr jpeg)
{
	struct writing *writing = jpeg->client_data;

	longjmp(writing->failed, 1);
}

static void compress(struct writing *w, const struct picture *picture)
{
	struct jpeg_compress_struct *jpeg = &w->jpeg;

	jpeg_mem_dest(jpeg, &w->data, &w->size);
	jpeg->image_width = picture->width;
	jpeg->image_height = picture->height;
	jpeg->input_components = 3;
	jpeg->in_color_space = JCS_RGB;
	jpeg_set_defaults(jpeg);
	jpeg_set_quality(jpeg, QUALITY, TRUE);
	jpeg_start_compress(jpeg, TRUE);
	while (jpeg->next_scanline < jpeg->image_height) {
		JSAMPLE *line = picture->rgba + (size_t)jpeg->next_scanline * picture->width * 3;
		(void)jpeg_write_scanlines(jpeg, &line, 1);
	}
	jpeg_finish_compress(jpeg);
}

static bool write_jpeg(const struct picture *picture)
{
	struct writing w = {0};
	volatile bool done = false;

	w.jpeg.err = jpeg_std_error(&w.errors);
	w.errors.error_exit = fail;
	w.jpeg.client_data = &w;
	if (setjmp(w.failed) == 0) {
		jpeg_create_compress(&w.jpeg);
		compress(&w, picture);
		done = true;
	}
	jpeg_destroy_compress(&w.jpeg);
	bool written = done && write_all(w.data, w.size);
	free(w.data);
	return written;
}

bool picture_write(const struct picture *picture)
{
	return picture->is_photo ? write_jpeg(picture) : write_png(picture);
}
