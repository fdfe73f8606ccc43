/* International domain names. */
#ifndef TLS_DOMAIN_NAME_H
#define TLS_DOMAIN_NAME_H

#include "base/arena.h"

/* A domain as DNS has it and as it is compared: an international name in its ASCII form (IDNA 2008, "xn--"),
 * also when letters are capital or in pieces. What has no such form stays as it is. In the arena when it
 * differs. */
struct str domain_name_ascii(struct str domain, struct arena *arena);

/* The same name in its letters, from its ASCII form; any other name as it is. */
struct str domain_name_letters(struct str ascii, struct arena *arena);

/* Whether it may have two forms. */
bool domain_name_is_international(struct str domain);

/* The address with its domain so. */
struct str address_with_ascii_domain(struct str address, struct arena *arena);

#endif
