/* The parsed form of a template, shared by the parser and the renderer. All of it lives in the set's arena
 * and does not change once the set is made. */
#ifndef TEXT_TEMPLATE_PRIVATE_H
#define TEXT_TEMPLATE_PRIVATE_H

#include "text/template.h"

enum node_kind {
	NODE_TEXT,     /* as it stands */
	NODE_VALUE,    /* {{name}} */
	NODE_RAW,      /* {{{name}}}, {{&name}} */
	NODE_SECTION,  /* {{#name}} */
	NODE_INVERTED, /* {{^name}} */
	NODE_PARTIAL,  /* {{>name}} */
	NODE_PARENT,   /* {{<name}}; its children are the NODE_BLOCKs that fill the parent's */
	NODE_BLOCK     /* {{$name}}; its children are the default, or inside a parent what fills it */
};

struct node {
	enum node_kind kind;
	unsigned line;
	struct str text;	  /* of NODE_TEXT, else the tag's whole name; NUL-terminated */
	bool starts_line;	  /* NODE_TEXT: its first character was the first of a line */
	bool is_dynamic;	  /* {{>*name}}: parts name the value that names the template */
	const char *const *parts; /* the dotted name; none for "." */
	size_t part_count;
	struct str indent; /* of PARTIAL, PARENT, BLOCK: white space put before each line of what it brings */
	struct node *children;
	size_t child_count;
	const struct template *target; /* of PARTIAL and PARENT, NULL when missing or dynamic */
};

struct template
{
	struct str name; /* NUL-terminated */
	bool escapes;
	struct node *nodes;
	size_t node_count;
};

/* Parses one template; targets are left NULL. `text` must live in the arena. */
enum result template_parse(struct arena *arena, struct str name, struct str text, struct template *ret,
	struct err *err) must_check;

#endif
