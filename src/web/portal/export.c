/* A person's messages as files, where the account allows it. */
#include "web/portal/page.h"

#include "base/clock.h"
#include "base/limits.h"
#include "flow/export.h"

#define NAME_BYTES 10
#define PART_BYTES 4

static const struct {
	const char *name;
	enum folder folder;
} folders[] = {{"inbox", FOLDER_INBOX}, {"sent", FOLDER_SENT}, {"deleted", FOLDER_DELETED}};

static enum result check_may_export(struct request *request)
{
	if (visit_of(request)->session.settings.export)
		return RESULT_OK;
	return err_set(&request->err, RESULT_DENIED, "the account allows no export");
}

static enum result add_folder(struct request *request, json_t *list, size_t which)
{
	struct open_folder page;

	TRY(open_folder(flow_of(request), &visit_of(request)->actor, folders[which].folder,
		&(struct copy_choice){0}, (struct copy_cursor){0}, 1, request->now, request->arena, &page,
		&request->err));
	int64_t total = page.this_folder.total, parts = export_parts(total);
	if (total == 0)
		return RESULT_OK;
	json_t *folder = view_append(list);
	view_set_flag(folder, arena_printf(request->arena, "is_%s", folders[which].name).ptr, true);
	view_set_number(folder, "total", total);
	json_t *files = view_add_list(folder, "files");
	for (int64_t part = 1; part <= parts && part <= LIMIT_EXPORT_PARTS; part++) {
		json_t *file = view_append(files);
		view_set(file, "url",
			arena_printf(request->arena, "/settings/export/%s/%lld", folders[which].name,
				(long long)part));
		view_set_number(file, "first", (part - 1) * LIMIT_EXPORT_MESSAGES + 1);
		view_set_number(file, "last", part == parts ? total : part * LIMIT_EXPORT_MESSAGES);
	}
	return RESULT_OK;
}

static enum result get_page(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();
	json_t *list = view_add_list(view, "folders");

	TRY(check_may_export(request));
	for (size_t i = 0; i < COUNT_OF(folders); i++)
		TRY(add_folder(request, list, i));
	return page_portal(request, response, "export", "settings", view);
}

static void end_export(void *context)
{
	export_free(context);
}

static enum result get_file(struct request *request, struct response *response)
{
	struct str name = request_parameter(request, "folder");
	struct export_file *file;
	uint64_t part;
	size_t which = 0;

	while (which < COUNT_OF(folders) && !str_equal(name, str_of(folders[which].name)))
		which++;
	if (which == COUNT_OF(folders) ||
		!str_to_uint(request_parameter(request, "part"), LIMIT_EXPORT_PARTS, &part) || part == 0)
		return err_set(&request->err, RESULT_NOT_FOUND, "there is no such file");
	TRY(export_begin(flow_of(request), &visit_of(request)->actor, folders[which].folder, (int64_t)part,
		request->now, clock_now, &file, &request->err));
	response_download(response, export_bytes(file),
		arena_printf(request->arena, "%s-%llu.zip", folders[which].name, (unsigned long long)part),
		STR("application/zip"), STR_NONE, end_export);
	return RESULT_OK;
}

static const struct route_parameter file_parameters[] = {
	{PARAMETER_PATH, "folder", NAME_BYTES, 0, "inbox, sent or deleted"},
	{PARAMETER_PATH, "part", PART_BYTES, 0, "1 holds the newest messages"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/settings/export", RIGHTS_SIGNED_IN, NULL, get_page, NULL,
		"What of the person's messages can be taken out"},
	{METHOD_GET, "/settings/export/{folder}/{part}", RIGHTS_SIGNED_IN, file_parameters, get_file, NULL,
		"A part of a folder as a ZIP file of whole messages"},
};

const struct route_table portal_routes_export = {rows, COUNT_OF(rows)};
