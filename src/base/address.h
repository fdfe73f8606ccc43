/* Mail addresses as they stand in envelopes and are compared: local part, @, domain. */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include "base/arena.h"

/* A domain name of letters, digits, hyphens and dots, or UTF-8 labels (RFC 6531); no address literals. */
bool is_domain_name(struct str name);

/* A mailbox with a dot-atom local part (RFC 5322 3.2.3, RFC 6531 for UTF-8) and a domain name, within the
 * limits of RFC 5321 4.5.3.1. Quoted local parts are not taken, nor characters that cannot be seen or turn
 * the direction of text: nobody uses them but attackers. */
bool is_address(struct str address);

/* What is wrong with what is_address does not take, for its refusal: a sentence without its subject. */
const char *address_fault(struct str address);

/* The part behind the last @; empty when there is none. */
struct str address_domain(struct str address);

/* The part before it. */
struct str address_local_part(struct str address);

/* An international address where only ASCII may stand (RFC 6533 3, utf-8-addr-xtext): each character outside
 * it, and each of `others`, as "\x{F6}". In the arena. */
struct str address_escape(struct str utf8, const char *others, struct arena *arena);

#endif
