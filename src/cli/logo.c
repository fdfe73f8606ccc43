#include "cli/logo.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum result read_picture(const char *file, struct buf *ret, struct err *err)
{
	char piece[4096];
	FILE *f = fopen(file, "re");

	if (f == NULL)
		return err_set(err, RESULT_NOT_FOUND, "%s: %s", file, strerror(errno));
	for (size_t got; (got = fread(piece, 1, sizeof(piece), f)) > 0;)
		buf_add_bytes(ret, piece, got);
	bool failed = ferror(f) != 0;
	(void)fclose(f);
	if (failed)
		return err_set(err, RESULT_UNAVAILABLE, "%s cannot be read", file);
	return ret->overflow ? err_set(err, RESULT_TOO_LARGE, "a logo has at most %d KB; %s is larger",
				       LIMIT_LOGO_BYTES / 1024, file)
			     : RESULT_OK;
}

/* The portal serves pictures so that nothing in them runs; a script in one is a mistake all the same. */
static const char *ending_of(struct str picture)
{
	if (str_starts(picture, STR("\x89PNG\r\n\x1a\n")))
		return "png";
	struct str text = str_trim(picture);
	bool is_xml = str_starts(text, STR("<svg")) || str_starts(text, STR("<?xml"));
	if (is_xml && str_find(text, STR("<svg")) >= 0 && str_find(text, STR("<script")) < 0)
		return "svg";
	return NULL;
}

/* FNV-1a: names need to differ, not to withstand anybody. */
static uint64_t fingerprint(struct str picture)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < picture.len; i++)
		hash = (hash ^ (uint8_t)picture.ptr[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* Complete under its name or not there at all. */
static enum result write_picture(const char *path, struct str picture, struct arena *arena, struct err *err)
{
	const char *temporary = arena_printf(arena, "%s.new", path).ptr;
	FILE *f = fopen(temporary, "we");
	bool kept = f && fwrite(picture.ptr, 1, picture.len, f) == picture.len;

	kept = kept && fflush(f) == 0 && fsync(fileno(f)) == 0 && fchmod(fileno(f), 0644) == 0;
	if (f && fclose(f) != 0)
		kept = false;
	if (kept && rename(temporary, path) == 0)
		return RESULT_OK;
	(void)err_set(err, RESULT_UNAVAILABLE, "%s: %s", path, strerror(errno));
	(void)unlink(temporary);
	return RESULT_UNAVAILABLE;
}

enum result logo_keep(
	const char *folder, const char *file, struct arena *arena, struct str *ret_name, struct err *err)
{
	cleanup(buf_done) struct buf picture = buf_new(LIMIT_LOGO_BYTES);

	TRY(read_picture(file, &picture, err));
	const char *ending = ending_of(buf_str(&picture));
	if (ending == NULL)
		return err_set(
			err, RESULT_INVALID, "%s is neither a PNG picture nor an SVG without scripts", file);
	if (mkdir(folder, 0755) < 0 && errno != EEXIST)
		return err_set(err, RESULT_UNAVAILABLE, "%s: %s", folder, strerror(errno));
	struct str name =
		arena_printf(arena, "%016llx.%s", (unsigned long long)fingerprint(buf_str(&picture)), ending);
	TRY(write_picture(arena_printf(arena, "%s/%s", folder, name.ptr).ptr, buf_str(&picture), arena, err));
	*ret_name = name;
	return RESULT_OK;
}

static bool can_be_made(const char *folder)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s", folder);
	return access(dirname(path), W_OK | X_OK) == 0;
}

enum result logo_folder_check(const char *folder, bool may_be_missing, struct err *err)
{
	struct stat facts;

	if (stat(folder, &facts) == 0)
		return !S_ISDIR(facts.st_mode)
			       ? err_set(err, RESULT_INVALID, "%s is no folder; name the one with the logos",
					 folder)
		       : access(folder, R_OK | X_OK) != 0
			       ? err_set(err, RESULT_DENIED,
					 "%s cannot be read; give it to the user the node runs as", folder)
			       : RESULT_OK;
	if (may_be_missing || (errno == ENOENT && can_be_made(folder)))
		return RESULT_OK;
	return err_set(err, RESULT_NOT_FOUND,
		"the folder %s is not there and cannot be made; name the one with the logos", folder);
}
