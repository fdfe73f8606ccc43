#include "preview/picture.h"

#include <png.h>
#include <string.h>

bool picture_read_png(struct bytes_in in, struct picture *ret)
{
	png_image image = {.version = PNG_IMAGE_VERSION};
	struct picture picture = {0};

	if (in.len < 8 || memcmp(in.data, "\x89PNG\r\n\x1a\n", 8) != 0)
		return false;
	if (!png_image_begin_read_from_memory(&image, in.data, in.len))
		return false;
	image.format = PNG_FORMAT_RGBA;
	bool done = picture_make(&picture, image.width, image.height) &&
		    png_image_finish_read(&image, NULL, picture.rgba, 0, NULL);
	png_image_free(&image);
	if (done)
		*ret = picture;
	else
		picture_free(&picture);
	return done;
}
