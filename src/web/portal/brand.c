/* An account's colour as a style sheet, and its logo. Neither asks the database: a colour is its own name,
 * and logos are files of the node. */
#include "web/portal/page.h"

#include "base/io.h"
#include "base/limits.h"
#include "text/colour.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_BYTES 100

static enum result get_colour(struct request *request, struct response *response)
{
	struct str name = request_parameter(request, "name");
	struct colour colour;

	if (!str_ends_nocase(name, STR(".css")) || !colour_parse(str_sub(name, 0, name.len - 4), &colour))
		return err_set(&request->err, RESULT_NOT_FOUND, "there is no such colour");
	response_text(response, "text/css; charset=utf-8", colour_style(colour, request->arena));
	response->is_cacheable = true;
	response_header(response, "Cache-Control", STR("public, max-age=86400"));
	return RESULT_OK;
}

static bool is_plain_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!is_word && c != '-' && c != '_' && (c != '.' || i == 0))
			return false;
	}
	return name.len > 0;
}

static enum result read_file(const char *path, struct buf *ret)
{
	cleanup(fd_close_at) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat facts;
	char piece[16 * 1024];

	if (fd < 0 || fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))
		return RESULT_NOT_FOUND;
	for (;;) {
		ssize_t got = read(fd, piece, sizeof(piece));
		if (got < 0)
			return RESULT_UNAVAILABLE;
		if (got == 0)
			return ret->overflow ? RESULT_TOO_LARGE : RESULT_OK;
		buf_add_bytes(ret, piece, (size_t)got);
	}
}

static enum result get_logo(struct request *request, struct response *response)
{
	struct str name = request_parameter(request, "name");
	const char *folder = visit_of(request)->portal->options.logos;
	const char *type = str_ends_nocase(name, STR(".png"))	? "image/png"
			   : str_ends_nocase(name, STR(".svg")) ? "image/svg+xml"
								: NULL;
	cleanup(buf_done) struct buf file = buf_new(LIMIT_LOGO_BYTES);

	if (!folder || !type || !is_plain_name(name))
		return err_set(&request->err, RESULT_NOT_FOUND, "there is no such logo");
	struct str path = arena_printf(request->arena, "%s/%.*s", folder, STR_ARG(name));
	enum result result = read_file(path.ptr, &file);
	if (result != RESULT_OK)
		return err_set(&request->err, RESULT_NOT_FOUND, "there is no such logo");
	/* Nothing in a picture runs. */
	response->policy = POLICY_FILE;
	response_text(response, type, buf_str(&file));
	response->is_cacheable = true;
	response_header(response, "Cache-Control", STR("public, max-age=3600"));
	return RESULT_OK;
}

static const struct route_parameter parameters[] = {
	{PARAMETER_PATH, "name", NAME_BYTES, 0, "name of the file"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/colour/{name}", RIGHTS_ANYONE, parameters, get_colour, NULL,
		"The style sheet that sets an account's colour, named \"rrggbb.css\""},
	{METHOD_GET, "/logo/{name}", RIGHTS_ANYONE, parameters, get_logo, NULL, "An account's logo"},
};

const struct route_table portal_routes_brand = {rows, COUNT_OF(rows)};
