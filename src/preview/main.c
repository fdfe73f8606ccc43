/* sealpost-preview: turns a picture, or a page of a PDF file, into a picture without anything else in it. A
 * program of its own, started by the node for each; it has no keys and no configuration, gets the file at
 * its standard input, gives the picture at its standard output, and may do nothing else (sandbox.h).
 *
 *	sealpost-preview image              a PNG, JPEG, GIF or WebP file; gives PNG or JPEG
 *	sealpost-preview pdf-page NUMBER    a page as PNG
 *	sealpost-preview pdf-facts [NUMBER] what pdfinfo says of the file, and of that page
 *	sealpost-preview pdf-check          ends with 0 when PDF files can be shown here
 *
 * Ends with 0, 2 for a file that is refused, 3 when the system cannot hold it to its bounds. */
#include "base/limits.h"
#include "preview/picture.h"
#include "preview/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENDED_WELL = 0, REFUSED = 2, UNBOUND = 3 };

#define STRING_(value) #value
#define STRING(value) STRING_(value)
#define PIECE_BYTES ((size_t)64 * 1024)

/* All of standard input, up to the limit. */
static bool read_input(struct bytes_in *ret)
{
	size_t room = PIECE_BYTES, len = 0;
	uint8_t *data = malloc(room);

	while (data) {
		if (len == room) {
			uint8_t *larger = realloc(data, room *= 2);
			if (!larger)
				break;
			data = larger;
		}
		ssize_t got = read(STDIN_FILENO, data + len, room - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || (len += (size_t)got) > LIMIT_PREVIEW_SOURCE_BYTES)
			break;
	}
	*ret = (struct bytes_in){data, len};
	return data && len > 0 && len <= LIMIT_PREVIEW_SOURCE_BYTES;
}

static int show_image(void)
{
	struct picture picture, fitted;
	struct bytes_in in;

	if (!sandbox_close())
		return UNBOUND;
	bool is_read =
		read_input(&in) && (picture_read_png(in, &picture) || picture_read_jpeg(in, &picture) ||
					   picture_read_gif(in, &picture) || picture_read_webp(in, &picture));
	if (!is_read || !picture_fit(&picture, LIMIT_PREVIEW_SIDE, &fitted))
		return REFUSED;
	return picture_write(&fitted) ? ENDED_WELL : REFUSED;
}

/* The program's end is ours. */
static int become(const char *const *words)
{
	static const char *const environment[] = {"PATH=/usr/bin", "LC_ALL=C", NULL};

	if (!sandbox_close_for_program())
		return UNBOUND;
	(void)execve(words[0], (char *const *)(uintptr_t)words, (char *const *)(uintptr_t)environment);
	return UNBOUND;
}

static bool is_number(const char *number)
{
	size_t digits = strspn(number, "0123456789");

	return digits > 0 && digits <= 5 && number[digits] == '\0';
}

static int show_page(const char *number)
{
	const char *const words[] = {"/usr/bin/pdftoppm", "-png", "-singlefile", "-cropbox", "-f", number,
		"-l", number, "-scale-to", STRING(LIMIT_PREVIEW_SIDE), "-", NULL};

	return is_number(number) ? become(words) : REFUSED;
}

static int tell_facts(const char *number)
{
	const char *const words[] = {"/usr/bin/pdfinfo", "-f", number, "-l", number, "-", NULL};

	return is_number(number) ? become(words) : REFUSED;
}

int main(int argc, char **argv)
{
	static const char *const facts[] = {"/usr/bin/pdfinfo", "-", NULL};
	static const char *const check[] = {"/usr/bin/pdftoppm", "-v", NULL};
	const char *what = argc > 1 ? argv[1] : "";

	if (!sandbox_limit())
		return UNBOUND;
	if (strcmp(what, "image") == 0)
		return show_image();
	if (strcmp(what, "pdf-page") == 0 && argc == 3)
		return show_page(argv[2]);
	if (strcmp(what, "pdf-facts") == 0)
		return argc == 3 ? tell_facts(argv[2]) : become(facts);
	if (strcmp(what, "pdf-check") == 0)
		return become(check);
	return REFUSED;
}
