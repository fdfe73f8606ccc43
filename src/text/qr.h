/* QR codes, as the path of an SVG image: nothing but digits and letters, so any page may contain it. */
#ifndef TEXT_QR_H
#define TEXT_QR_H

#include "base/arena.h"
#include "base/result.h"

struct qr {
	struct str path; /* for <path d="…">, dark on light, with the quiet margin around it */
	int64_t size;	 /* of the square, for viewBox */
};

/* TOO_LARGE past what a code can hold (some 2,300 bytes). */
enum result qr_make(struct str text, struct arena *arena, struct qr *ret, struct err *err) must_check;

#endif
