#include "text/colour.h"

#include <math.h>

#define CONTRAST_LEAST 4.6
#define STEPS 100

/* The least favourable grounds that links stand on in sealpost.css: --tint, light and dark. */
static const struct colour light_ground = {0xe8, 0xf0, 0xfc};
static const struct colour dark_ground = {0x22, 0x32, 0x4a};
static const struct colour black = {0, 0, 0};
static const struct colour white = {255, 255, 255};

static bool hex_digit(char c, unsigned int *ret)
{
	if (c >= '0' && c <= '9')
		*ret = (unsigned int)(c - '0');
	else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		*ret = (unsigned int)((c | 0x20) - 'a') + 10;
	else
		return false;
	return true;
}

bool colour_parse(struct str text, struct colour *ret)
{
	unsigned int digits[6];

	if (text.len != 6)
		return false;
	for (size_t i = 0; i < 6; i++)
		if (!hex_digit(text.ptr[i], &digits[i]))
			return false;
	*ret = (struct colour){(uint8_t)(digits[0] * 16 + digits[1]), (uint8_t)(digits[2] * 16 + digits[3]),
		(uint8_t)(digits[4] * 16 + digits[5])};
	return true;
}

static double linear(uint8_t value)
{
	double v = value / 255.0;

	return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double luminance(struct colour c)
{
	return 0.2126 * linear(c.red) + 0.7152 * linear(c.green) + 0.0722 * linear(c.blue);
}

double colour_contrast(struct colour a, struct colour b)
{
	double first = luminance(a), second = luminance(b);
	double lighter = first > second ? first : second, darker = first > second ? second : first;

	return (lighter + 0.05) / (darker + 0.05);
}

static uint8_t mix(uint8_t from, uint8_t to, int step)
{
	return (uint8_t)((from * (STEPS - step) + to * step) / STEPS);
}

static struct colour readable(struct colour colour, struct colour ground, struct colour towards)
{
	struct colour mixed = colour;

	for (int step = 0; step <= STEPS; step++) {
		mixed = (struct colour){mix(colour.red, towards.red, step),
			mix(colour.green, towards.green, step), mix(colour.blue, towards.blue, step)};
		if (colour_contrast(mixed, ground) >= CONTRAST_LEAST)
			break;
	}
	return mixed;
}

struct colour colour_for_light(struct colour colour)
{
	return readable(colour, light_ground, black);
}

struct colour colour_for_dark(struct colour colour)
{
	return readable(colour, dark_ground, white);
}

struct str colour_style(struct colour colour, struct arena *arena)
{
	struct colour light = colour_for_light(colour), dark = colour_for_dark(colour);

	return arena_printf(arena,
		":root{--accent:#%02x%02x%02x;--on-accent:#fff}\n"
		"@media (prefers-color-scheme:dark){:root{--accent:#%02x%02x%02x;--on-accent:#0d1b30}}\n",
		light.red, light.green, light.blue, dark.red, dark.green, dark.blue);
}
