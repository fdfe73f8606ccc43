#include "text/template_private.h"

#include "base/limits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct template_set {
	struct arena arena;
	struct template *templates; /* by name */
	size_t count;
};

/* The context stack, innermost first. */
struct frame {
	const json_t *value;
	const struct frame *outer;
};

/* The parents being filled, innermost first; the outermost that fills a block wins. */
struct filling {
	const struct node *parent;
	const struct filling *outer;
};

struct indent {
	struct str text;
	const struct indent *outer;
};

struct rendering {
	const struct template_set *set;
	const struct language *language;
	bool escapes;
	struct buf *out;
	struct err *err;
	const struct indent *indent;
	bool at_line_start; /* nothing was put out since the last newline of a template's own text */
	int depth;
	long steps;
};

/* Where in the view and in which parents a node is rendered. */
struct place {
	const struct frame *frame;
	const struct filling *filling;
};

static enum result render_nodes(
	struct rendering *r, const struct node *nodes, size_t count, struct place place) must_check;

static int compare_templates(const void *a, const void *b)
{
	return strcmp(((const struct template *)a)->name.ptr, ((const struct template *)b)->name.ptr);
}

static const struct template *set_find(const struct template_set *set, const char *name)
{
	struct template key = {.name = str_of(name)};

	return set->count ? bsearch(&key, set->templates, set->count, sizeof(key), compare_templates) : NULL;
}

static enum result resolve(const struct template_set *set, const struct template *template,
	struct node *nodes, size_t count, enum template_missing missing, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		struct node *node = &nodes[i];

		if ((node->kind == NODE_PARTIAL || node->kind == NODE_PARENT) && !node->is_dynamic) {
			node->target = set_find(set, node->text.ptr);
			if (!node->target && missing == TEMPLATE_MISSING_REFUSED)
				return err_set(err, RESULT_INVALID,
					"%s.mustache:%u: there is no template \"%.100s\"", template->name.ptr,
					node->line, node->text.ptr);
		}
		TRY(resolve(set, template, node->children, node->child_count, missing, err));
	}
	return RESULT_OK;
}

static enum result set_fill(struct template_set *set, const struct template_source *sources, size_t count,
	enum template_missing missing, struct err *err)
{
	set->templates = arena_array(&set->arena, struct template, count ? count : 1);
	for (size_t i = 0; i < count; i++) {
		struct str name = arena_str(&set->arena, sources[i].name);
		struct str text = arena_str(&set->arena, sources[i].text);
		TRY(template_parse(&set->arena, name, text, &set->templates[i], err));
		set->count++;
	}
	qsort(set->templates, count, sizeof(struct template), compare_templates);
	for (size_t i = 0; i + 1 < count; i++)
		if (compare_templates(&set->templates[i], &set->templates[i + 1]) == 0)
			return err_set(
				err, RESULT_INVALID, "%s.mustache: given twice", set->templates[i].name.ptr);
	for (size_t i = 0; i < count; i++) {
		struct template *template = &set->templates[i];
		TRY(resolve(set, template, template->nodes, template->node_count, missing, err));
	}
	return RESULT_OK;
}

enum result template_set_new(const struct template_source *sources, size_t count,
	enum template_missing missing, struct template_set **ret, struct err *err)
{
	if (count > LIMIT_TEMPLATES)
		return err_set(err, RESULT_TOO_LARGE, "more than %d templates", LIMIT_TEMPLATES);
	cleanup(template_set_free_at) struct template_set *set = mem_new(sizeof(*set));
	TRY(set_fill(set, sources, count, missing, err));
	*ret = TAKE(set);
	return RESULT_OK;
}

void template_set_free(struct template_set *set)
{
	if (!set)
		return;
	arena_done(&set->arena);
	free(set);
}

bool template_exists(const struct template_set *set, const char *name)
{
	return set_find(set, name) != NULL;
}

const char *template_set_at(const struct template_set *set, size_t index)
{
	return index < set->count ? set->templates[index].name.ptr : NULL;
}

void template_escape(struct buf *out, struct str text)
{
	size_t from = 0;

	for (size_t i = 0; i < text.len; i++) {
		const char *entity;
		switch (text.ptr[i]) {
		case '&':
			entity = "&amp;";
			break;
		case '<':
			entity = "&lt;";
			break;
		case '>':
			entity = "&gt;";
			break;
		case '"':
			entity = "&quot;";
			break;
		case '\'':
			entity = "&#39;";
			break;
		default:
			continue;
		}
		buf_add(out, str_sub(text, from, i - from));
		buf_add(out, str_of(entity));
		from = i + 1;
	}
	buf_add(out, str_from(text, from));
}

/* The first part is looked for from the innermost context outwards, the others only inside what it gives. */
static const json_t *look_up_first(const struct frame *frame, struct str name)
{
	for (; frame; frame = frame->outer) {
		const json_t *value = json_object_getn(frame->value, name.ptr, name.len);
		if (value)
			return value;
	}
	return NULL;
}

static const json_t *look_up(const struct frame *frame, const struct node *node)
{
	if (node->part_count == 0)
		return frame->value;
	const json_t *value = look_up_first(frame, str_of(node->parts[0]));
	for (size_t i = 1; value && i < node->part_count; i++)
		value = json_object_get(value, node->parts[i]);
	return value;
}

static const json_t *look_up_dotted(const struct frame *frame, struct str name)
{
	struct str rest = name;
	const json_t *value = look_up_first(frame, str_cut(&rest, '.'));

	while (value && rest.ptr) {
		struct str part = str_cut(&rest, '.');
		value = json_object_getn(value, part.ptr, part.len);
	}
	return value;
}

static bool is_shown(const json_t *value)
{
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_NULL:
	case JSON_FALSE:
		return false;
	case JSON_ARRAY:
		return json_array_size(value) > 0;
	case JSON_STRING:
		return json_string_length(value) > 0;
	case JSON_INTEGER:
		return json_integer_value(value) != 0;
	default:
		return true;
	}
}

static void add_real(struct buf *out, double number)
{
	char text[32];

	snprintf(text, sizeof(text), "%.15g", number);
	if (strtod(text, NULL) != number)
		snprintf(text, sizeof(text), "%.17g", number);
	buf_add(out, str_of(text));
}

static void add_value(struct buf *out, const json_t *value, bool escapes)
{
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_STRING: {
		struct str text = {json_string_value(value), json_string_length(value)};
		if (escapes)
			template_escape(out, text);
		else
			buf_add(out, text);
		break;
	}
	case JSON_INTEGER:
		buf_printf(out, "%lld", (long long)json_integer_value(value));
		break;
	case JSON_REAL:
		add_real(out, json_real_value(value));
		break;
	case JSON_TRUE:
		buf_add(out, STR("true"));
		break;
	case JSON_FALSE:
		buf_add(out, STR("false"));
		break;
	default:
		break;
	}
}

static void add_indent(struct buf *out, const struct indent *indent)
{
	if (!indent)
		return;
	add_indent(out, indent->outer);
	buf_add(out, indent->text);
}

/* Text of the template itself, each line with the indentation of the partials it stands in; empty lines stay
 * empty. */
static void render_text(struct rendering *r, struct str text)
{
	while (text.len) {
		ptrdiff_t newline = r->indent ? str_find_char(text, '\n') : -1;
		struct str line = newline < 0 ? text : str_sub(text, 0, (size_t)newline + 1);
		if (r->at_line_start && str_trim(line).len)
			add_indent(r->out, r->indent);
		buf_add(r->out, line);
		r->at_line_start = line.ptr[line.len - 1] == '\n';
		text = str_from(text, line.len);
	}
}

/* What a text's placeholders are filled from. */
struct words {
	const struct rendering *rendering;
	const struct frame *frame;
};

static void words_value(void *context, struct str name, struct buf *out)
{
	const struct words *words = context;

	add_value(out, look_up_dotted(words->frame, name), words->rendering->escapes);
}

static bool words_number(void *context, struct str name, int64_t *ret)
{
	const struct words *words = context;
	const json_t *value = look_up_dotted(words->frame, name);

	if (!json_is_integer(value))
		return false;
	*ret = json_integer_value(value);
	return true;
}

static void render_words(struct rendering *r, const struct node *node, const struct frame *frame)
{
	struct words words = {r, frame};
	struct language_filler filler = {.value = words_value,
		.number = words_number,
		.piece = r->escapes ? template_escape : buf_add,
		.context = &words};

	language_fill(r->language, node->text.ptr + strlen("t."), &filler, r->out);
}

static bool is_words(const struct rendering *r, const struct node *node)
{
	return r->language && node->part_count > 1 && strcmp(node->parts[0], "t") == 0;
}

static void render_value(struct rendering *r, const struct node *node, const struct frame *frame)
{
	if (r->at_line_start)
		add_indent(r->out, r->indent);
	r->at_line_start = false;
	if (is_words(r, node))
		render_words(r, node, frame);
	else
		add_value(r->out, look_up(frame, node), r->escapes && node->kind == NODE_VALUE);
}

static enum result render_section(struct rendering *r, const struct node *node, struct place place)
{
	const json_t *value = look_up(place.frame, node);

	if (!is_shown(value))
		return RESULT_OK;
	struct frame frame = {value, place.frame};
	struct place inner = {&frame, place.filling};
	if (!json_is_array(value))
		return render_nodes(r, node->children, node->child_count, inner);
	for (size_t i = 0; i < json_array_size(value); i++) {
		frame.value = json_array_get(value, i);
		TRY(render_nodes(r, node->children, node->child_count, inner));
	}
	return RESULT_OK;
}

/* Renders with more indentation before each line. */
static enum result render_indented(
	struct rendering *r, struct str text, const struct node *nodes, size_t count, struct place place)
{
	const struct indent *before = r->indent;
	struct indent indent = {text, before};

	if (text.len)
		r->indent = &indent;
	enum result result = render_nodes(r, nodes, count, place);
	r->indent = before;
	return result;
}

static enum result render_partial(struct rendering *r, const struct node *node, struct place place)
{
	const struct template *target = node->target;
	struct filling filling = {node, place.filling};

	if (node->is_dynamic) {
		const char *name = json_string_value(look_up(place.frame, node));
		target = name ? set_find(r->set, name) : NULL;
	}
	if (!target)
		return RESULT_OK;
	if (node->kind == NODE_PARENT)
		place.filling = &filling;
	return render_indented(r, node->indent, target->nodes, target->node_count, place);
}

static const struct node *find_filling(const struct filling *filling, struct str name)
{
	const struct node *found = NULL;

	for (; filling; filling = filling->outer)
		for (size_t i = 0; i < filling->parent->child_count; i++)
			if (str_equal(filling->parent->children[i].text, name))
				found = &filling->parent->children[i];
	return found;
}

static enum result render_block(struct rendering *r, const struct node *node, struct place place)
{
	const struct node *found = find_filling(place.filling, node->text);

	if (!found)
		return render_nodes(r, node->children, node->child_count, place);
	return render_indented(r, node->indent, found->children, found->child_count, place);
}

static enum result render_node(struct rendering *r, const struct node *node, struct place place)
{
	switch (node->kind) {
	case NODE_TEXT:
		render_text(r, node->text);
		return RESULT_OK;
	case NODE_VALUE:
	case NODE_RAW:
		render_value(r, node, place.frame);
		return RESULT_OK;
	case NODE_SECTION:
		return render_section(r, node, place);
	case NODE_INVERTED:
		if (is_shown(look_up(place.frame, node)))
			return RESULT_OK;
		return render_nodes(r, node->children, node->child_count, place);
	case NODE_PARTIAL:
	case NODE_PARENT:
		return render_partial(r, node, place);
	case NODE_BLOCK:
		return render_block(r, node, place);
	}
	assert(false);
	return RESULT_INTERNAL;
}

static enum result render_nodes(
	struct rendering *r, const struct node *nodes, size_t count, struct place place)
{
	if (r->depth >= LIMIT_TEMPLATE_DEPTH)
		return err_set(r->err, RESULT_TOO_LARGE,
			"templates include each other more than %d levels deep", LIMIT_TEMPLATE_DEPTH);
	r->depth++;
	for (size_t i = 0; i < count; i++) {
		if (++r->steps > LIMIT_TEMPLATE_STEPS)
			return err_set(
				r->err, RESULT_TOO_LARGE, "more than %d tags to fill", LIMIT_TEMPLATE_STEPS);
		TRY(render_node(r, &nodes[i], place));
		if (r->out->overflow)
			return err_set(
				r->err, RESULT_TOO_LARGE, "a page of more than %zu bytes", r->out->limit);
	}
	r->depth--;
	return RESULT_OK;
}

enum result template_render(const struct template_set *set, const char *name, const json_t *view,
	const struct language *language, struct buf *out, struct err *err)
{
	const struct template *template = set_find(set, name);
	struct rendering rendering = {.set = set,
		.language = language,
		.escapes = template && template->escapes,
		.out = out,
		.err = err,
		.at_line_start = true};
	struct frame frame = {view, NULL};

	if (!template)
		return err_set(err, RESULT_NOT_FOUND, "there is no template \"%.100s\"", name);
	return render_nodes(
		&rendering, template->nodes, template->node_count, (struct place){.frame = &frame});
}
