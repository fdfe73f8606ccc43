/* An account's colour, made readable: links and buttons keep a contrast of 4.5:1 (WCAG 2.2, 1.4.3) on light
 * and on dark pages whatever colour was chosen. Pure functions. */
#ifndef TEXT_COLOUR_H
#define TEXT_COLOUR_H

#include "base/arena.h"

struct colour {
	uint8_t red, green, blue;
};

/* "rrggbb"; false when it is none. */
bool colour_parse(struct str text, struct colour *ret);

/* Contrast of two colours, 1 to 21. */
double colour_contrast(struct colour a, struct colour b);

/* The colour mixed with black (or, for dark pages, with white) until it can be read on the page's grounds. */
struct colour colour_for_light(struct colour colour);
struct colour colour_for_dark(struct colour colour);

/* The style sheet that sets it. */
struct str colour_style(struct colour colour, struct arena *arena);

#endif
