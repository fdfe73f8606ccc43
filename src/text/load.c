/* The only place of this folder that reads files, once at start or when first needed. */
#include "base/limits.h"
#include "base/list.h"
#include "text/language.h"
#include "text/template.h"
#include "text/zone.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_DEPTH 8

struct file {
	struct str name; /* path inside the folder */
	struct str content;
};

struct walk {
	struct arena *arena;
	struct list files; /* struct file */
	const char *suffix;
	size_t bytes_max, files_max;
	struct err *err;
	const char *left_out[2]; /* folders that are not read */
};

static enum result read_all(struct walk *walk, int fd, const char *path, size_t size, struct str *ret)
{
	char *data = arena_alloc(walk->arena, size + 1);
	size_t have = 0;

	while (have < size) {
		ssize_t got = read(fd, data + have, size - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_set(walk->err, RESULT_UNAVAILABLE, "%s: %s", path, strerror(errno));
		if (got == 0)
			break;
		have += (size_t)got;
	}
	*ret = (struct str){data, have};
	return RESULT_OK;
}

static enum result read_file(struct walk *walk, int fd, const char *path, struct str name)
{
	struct stat status;
	struct str content;

	if (fstat(fd, &status) != 0)
		return err_set(walk->err, RESULT_UNAVAILABLE, "%s: %s", path, strerror(errno));
	if (status.st_size < 0 || (uint64_t)status.st_size > walk->bytes_max)
		return walk->suffix[0] ? err_set(walk->err, RESULT_TOO_LARGE, "%s: more than %zu bytes", path,
						 walk->bytes_max)
				       : RESULT_OK;
	if (walk->files.count >= walk->files_max)
		return err_set(walk->err, RESULT_TOO_LARGE, "%s: more than %zu files", path, walk->files_max);
	TRY(read_all(walk, fd, path, (size_t)status.st_size, &content));
	struct file *file = list_add(&walk->files);
	file->name = arena_str(walk->arena, str_sub(name, 0, name.len - strlen(walk->suffix)));
	file->content = content;
	return RESULT_OK;
}

static void closedir_at(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static enum result read_folder(struct walk *walk, const char *path, struct str inside, int depth);

static enum result read_entry(
	struct walk *walk, const char *folder, struct str inside, const char *entry, int depth)
{
	cleanup(fd_close_at) int fd = -1;
	struct stat status;
	struct str path = arena_printf(walk->arena, "%s/%s", folder, entry);
	struct str name =
		arena_printf(walk->arena, "%.*s%s%s", STR_ARG(inside), inside.len ? "/" : "", entry);

	if (stat(path.ptr, &status) != 0)
		return err_set(walk->err, RESULT_UNAVAILABLE, "%s: %s", path.ptr, strerror(errno));
	for (size_t i = 0; i < COUNT_OF(walk->left_out) && walk->left_out[i]; i++)
		if (str_equal(name, str_of(walk->left_out[i])))
			return RESULT_OK;
	if (S_ISDIR(status.st_mode))
		return depth < FOLDER_DEPTH ? read_folder(walk, path.ptr, name, depth + 1) : RESULT_OK;
	if (!S_ISREG(status.st_mode) || !str_ends_nocase(name, str_of(walk->suffix)))
		return RESULT_OK;
	fd = open(path.ptr, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(walk->err, RESULT_UNAVAILABLE, "%s: %s", path.ptr, strerror(errno));
	return read_file(walk, fd, path.ptr, name);
}

static enum result read_folder(struct walk *walk, const char *path, struct str inside, int depth)
{
	cleanup(closedir_at) DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		return err_set(walk->err, errno == ENOENT ? RESULT_NOT_FOUND : RESULT_UNAVAILABLE, "%s: %s",
			path, strerror(errno));
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		TRY(read_entry(walk, path, inside, entry->d_name, depth));
	}
	return RESULT_OK;
}

enum result template_set_load(const char *folder, struct template_set **ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct walk walk = {&arena, list_new(&arena, sizeof(struct file)), ".mustache", LIMIT_TEMPLATE_BYTES,
		LIMIT_TEMPLATES, err};

	TRY(read_folder(&walk, folder, STR_NONE, 0));
	const struct file *files = walk.files.items;
	struct template_source *sources = arena_array(&arena, struct template_source, walk.files.count + 1);
	for (size_t i = 0; i < walk.files.count; i++)
		sources[i] = (struct template_source){files[i].name, files[i].content};
	return template_set_new(sources, walk.files.count, TEMPLATE_MISSING_REFUSED, ret, err);
}

enum result languages_load(const char *folder, struct languages **ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct walk walk = {&arena, list_new(&arena, sizeof(struct file)), ".json", LIMIT_LANGUAGE_BYTES,
		LIMIT_LANGUAGES, err};

	TRY(read_folder(&walk, folder, STR_NONE, FOLDER_DEPTH));
	const struct file *files = walk.files.items;
	struct language_source *sources = arena_array(&arena, struct language_source, walk.files.count + 1);
	for (size_t i = 0; i < walk.files.count; i++)
		sources[i] = (struct language_source){files[i].name, files[i].content};
	return languages_new(sources, walk.files.count, ret, err);
}

/* Debian keeps some beside the zones that nobody lives in. */
static bool is_zone(const struct file *file)
{
	static const char *const others[] = {"Factory", "localtime", "posixrules"};

	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (str_equal(file->name, str_of(others[i])))
			return false;
	return str_starts(file->content, STR("TZif")) && str_find_char(file->name, '.') < 0;
}

void zones_add_folder(struct zones *zones, const char *folder)
{
	cleanup(arena_done) struct arena arena = {0};
	struct walk walk = {&arena, list_new(&arena, sizeof(struct file)), "", LIMIT_ZONE_BYTES,
		4 * LIMIT_ZONES, NULL, .left_out = {"posix", "right"}};

	if (read_folder(&walk, folder, STR_NONE, 0) != RESULT_OK)
		return;
	const struct file *files = walk.files.items;
	for (size_t i = 0; i < walk.files.count; i++)
		if (is_zone(&files[i]) && zones_add(zones, files[i].name, str_bytes(files[i].content),
						  NULL) == RESULT_TOO_LARGE)
			return;
}
