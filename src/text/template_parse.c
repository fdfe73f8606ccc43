/* The parser of templates: one pass over the text, by recursive descent, which decides at each tag whether it
 * stands alone on its line (then the line is not part of the output) and what white space is indentation.
 *
 * Blocks and parents follow the specification's inheritance module: a block that begins a line gives its
 * indentation to what fills it, and what fills it loses its own when it begins on a new line. */
#include "text/template_private.h"

#include "base/limits.h"
#include "base/list.h"

#include <string.h>

struct parser {
	struct arena *arena;
	struct str name;
	struct str text;
	size_t pos;
	struct str open, close; /* the delimiters */
	size_t line_pos;	/* up to where lines are counted */
	unsigned line;
	int depth;
	struct err *err;
};

struct tag {
	char type; /* the sigil; 'v' for an escaped value, '&' for a raw one, 0 for the end of the text */
	struct str name;
	size_t start, end;
	unsigned line;
};

/* How the end tag of what is being parsed treats its line. */
enum closing {
	CLOSING_ALONE,	/* trimmed when it stands alone */
	CLOSING_FILLING /* trimmed when it begins the line: what follows inside a parent is ignored */
};

static enum result parse_nodes(struct parser *parser, struct list *nodes, const struct tag *opener,
	enum closing closing, size_t *ret_end) must_check;

static enum result fail(struct parser *parser, unsigned line, const char *what, struct str name)
{
	return err_set(parser->err, RESULT_INVALID, "%.*s.mustache:%u: %s%s%.*s", STR_ARG(parser->name), line,
		what, name.len ? ": " : "", (int)(name.len < 100 ? name.len : 100), name.len ? name.ptr : "");
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool has_white_space(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (is_blank(s.ptr[i]) || s.ptr[i] == '\n' || s.ptr[i] == '\r')
			return true;
	return false;
}

static unsigned line_of(struct parser *parser, size_t pos)
{
	for (; parser->line_pos < pos; parser->line_pos++)
		parser->line += parser->text.ptr[parser->line_pos] == '\n';
	return parser->line;
}

static ptrdiff_t find_from(struct str text, size_t start, struct str needle)
{
	ptrdiff_t at = str_find(str_from(text, start), needle);
	return at < 0 ? -1 : at + (ptrdiff_t)start;
}

/* Whether only blanks stand before `pos` on its line, which then starts at *ret_start. */
static bool begins_line(const struct parser *parser, size_t pos, size_t *ret_start)
{
	while (pos > 0 && is_blank(parser->text.ptr[pos - 1]))
		pos--;
	if (pos > 0 && parser->text.ptr[pos - 1] != '\n')
		return false;
	*ret_start = pos;
	return true;
}

/* Whether only blanks stand after `pos` on its line; the next line then starts at *ret_next. */
static bool ends_line(const struct parser *parser, size_t pos, size_t *ret_next)
{
	struct str text = parser->text;

	while (pos < text.len && is_blank(text.ptr[pos]))
		pos++;
	if (pos + 1 < text.len && text.ptr[pos] == '\r' && text.ptr[pos + 1] == '\n')
		pos++;
	if (pos < text.len && text.ptr[pos] != '\n')
		return false;
	*ret_next = pos < text.len ? pos + 1 : pos;
	return true;
}

/* Finds the next tag from parser->pos on, without moving. */
static enum result next_tag(struct parser *parser, struct tag *ret)
{
	struct str text = parser->text;
	ptrdiff_t found = find_from(text, parser->pos, parser->open);
	if (found < 0) {
		*ret = (struct tag){.start = text.len, .end = text.len, .line = line_of(parser, text.len)};
		return RESULT_OK;
	}
	struct tag tag = {.type = 'v', .start = (size_t)found, .line = line_of(parser, (size_t)found)};
	size_t inner = tag.start + parser->open.len;
	struct str close = parser->close;
	char sigil = inner < text.len ? text.ptr[inner] : 0;

	if (sigil == '{' && str_equal(close, STR("}}"))) {
		tag.type = '&';
		close = STR("}}}");
		inner++;
	} else if (sigil && strchr("#^/><$!&=", sigil)) {
		tag.type = sigil;
		inner++;
	}
	ptrdiff_t end = find_from(text, inner, close);
	if (end < 0)
		return fail(parser, tag.line, "a tag is not closed", str_sub(text, tag.start, 30));
	tag.name = str_trim(str_sub(text, inner, (size_t)end - inner));
	tag.end = (size_t)end + close.len;
	*ret = tag;
	return RESULT_OK;
}

static enum result set_delimiters(struct parser *parser, const struct tag *tag)
{
	struct str both = tag->name;

	if (both.len < 2 || both.ptr[both.len - 1] != '=')
		return fail(parser, tag->line, "delimiters are changed by {{=open close=}}", STR_NONE);
	both = str_trim(str_sub(both, 0, both.len - 1));
	size_t gap = 0;
	while (gap < both.len && !is_blank(both.ptr[gap]))
		gap++;
	struct str open = str_sub(both, 0, gap), close = str_trim(str_from(both, gap));
	if (!open.len || !close.len || has_white_space(close) || str_find_char(open, '=') >= 0 ||
		str_find_char(close, '=') >= 0 || has_white_space(open))
		return fail(parser, tag->line, "these are no two delimiters", both);
	parser->open = open;
	parser->close = close;
	return RESULT_OK;
}

static struct str text_between(const struct parser *parser, size_t from, size_t until)
{
	return from < until ? str_sub(parser->text, from, until - from) : STR_NONE;
}

static struct node *add_text(struct parser *parser, struct list *nodes, size_t from, size_t until)
{
	if (from >= until)
		return NULL;
	struct node *node = list_add(nodes);
	node->kind = NODE_TEXT;
	node->text = text_between(parser, from, until);
	node->starts_line = from == 0 || parser->text.ptr[from - 1] == '\n';
	return node;
}

/* Cuts a dotted name into its parts. */
static enum result set_name(struct parser *parser, const struct tag *tag, struct str name, struct node *node)
{
	if (!name.len || has_white_space(name))
		return fail(
			parser, tag->line, name.len ? "a name has white space" : "a tag has no name", name);
	struct list parts = list_new(parser->arena, sizeof(char *));
	struct str rest = name;
	while (rest.ptr && !str_equal(name, STR(".")))
		*(const char **)list_add(&parts) = arena_cstr(parser->arena, str_cut(&rest, '.'));
	node->parts = parts.items;
	node->part_count = parts.count;
	return RESULT_OK;
}

static enum result new_node(
	struct parser *parser, const struct tag *tag, enum node_kind kind, struct node *ret)
{
	*ret = (struct node){.kind = kind, .line = tag->line, .text = arena_str(parser->arena, tag->name)};
	struct str name = tag->name;
	if (kind == NODE_PARTIAL || kind == NODE_PARENT) {
		ret->is_dynamic = name.len && name.ptr[0] == '*';
		if (ret->is_dynamic)
			name = str_trim(str_from(name, 1));
	}
	return set_name(parser, tag, name, ret);
}

static void set_children(struct node *node, const struct list *children)
{
	node->children = children->items;
	node->child_count = children->count;
}

/* The blanks before the first line of the source between two places that has anything else. */
static bool first_indent(const struct parser *parser, size_t from, size_t until, struct str *ret)
{
	struct str rest = text_between(parser, from, until);

	while (rest.ptr) {
		struct str line = str_cut(&rest, '\n');
		size_t blanks = 0;
		while (blanks < line.len && is_blank(line.ptr[blanks]))
			blanks++;
		if (blanks < line.len && line.ptr[blanks] != '\r') {
			*ret = str_sub(line, 0, blanks);
			return true;
		}
	}
	return false;
}

static struct str dedent_text(struct arena *arena, struct str text, bool starts_line, size_t width)
{
	char *copy = arena_alloc(arena, text.len + 1);
	size_t len = 0, skip = starts_line ? width : 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (skip && is_blank(c)) {
			skip--;
			continue;
		}
		skip = c == '\n' ? width : 0;
		copy[len++] = c;
	}
	return (struct str){copy, len};
}

/* Takes `width` blanks from the start of each line. What fills the blocks of a parent has lost its own
 * already. */
static void dedent(struct arena *arena, struct node *nodes, size_t count, size_t width)
{
	for (size_t i = 0; i < count; i++) {
		struct node *node = &nodes[i];

		if (node->kind == NODE_TEXT)
			node->text = dedent_text(arena, node->text, node->starts_line, width);
		node->indent = str_from(node->indent, width);
		if (node->kind != NODE_PARENT)
			dedent(arena, node->children, node->child_count, width);
	}
}

/* {{$name}} inside {{<parent}}: what fills the parent's block. */
static enum result parse_filling(struct parser *parser, const struct tag *tag, struct list *nodes)
{
	struct node node;
	size_t next = tag->end, end;
	struct str indent;
	struct list children = list_new(parser->arena, sizeof(struct node));

	TRY(new_node(parser, tag, NODE_BLOCK, &node));
	bool on_new_line = ends_line(parser, tag->end, &next);
	parser->pos = next;
	TRY(parse_nodes(parser, &children, tag, CLOSING_FILLING, &end));
	set_children(&node, &children);
	if (on_new_line && first_indent(parser, next, end, &indent) && indent.len)
		dedent(parser->arena, node.children, node.child_count, indent.len);
	*(struct node *)list_add(nodes) = node;
	return RESULT_OK;
}

/* The inside of {{<parent}}, where everything but blocks, comments and delimiters is ignored. */
static enum result parse_fillings(struct parser *parser, const struct tag *opener, struct list *nodes)
{
	for (;;) {
		struct tag tag;
		TRY(next_tag(parser, &tag));
		parser->pos = tag.end;
		switch (tag.type) {
		case 0:
			return fail(parser, opener->line, "a parent is not closed", opener->name);
		case '!':
			break;
		case '=':
			TRY(set_delimiters(parser, &tag));
			break;
		case '$':
			TRY(parse_filling(parser, &tag, nodes));
			break;
		case '/':
			if (!str_equal(tag.name, opener->name))
				return fail(parser, tag.line, "this end tag closes nothing", tag.name);
			return RESULT_OK;
		default:
			return fail(parser, tag.line, "only blocks may stand inside a parent", tag.name);
		}
	}
}

static enum result parse_parent(struct parser *parser, const struct tag *tag, size_t from, struct list *nodes)
{
	size_t start = tag->start, next;
	struct node node;
	struct list children = list_new(parser->arena, sizeof(struct node));

	TRY(new_node(parser, tag, NODE_PARENT, &node));
	bool begins = begins_line(parser, tag->start, &start);
	add_text(parser, nodes, from, start);
	parser->pos = tag->end;
	TRY(parse_fillings(parser, tag, &children));
	set_children(&node, &children);
	if (begins && ends_line(parser, parser->pos, &next)) {
		node.indent = text_between(parser, start, tag->start);
		parser->pos = next;
	} else {
		add_text(parser, nodes, start, tag->start);
	}
	*(struct node *)list_add(nodes) = node;
	return RESULT_OK;
}

/* {{$name}} outside of a parent: a place that may be filled, with its default. */
static enum result parse_block(struct parser *parser, const struct tag *tag, size_t from, struct list *nodes)
{
	size_t start = tag->start, next = tag->end, end;
	struct node node;
	struct list children = list_new(parser->arena, sizeof(struct node));

	TRY(new_node(parser, tag, NODE_BLOCK, &node));
	bool begins = begins_line(parser, tag->start, &start);
	bool alone = begins && ends_line(parser, tag->end, &next);
	if (!alone)
		next = tag->end;
	add_text(parser, nodes, from, start);
	node.indent = text_between(parser, start, tag->start);
	if (begins && !alone)
		add_text(parser, &children, start, tag->start);
	parser->pos = next;
	TRY(parse_nodes(parser, &children, tag, CLOSING_ALONE, &end));
	if (alone)
		first_indent(parser, next, end, &node.indent);
	set_children(&node, &children);
	*(struct node *)list_add(nodes) = node;
	return RESULT_OK;
}

static enum result parse_section(struct parser *parser, const struct tag *tag, struct list *nodes)
{
	struct node node;
	size_t end;
	struct list children = list_new(parser->arena, sizeof(struct node));

	TRY(new_node(parser, tag, tag->type == '#' ? NODE_SECTION : NODE_INVERTED, &node));
	TRY(parse_nodes(parser, &children, tag, CLOSING_ALONE, &end));
	set_children(&node, &children);
	*(struct node *)list_add(nodes) = node;
	return RESULT_OK;
}

static enum result parse_leaf(struct parser *parser, const struct tag *tag, enum node_kind kind,
	struct str indent, struct list *nodes)
{
	struct node node;

	TRY(new_node(parser, tag, kind, &node));
	node.indent = indent;
	*(struct node *)list_add(nodes) = node;
	return RESULT_OK;
}

/* The end tag of `opener`; what it closes ends at *ret_end. */
static enum result parse_end(struct parser *parser, const struct tag *tag, const struct tag *opener,
	enum closing closing, size_t from, struct list *nodes, size_t *ret_end)
{
	size_t start = tag->start, next = tag->end;

	if (!opener || !str_equal(tag->name, opener->name))
		return fail(parser, tag->line, "this end tag closes nothing", tag->name);
	bool begins = begins_line(parser, tag->start, &start);
	if (closing == CLOSING_ALONE && (!begins || !ends_line(parser, tag->end, &next))) {
		start = tag->start;
		next = tag->end;
	}
	add_text(parser, nodes, from, start);
	parser->pos = next;
	*ret_end = start;
	return RESULT_OK;
}

/* Tags of which a line that holds nothing else disappears. */
static enum result parse_lone_tag(
	struct parser *parser, const struct tag *tag, size_t from, struct list *nodes)
{
	size_t start, next = tag->end;
	struct str indent = STR_NONE;

	if (begins_line(parser, tag->start, &start) && ends_line(parser, tag->end, &next)) {
		indent = text_between(parser, start, tag->start);
	} else {
		start = tag->start;
		next = tag->end;
	}
	add_text(parser, nodes, from, start);
	parser->pos = next;
	switch (tag->type) {
	case '#':
	case '^':
		return parse_section(parser, tag, nodes);
	case '>':
		return parse_leaf(parser, tag, NODE_PARTIAL, indent, nodes);
	case '=':
		return set_delimiters(parser, tag);
	default:
		return RESULT_OK;
	}
}

static enum result parse_tag(struct parser *parser, const struct tag *tag, size_t from, struct list *nodes)
{
	switch (tag->type) {
	case '<':
		return parse_parent(parser, tag, from, nodes);
	case '$':
		return parse_block(parser, tag, from, nodes);
	case 'v':
	case '&':
		add_text(parser, nodes, from, tag->start);
		parser->pos = tag->end;
		return parse_leaf(parser, tag, tag->type == 'v' ? NODE_VALUE : NODE_RAW, STR_NONE, nodes);
	default:
		return parse_lone_tag(parser, tag, from, nodes);
	}
}

static enum result parse_nodes(struct parser *parser, struct list *nodes, const struct tag *opener,
	enum closing closing, size_t *ret_end)
{
	if (parser->depth >= LIMIT_TEMPLATE_DEPTH)
		return err_set(parser->err, RESULT_TOO_LARGE, "%.*s.mustache:%u: more than %d levels",
			STR_ARG(parser->name), parser->line, LIMIT_TEMPLATE_DEPTH);
	parser->depth++;
	for (;;) {
		size_t from = parser->pos;
		struct tag tag;
		TRY(next_tag(parser, &tag));
		if (tag.type == '/') {
			parser->depth--;
			return parse_end(parser, &tag, opener, closing, from, nodes, ret_end);
		}
		if (tag.type == 0) {
			parser->depth--;
			if (opener)
				return fail(parser, opener->line, "a section is not closed", opener->name);
			add_text(parser, nodes, from, tag.start);
			return RESULT_OK;
		}
		TRY(parse_tag(parser, &tag, from, nodes));
	}
}

enum result template_parse(
	struct arena *arena, struct str name, struct str text, struct template *ret, struct err *err)
{
	if (text.len > LIMIT_TEMPLATE_BYTES)
		return err_set(err, RESULT_TOO_LARGE, "%.*s.mustache: more than %d bytes", STR_ARG(name),
			LIMIT_TEMPLATE_BYTES);
	struct parser parser = {.arena = arena,
		.name = name,
		.text = text,
		.open = STR("{{"),
		.close = STR("}}"),
		.line = 1,
		.err = err};
	struct list nodes = list_new(arena, sizeof(struct node));
	size_t end;

	if (!str_is_utf8(text))
		return fail(&parser, 1, "the text is not UTF-8", STR_NONE);
	TRY(parse_nodes(&parser, &nodes, NULL, CLOSING_ALONE, &end));
	*ret = (struct template){.name = name, .nodes = nodes.items, .node_count = nodes.count};
	ret->escapes = !str_ends_nocase(name, STR(".txt"));
	return RESULT_OK;
}
