#ifndef TEXT_LANGUAGE_PRIVATE_H
#define TEXT_LANGUAGE_PRIVATE_H

#include "text/language.h"

/* The plural forms of CLDR, in the order of their names in files. */
enum plural { PLURAL_ZERO, PLURAL_ONE, PLURAL_TWO, PLURAL_FEW, PLURAL_MANY, PLURAL_OTHER, PLURAL_COUNT };

extern const char *const plural_names[PLURAL_COUNT];

/* The form for a whole number in a language, by its tag (CLDR 44 cardinal rules of whole numbers); languages
 * that are not in the table count as English does. */
enum plural language_plural(struct str tag, int64_t number);

#endif
