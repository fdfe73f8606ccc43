#include "text/qr.h"

#include "base/buf.h"
#include "base/mem.h"

#include <qrencode.h>

#define MARGIN 4 /* the standard asks for it */
#define PATH_BYTES_MAX (1 << 20)

static bool is_dark(const QRcode *code, int x, int y)
{
	return code->data[y * code->width + x] & 1;
}

/* One rectangle for each run of dark squares. */
static void add_row(struct buf *path, const QRcode *code, int y)
{
	for (int x = 0; x < code->width; x++) {
		int begin = x;
		while (x < code->width && is_dark(code, x, y))
			x++;
		if (x > begin)
			buf_printf(
				path, "M%d %dh%dv1h-%dz", begin + MARGIN, y + MARGIN, x - begin, x - begin);
	}
}

enum result qr_make(struct str text, struct arena *arena, struct qr *ret, struct err *err)
{
	cleanup(buf_done) struct buf path = buf_new(PATH_BYTES_MAX);
	QRcode *code = QRcode_encodeString8bit(arena_cstr(arena, text), 0, QR_ECLEVEL_M);

	if (code == NULL)
		return err_set(err, RESULT_TOO_LARGE, "too long for a QR code");
	for (int y = 0; y < code->width; y++)
		add_row(&path, code, y);
	*ret = (struct qr){arena_str(arena, buf_str(&path)), code->width + 2 * MARGIN};
	QRcode_free(code);
	return RESULT_OK;
}
