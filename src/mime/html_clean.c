#include "mime/html_clean.h"

#include "base/limits.h"
#include "base/mem.h"
#include "mime/html_measure.h"
#include "mime/html_sheet.h"
#include "mime/html_style.h"

#include <gumbo.h>
#include <setjmp.h>
#include <stddef.h>
#include <string.h>

#define VALUE_BYTES 200
#define DATA_IMAGE_BYTES (1 << 20)
#define TRIM_BYTES ((size_t)4 << 20)

/* The parser's memory: bounded, and freed as a whole, since the parser's own way of freeing recurses. */
struct block {
	struct block *next;
	struct block *prev;
	size_t size;
	max_align_t data[];
};

struct parser {
	struct block *blocks;
	size_t used; /* bytes */
	GumboOutput *tree;
	jmp_buf full;
};

struct cleaner {
	const struct html_clean_options *options;
	struct buf *out;
	struct html_clean_facts facts;
	bool has_sheet; /* classes and ids are of use */
};

/* Elements that are shown as they are. */
static const GumboTag shown[] = {GUMBO_TAG_A, GUMBO_TAG_ABBR, GUMBO_TAG_ADDRESS, GUMBO_TAG_ARTICLE,
	GUMBO_TAG_ASIDE, GUMBO_TAG_B, GUMBO_TAG_BDI, GUMBO_TAG_BDO, GUMBO_TAG_BIG, GUMBO_TAG_BLOCKQUOTE,
	GUMBO_TAG_BR, GUMBO_TAG_CAPTION, GUMBO_TAG_CENTER, GUMBO_TAG_CITE, GUMBO_TAG_CODE, GUMBO_TAG_COL,
	GUMBO_TAG_COLGROUP, GUMBO_TAG_DD, GUMBO_TAG_DEL, GUMBO_TAG_DFN, GUMBO_TAG_DIV, GUMBO_TAG_DL,
	GUMBO_TAG_DT, GUMBO_TAG_EM, GUMBO_TAG_FIGCAPTION, GUMBO_TAG_FIGURE, GUMBO_TAG_FONT, GUMBO_TAG_FOOTER,
	GUMBO_TAG_H1, GUMBO_TAG_H2, GUMBO_TAG_H3, GUMBO_TAG_H4, GUMBO_TAG_H5, GUMBO_TAG_H6, GUMBO_TAG_HEADER,
	GUMBO_TAG_HR, GUMBO_TAG_I, GUMBO_TAG_IMG, GUMBO_TAG_INS, GUMBO_TAG_KBD, GUMBO_TAG_LI, GUMBO_TAG_MAIN,
	GUMBO_TAG_MARK, GUMBO_TAG_NAV, GUMBO_TAG_OL, GUMBO_TAG_P, GUMBO_TAG_PRE, GUMBO_TAG_Q, GUMBO_TAG_S,
	GUMBO_TAG_SAMP, GUMBO_TAG_SECTION, GUMBO_TAG_SMALL, GUMBO_TAG_SPAN, GUMBO_TAG_STRIKE,
	GUMBO_TAG_STRONG, GUMBO_TAG_SUB, GUMBO_TAG_SUP, GUMBO_TAG_TABLE, GUMBO_TAG_TBODY, GUMBO_TAG_TD,
	GUMBO_TAG_TFOOT, GUMBO_TAG_TH, GUMBO_TAG_THEAD, GUMBO_TAG_TIME, GUMBO_TAG_TR, GUMBO_TAG_TT,
	GUMBO_TAG_U, GUMBO_TAG_UL, GUMBO_TAG_VAR, GUMBO_TAG_WBR};

/* Elements that are not shown but whose content is. All others go with what is in them. */
static const GumboTag opened[] = {GUMBO_TAG_HTML, GUMBO_TAG_BODY, GUMBO_TAG_FORM, GUMBO_TAG_FIELDSET,
	GUMBO_TAG_LABEL, GUMBO_TAG_LEGEND, GUMBO_TAG_DETAILS, GUMBO_TAG_SUMMARY, GUMBO_TAG_UNKNOWN,
	GUMBO_TAG_DIR, GUMBO_TAG_MENU, GUMBO_TAG_NOBR};

static const GumboTag without_end[] = {
	GUMBO_TAG_BR, GUMBO_TAG_COL, GUMBO_TAG_HR, GUMBO_TAG_IMG, GUMBO_TAG_WBR};

static bool is_one_of(GumboTag tag, const GumboTag *tags, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (tags[i] == tag)
			return true;
	return false;
}

#define IS_ONE_OF(tag, tags) is_one_of((tag), (tags), COUNT_OF(tags))

static void add_escaped(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		switch (text.ptr[i]) {
		case '&':
			buf_add(out, STR("&amp;"));
			break;
		case '<':
			buf_add(out, STR("&lt;"));
			break;
		case '>':
			buf_add(out, STR("&gt;"));
			break;
		case '"':
			buf_add(out, STR("&quot;"));
			break;
		case '\'':
			buf_add(out, STR("&#39;"));
			break;
		default:
			buf_add_char(out, text.ptr[i]);
		}
	}
}

static void add_attribute(struct buf *out, const char *name, struct str value)
{
	buf_printf(out, " %s=\"", name);
	add_escaped(out, value);
	buf_add_char(out, '"');
}

/* A link's target without what browsers leave out of it before they read its scheme. */
static bool clean_url(struct str url, struct buf *ret)
{
	static const char *const schemes[] = {"https://", "http://", "mailto:", "tel:"};

	url = str_trim(url);
	for (size_t i = 0; i < url.len; i++)
		if ((unsigned char)url.ptr[i] > 0x20 && url.ptr[i] != 0x7f)
			buf_add_char(ret, url.ptr[i]);
	for (size_t i = 0; i < COUNT_OF(schemes); i++)
		if (str_starts_nocase(buf_str(ret), str_of(schemes[i])))
			return !ret->overflow;
	return false;
}

static void add_link(struct cleaner *cleaner, struct str value)
{
	cleanup(buf_done) struct buf url = buf_new(8192);

	if (!clean_url(value, &url))
		return;
	add_attribute(cleaner->out, "href", buf_str(&url));
	buf_add(cleaner->out, STR(" target=\"_blank\" rel=\"noopener noreferrer\""));
}

static bool is_remote(struct str url)
{
	return str_starts_nocase(url, STR("http:")) || str_starts_nocase(url, STR("https:")) ||
	       str_starts(url, STR("//"));
}

static bool is_data_image(struct str url)
{
	static const char *const types[] = {"data:image/png;base64,", "data:image/jpeg;base64,",
		"data:image/gif;base64,", "data:image/webp;base64,"};

	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (str_starts_nocase(url, str_of(types[i])))
			return url.len < DATA_IMAGE_BYTES;
	return false;
}

static void add_percent_encoded(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		bool as_is = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' ||
			     c == '.' || c == '_' || c == '~';
		if (as_is)
			buf_add_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

static void add_own_image(struct cleaner *cleaner, struct str content_id)
{
	const struct html_clean_options *options = cleaner->options;
	struct buf *out = cleaner->out;

	buf_add(out, STR(" src=\""));
	if (options->add_image) {
		options->add_image(options->context, content_id, out);
	} else {
		add_escaped(out, options->cid_prefix);
		add_percent_encoded(out, content_id);
	}
	buf_add_char(out, '"');
	cleaner->facts.images++;
}

/* The source of an image; one from elsewhere is counted and left out. */
static void add_source(struct cleaner *cleaner, struct str value)
{
	struct str url = str_trim(value);

	if (str_starts_nocase(url, STR("cid:"))) {
		add_own_image(cleaner, str_from(url, 4));
	} else if (is_data_image(url)) {
		add_attribute(cleaner->out, "src", url);
	} else if (is_remote(url)) {
		cleaner->facts.remote++;
	}
}

/* Sizes, colours and the like: nothing that could name something to load. */
static bool is_plain_value(struct str value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];
		bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '#' ||
			     c == '%' || c == '.' || c == ',' || c == '-' || c == ' ' || c == '_';
		if (!plain)
			return false;
	}
	return value.len > 0 && value.len <= VALUE_BYTES;
}

static bool is_layout(const char *name)
{
	static const char *const names[] = {"align", "valign", "width", "height", "bgcolor", "color", "face",
		"size", "border", "cellpadding", "cellspacing", "colspan", "rowspan", "span", "dir", "lang",
		"start", "type", "nowrap", "noshade"};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void add_style(struct cleaner *cleaner, struct str value)
{
	cleanup(buf_done) struct buf style = buf_new(4096);

	cleaner->facts.remote += html_style_clean(value, HTML_STYLE_ATTRIBUTE, &style);
	if (style.len && !style.overflow)
		add_attribute(cleaner->out, "style", buf_str(&style));
}

/* The names by which the mail's style sheets know the element. */
static void add_class(struct cleaner *cleaner, const GumboElement *element)
{
	cleanup(buf_done) struct buf names = buf_new(4096);
	const GumboAttribute *class = gumbo_get_attribute(&element->attributes, "class");
	const GumboAttribute *id = gumbo_get_attribute(&element->attributes, "id");

	if (!cleaner->has_sheet)
		return;
	if (element->tag == GUMBO_TAG_BODY)
		buf_add(&names, STR(HTML_SHEET_BLOCK));
	if (class)
		html_sheet_add_names(str_of(class->value), HTML_SHEET_CLASS, &names);
	if (id)
		html_sheet_add_names(str_of(id->value), HTML_SHEET_ID, &names);
	if (names.len && !names.overflow)
		add_attribute(cleaner->out, "class", buf_str(&names));
}

/* A colour as HTML knows it, "#fff", "fff" or a name, as a declaration. */
static void add_colour(const GumboElement *element, const char *name, const char *property, struct buf *style)
{
	const GumboAttribute *attribute = gumbo_get_attribute(&element->attributes, name);
	struct str value = attribute ? str_trim(str_of(attribute->value)) : STR_NONE;

	if (!is_plain_value(value))
		return;
	bool is_bare = value.len == 6 && strspn(value.ptr, "0123456789abcdefABCDEF") == 6;
	buf_printf(style, "%s:%s%.*s;", property, is_bare ? "#" : "", STR_ARG(value));
}

/* The block in its place has no colours of its own in HTML: they become declarations before its style's. */
static void add_body_style(struct cleaner *cleaner, const GumboElement *body)
{
	cleanup(buf_done) struct buf style = buf_new(LIMIT_HTML_BYTES);
	const GumboAttribute *own = gumbo_get_attribute(&body->attributes, "style");

	add_colour(body, "bgcolor", "background-color", &style);
	add_colour(body, "text", "color", &style);
	buf_add(&style, own ? str_of(own->value) : STR_NONE);
	if (style.len)
		add_style(cleaner, buf_str(&style));
}

static void add_target(struct cleaner *cleaner, const GumboElement *element)
{
	const GumboAttribute *href = gumbo_get_attribute(&element->attributes, "href");

	if (element->tag == GUMBO_TAG_A && href)
		add_link(cleaner, str_of(href->value));
}

static void add_attributes(struct cleaner *cleaner, const GumboElement *element)
{
	bool is_body = element->tag == GUMBO_TAG_BODY;

	if (cleaner->options->is_written) {
		add_target(cleaner, element);
		return;
	}
	add_class(cleaner, element);
	if (is_body)
		add_body_style(cleaner, element);
	for (unsigned int i = 0; i < element->attributes.length; i++) {
		const GumboAttribute *attribute = element->attributes.data[i];
		const char *name = attribute->name;
		struct str value = str_of(attribute->value);
		bool is_done = is_body && (strcmp(name, "style") == 0 || strcmp(name, "bgcolor") == 0);
		if (is_done || attribute->attr_namespace != GUMBO_ATTR_NAMESPACE_NONE)
			continue;
		if (element->tag == GUMBO_TAG_A && strcmp(name, "href") == 0)
			add_link(cleaner, value);
		else if (element->tag == GUMBO_TAG_IMG && strcmp(name, "src") == 0)
			add_source(cleaner, value);
		else if (strcmp(name, "style") == 0)
			add_style(cleaner, value);
		else if (strcmp(name, "alt") == 0 || strcmp(name, "title") == 0)
			add_attribute(cleaner->out, name, value);
		else if (strcmp(name, "background") == 0)
			cleaner->facts.remote += is_remote(str_trim(value));
		else if (is_layout(name) && is_plain_value(value))
			add_attribute(cleaner->out, name, value);
	}
}

/* The body's own colours go to a block around everything. */
static const char *name_of(const struct cleaner *cleaner, const GumboNode *node)
{
	GumboTag tag = node->v.element.tag;

	if (cleaner->options->is_written && (tag == GUMBO_TAG_BODY || tag == GUMBO_TAG_IMG))
		return NULL;
	if (tag == GUMBO_TAG_BODY)
		return "div";
	return IS_ONE_OF(tag, shown) ? gumbo_normalized_tagname(tag) : NULL;
}

static bool is_element(const GumboNode *node)
{
	return node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE;
}

/* Writes what comes before a node's children; whether these are shown. */
static bool enter(struct cleaner *cleaner, const GumboNode *node, int depth)
{
	if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE ||
		node->type == GUMBO_NODE_CDATA)
		add_escaped(cleaner->out, str_of(node->v.text.text));
	if (node->type != GUMBO_NODE_ELEMENT || node->v.element.tag_namespace != GUMBO_NAMESPACE_HTML)
		return false;
	const GumboElement *element = &node->v.element;
	const char *name = name_of(cleaner, node);
	if (!name)
		return IS_ONE_OF(element->tag, opened);
	if (depth > LIMIT_HTML_DEPTH)
		return true;
	buf_printf(cleaner->out, "<%s", name);
	add_attributes(cleaner, element);
	buf_add_char(cleaner->out, '>');
	return !IS_ONE_OF(element->tag, without_end);
}

static void leave(struct cleaner *cleaner, const GumboNode *node, int depth)
{
	if (!is_element(node) || node->v.element.tag_namespace != GUMBO_NAMESPACE_HTML ||
		depth > LIMIT_HTML_DEPTH)
		return;
	const char *name = name_of(cleaner, node);
	if (name && !IS_ONE_OF(node->v.element.tag, without_end))
		buf_printf(cleaner->out, "</%s>", name);
}

/* The node behind this one in the order of the document, NULL at the end. */
static const GumboNode *next_node(const GumboNode *node, const GumboNode *root)
{
	if (is_element(node) && node->v.element.children.length)
		return node->v.element.children.data[0];
	while (node != root && node->index_within_parent + 1 >= node->parent->v.element.children.length)
		node = node->parent;
	return node == root ? NULL : node->parent->v.element.children.data[node->index_within_parent + 1];
}

/* Whether the element is a sheet for what is shown here. */
static bool is_sheet(const GumboNode *node)
{
	if (node->type != GUMBO_NODE_ELEMENT || node->v.element.tag != GUMBO_TAG_STYLE ||
		node->v.element.tag_namespace != GUMBO_NAMESPACE_HTML)
		return false;
	const GumboAttribute *media = gumbo_get_attribute(&node->v.element.attributes, "media");
	const GumboAttribute *type = gumbo_get_attribute(&node->v.element.attributes, "type");
	struct str of_media = str_trim(media ? str_of(media->value) : STR("all"));
	struct str of_type = str_trim(type ? str_of(type->value) : STR("text/css"));
	return (of_media.len == 0 || str_equal_nocase(of_media, STR("all")) ||
		       str_equal_nocase(of_media, STR("screen"))) &&
	       (of_type.len == 0 || str_equal_nocase(of_type, STR("text/css")));
}

/* All sheets of the mail as one, cleaned. */
static void add_sheets(struct cleaner *cleaner, const GumboNode *root)
{
	cleanup(buf_done) struct buf css = buf_new(LIMIT_HTML_SHEET_BYTES);
	cleanup(buf_done) struct buf clean = buf_new(16 * LIMIT_HTML_SHEET_BYTES);

	for (const GumboNode *node = root; node; node = next_node(node, root)) {
		if (!is_sheet(node))
			continue;
		for (unsigned int i = 0; i < node->v.element.children.length; i++) {
			const GumboNode *child = node->v.element.children.data[i];
			if (child->type == GUMBO_NODE_TEXT || child->type == GUMBO_NODE_WHITESPACE)
				buf_add(&css, str_of(child->v.text.text));
		}
		/* A sheet ends here, whatever it left open; one that is too long is left out. */
		cleaner->facts.remote += html_sheet_clean(buf_str(&css), &clean);
		buf_clear(&css);
	}
	if (clean.len == 0 || clean.overflow)
		return;
	cleaner->has_sheet = true;
	buf_add(cleaner->out, STR("<style>\n"));
	buf_add(cleaner->out, buf_str(&clean));
	buf_add(cleaner->out, STR("</style>"));
}

/* Walks without recursion, as deep as the tree is. */
static void walk(struct cleaner *cleaner, const GumboNode *root)
{
	const GumboNode *node = root;
	int depth = 0;

	for (;;) {
		if (enter(cleaner, node, depth) && node->v.element.children.length) {
			node = node->v.element.children.data[0];
			depth++;
			continue;
		}
		leave(cleaner, node, depth);
		while (node != root &&
			node->index_within_parent + 1 >= node->parent->v.element.children.length) {
			node = node->parent;
			depth--;
			leave(cleaner, node, depth);
		}
		if (node == root || cleaner->out->overflow)
			return;
		node = node->parent->v.element.children.data[node->index_within_parent + 1];
	}
}

static void *parser_alloc(void *userdata, size_t size)
{
	struct parser *parser = userdata;

	if (size > LIMIT_HTML_PARSE_BYTES || parser->used + size > LIMIT_HTML_PARSE_BYTES)
		longjmp(parser->full, 1);
	struct block *block = mem_new(sizeof(*block) + size);
	block->size = sizeof(*block) + size;
	block->next = parser->blocks;
	if (block->next)
		block->next->prev = block;
	parser->blocks = block;
	parser->used += block->size;
	return block->data;
}

static void parser_free(void *userdata, void *data)
{
	struct parser *parser = userdata;

	if (!data)
		return;
	struct block *block = (struct block *)((char *)data - offsetof(struct block, data));
	if (block->next)
		block->next->prev = block->prev;
	if (block->prev)
		block->prev->next = block->next;
	else
		parser->blocks = block->next;
	parser->used -= block->size;
	free(block);
}

static void parser_done(struct parser *parser)
{
	bool is_large = parser->used > TRIM_BYTES;

	while (parser->blocks)
		parser_free(parser, parser->blocks->data);
	/* Small blocks by the thousand stay with the process otherwise, in the arena of each thread. */
	if (is_large)
		mem_give_back();
}

/* False when the parser wants more memory than it may have. */
static bool parse(struct parser *parser, struct str html)
{
	GumboOptions options = kGumboDefaultOptions;

	options.allocator = parser_alloc;
	options.deallocator = parser_free;
	options.userdata = parser;
	options.max_errors = 0;
	if (setjmp(parser->full))
		return false;
	parser->tree = gumbo_parse_with_options(&options, html.ptr ? html.ptr : "", html.len);
	return true;
}

enum result mime_html_clean(struct str html, const struct html_clean_options *options, struct buf *out,
	struct html_clean_facts *ret, struct err *err)
{
	struct cleaner cleaner = {.options = options, .out = out};
	cleanup(parser_done) struct parser parser = {0};

	if (html.len > LIMIT_HTML_BYTES)
		return err_code(err, RESULT_TOO_LARGE, "html-too-large", "the HTML text is too long");
	if (!html_is_bounded(html) || !parse(&parser, html))
		return err_code(err, RESULT_TOO_LARGE, "html-too-large", "the HTML text is too entangled");
	if (!options->is_written)
		add_sheets(&cleaner, parser.tree->root);
	walk(&cleaner, parser.tree->root);
	if (out->overflow)
		return err_code(err, RESULT_TOO_LARGE, "html-too-large", "the HTML text is too long");
	if (ret)
		*ret = cleaner.facts;
	return RESULT_OK;
}
