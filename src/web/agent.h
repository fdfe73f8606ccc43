/* What a browser calls itself, in short. */
#ifndef WEB_AGENT_H
#define WEB_AGENT_H

#include "base/arena.h"

/* "Firefox, Windows" of a User-Agent field; names that any language knows. Empty when nothing is recognised.
 */
struct str agent_words(struct str user_agent, struct arena *arena);

#endif
