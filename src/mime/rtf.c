#include "mime/rtf.h"

#include "base/limits.h"
#include "base/mem.h"

#include <string.h>

#define HEADER_BYTES 16
#define TYPE_OFFSET 8
#define WINDOW 4096
#define REFERENCE_LEAST 2 /* bytes that the shortest reference stands for */

/* What the window begins with, word for word of the specification. */
static const char first_words[] =
	"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
	"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
	"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

enum kind { KIND_UNKNOWN, KIND_COMPRESSED, KIND_PLAIN };

struct mime_rtf {
	enum kind kind;
	size_t header_len;
	uint8_t header[HEADER_BYTES];
	uint8_t window[WINDOW];
	size_t at;	 /* where the window is written next */
	uint8_t control; /* bits of what comes, the lowest first: 1 is a reference */
	int bits;	 /* of control, left */
	int high;	 /* the first byte of a reference; -1: none */
	uint64_t left;	 /* bytes that may still come out */
	bool ended, failed;
	struct buf *out;
	size_t written;
};

struct mime_rtf *mime_rtf_new(void)
{
	struct mime_rtf *rtf = mem_new(sizeof(*rtf));

	memcpy(rtf->window, first_words, sizeof(first_words) - 1);
	rtf->at = sizeof(first_words) - 1;
	rtf->high = -1;
	return rtf;
}

void mime_rtf_free(struct mime_rtf *rtf)
{
	if (rtf == NULL)
		return;
	explicit_bzero(rtf, sizeof(*rtf));
	free(rtf);
}

bool mime_rtf_is_whole(const struct mime_rtf *rtf)
{
	return !rtf->failed && (rtf->ended || (rtf->kind == KIND_PLAIN && rtf->left == 0));
}

static uint32_t number_at(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static void take_header(struct mime_rtf *rtf)
{
	uint64_t size = number_at(rtf->header + 4);

	rtf->left = size < LIMIT_RTF_BYTES ? size : LIMIT_RTF_BYTES;
	if (memcmp(rtf->header + TYPE_OFFSET, "LZFu", 4) == 0)
		rtf->kind = KIND_COMPRESSED;
	else if (memcmp(rtf->header + TYPE_OFFSET, "MELA", 4) == 0)
		rtf->kind = KIND_PLAIN;
	else
		rtf->failed = true;
}

static void put(struct mime_rtf *rtf, uint8_t byte)
{
	if (rtf->left == 0)
		return;
	rtf->left--;
	rtf->written++;
	rtf->window[rtf->at] = byte;
	rtf->at = (rtf->at + 1) % WINDOW;
	if (rtf->out)
		buf_add_char(rtf->out, (char)byte);
}

static void take_reference(struct mime_rtf *rtf, unsigned reference)
{
	size_t from = reference >> 4;
	size_t len = (reference & 15) + REFERENCE_LEAST;

	if (from == rtf->at) { /* the end mark */
		rtf->ended = true;
		return;
	}
	for (size_t i = 0; i < len; i++)
		put(rtf, rtf->window[(from + i) % WINDOW]);
}

static void take_byte(struct mime_rtf *rtf, uint8_t byte)
{
	if (rtf->high >= 0) {
		take_reference(rtf, (unsigned)rtf->high << 8 | byte);
		rtf->high = -1;
	} else if (rtf->bits == 0) {
		rtf->control = byte;
		rtf->bits = 8;
		return;
	} else if (rtf->control & 1) {
		rtf->high = byte;
		return;
	} else {
		put(rtf, byte);
	}
	rtf->control >>= 1;
	rtf->bits--;
}

size_t mime_rtf_add(struct mime_rtf *rtf, struct str piece, struct buf *out)
{
	rtf->out = out;
	rtf->written = 0;
	for (size_t i = 0; i < piece.len && !rtf->ended && !rtf->failed; i++) {
		uint8_t byte = (uint8_t)piece.ptr[i];
		if (rtf->header_len < HEADER_BYTES) {
			rtf->header[rtf->header_len++] = byte;
			if (rtf->header_len == HEADER_BYTES)
				take_header(rtf);
		} else if (rtf->kind == KIND_PLAIN) {
			put(rtf, byte);
		} else {
			take_byte(rtf, byte);
		}
	}
	return rtf->written;
}
