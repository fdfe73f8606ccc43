#include "preview/picture.h"

#include <string.h>
#include <webp/decode.h>

bool picture_read_webp(struct bytes_in in, struct picture *ret)
{
	WebPBitstreamFeatures features;
	struct picture picture = {0};

	if (in.len < 12 || memcmp(in.data, "RIFF", 4) != 0 || memcmp(in.data + 8, "WEBP", 4) != 0)
		return false;
	if (WebPGetFeatures(in.data, in.len, &features) != VP8_STATUS_OK || features.has_animation ||
		features.width <= 0 || features.height <= 0 ||
		!picture_make(&picture, (uint64_t)features.width, (uint64_t)features.height))
		return false;
	picture.is_photo = features.format == 1 && !features.has_alpha;
	size_t bytes = (size_t)picture.width * picture.height * 4;
	if (!WebPDecodeRGBAInto(in.data, in.len, picture.rgba, bytes, features.width * 4)) {
		picture_free(&picture);
		return false;
	}
	*ret = picture;
	return true;
}
