/* SMTP dialogues written down in tests/scenario: the test plays one side against the code under test. The
 * format is described in tests/scenario/README.md. */
#ifndef TESTS_SMTP_SCENARIO_H
#define TESTS_SMTP_SCENARIO_H

#include "base/arena.h"
#include "base/buf.h"
#include "smtp/stream.h"

enum step_kind {
	STEP_TEXT,   /* a side says something */
	STEP_SPLIT,  /* the same, tried in two writes with every place for the cut */
	STEP_TLS,    /* handshake */
	STEP_CLOSED, /* the other side closes */
	STEP_CLOSE,  /* we do */
	STEP_AGAIN,  /* the other side connects once more */
};

struct step {
	enum step_kind kind;
	char who;	 /* 'C' or 'S' */
	struct str text; /* bytes on the wire */
	bool is_line;	 /* compared as a line: "*" at its end stands for anything */
	int line;	 /* in the file */
};

struct word {
	struct str name, value;
	int line;
};

struct scenario {
	struct str name;
	struct step *steps;
	size_t step_count;
	struct word *settings; /* "set name value" */
	size_t setting_count;
	struct word *checks; /* "check name value", unescaped */
	size_t check_count;
	size_t cuts; /* places to try for the step to split; 0: none, play once */
};

/* Every file of a folder of tests/scenario, sorted. */
struct scenario *scenarios_read(const char *folder, struct arena *arena, size_t *ret_count);

/* Empty when it is not set. */
struct str scenario_setting(const struct scenario *scenario, const char *name);
int scenario_number(const struct scenario *scenario, const char *name);

struct player {
	const struct scenario *scenario;
	char role; /* whom we play */
	struct smtp_stream *stream;
	struct tls_credentials *credentials; /* for STEP_TLS as a server */
	const struct tls_trust *trust;	     /* as a client */
	size_t cut;
	int listener;	    /* for STEP_AGAIN */
	struct buf failure; /* what went wrong; empty: nothing */
};

/* Plays to the end or the first difference, then closes the stream. */
void player_run(struct player *player);

#endif
