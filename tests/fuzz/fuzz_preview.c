/* A picture of any format: what is read has the pixels that it says, and becomes one that can be shown. */
#include "base/limits.h"
#include "preview/picture.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PIXELS_FITTED 1000000 /* larger ones would only cost time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes_in in = {data, size};
	struct picture picture = {0}, fitted = {0};

	(void)picture_exif_turn(in);
	if (!picture_read_png(in, &picture) && !picture_read_jpeg(in, &picture) &&
		!picture_read_gif(in, &picture) && !picture_read_webp(in, &picture)) {
		assert(!picture.rgba);
		return 0;
	}
	assert((uint64_t)picture.width * picture.height <= LIMIT_PREVIEW_PIXELS);
	if ((uint64_t)picture.width * picture.height <= PIXELS_FITTED) {
		assert(picture_fit(&picture, 100, &fitted));
		assert(fitted.width <= 100 && fitted.height <= 100);
	}
	picture_free(&picture);
	picture_free(&fitted);
	return 0;
}
