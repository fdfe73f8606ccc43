#include "preview/picture.h"

#include "base/limits.h"

#include <gif_lib.h>
#include <stdlib.h>
#include <string.h>

static int read_bytes(GifFileType *gif, GifByteType *to, int size)
{
	struct bytes_in *left = gif->UserData;
	size_t take = left->len < (size_t)size ? left->len : (size_t)size;

	memcpy(to, left->data, take);
	left->data += take;
	left->len -= take;
	return (int)take;
}

/* Reads over extensions up to the first image; -2: there is none. Otherwise its transparent colour, or -1. */
static int find_image(GifFileType *gif)
{
	GifRecordType type;
	GifByteType *block;
	int code, transparent = -1;

	for (int records = 0; records < LIMIT_PREVIEW_GIF_RECORDS; records++) {
		if (DGifGetRecordType(gif, &type) != GIF_OK)
			return -2;
		if (type == IMAGE_DESC_RECORD_TYPE)
			return DGifGetImageDesc(gif) == GIF_OK ? transparent : -2;
		if (type != EXTENSION_RECORD_TYPE || DGifGetExtension(gif, &code, &block) != GIF_OK)
			return -2;
		for (; block; records++) {
			if (code == GRAPHICS_EXT_FUNC_CODE && block[0] >= 4 && (block[1] & 1))
				transparent = block[4];
			if (records > LIMIT_PREVIEW_GIF_RECORDS ||
				DGifGetExtensionNext(gif, &block) != GIF_OK)
				return -2;
		}
	}
	return -2;
}

static void set_line(const struct picture *picture, const GifImageDesc *image, const ColorMapObject *colours,
	const GifPixelType *line, int y, int transparent)
{
	for (int x = 0; x < image->Width; x++) {
		uint8_t *to = picture->rgba + ((size_t)y * picture->width + (size_t)x) * 4;
		if (line[x] == transparent || line[x] >= colours->ColorCount)
			continue;
		const GifColorType *colour = &colours->Colors[line[x]];
		to[0] = colour->Red;
		to[1] = colour->Green;
		to[2] = colour->Blue;
		to[3] = 255;
	}
}

/* Lines come in four passes when they are interlaced. */
static bool read_lines(GifFileType *gif, const struct picture *picture, int transparent)
{
	static const int starts[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2};
	const GifImageDesc *image = &gif->Image;
	const ColorMapObject *colours = image->ColorMap ? image->ColorMap : gif->SColorMap;
	GifPixelType *line = malloc((size_t)image->Width);
	int passes = image->Interlace ? 4 : 1;
	bool done = line && colours;

	for (int pass = 0; pass < passes && done; pass++)
		for (int y = image->Interlace ? starts[pass] : 0; y < image->Height && done;
			y += image->Interlace ? steps[pass] : 1) {
			done = DGifGetLine(gif, line, image->Width) == GIF_OK;
			if (done)
				set_line(picture, image, colours, line, y, transparent);
		}
	free(line);
	return done;
}

bool picture_read_gif(struct bytes_in in, struct picture *ret)
{
	struct picture picture = {0};
	int error;

	if (in.len < 6 || memcmp(in.data, "GIF8", 4) != 0)
		return false;
	GifFileType *gif = DGifOpen(&in, read_bytes, &error);
	if (!gif)
		return false;
	int transparent = find_image(gif);
	bool done = transparent > -2 && gif->Image.Width > 0 && gif->Image.Height > 0 &&
		    picture_make(&picture, (uint64_t)gif->Image.Width, (uint64_t)gif->Image.Height) &&
		    read_lines(gif, &picture, transparent);
	(void)DGifCloseFile(gif, &error);
	if (done)
		*ret = picture;
	else
		picture_free(&picture);
	return done;
}
