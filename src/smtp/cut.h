/* Sockets of clients that another thread may cut: what waits for a hanging server ends at once. Any thread.
 */
#ifndef SMTP_CUT_H
#define SMTP_CUT_H

#include "base/result.h"

#include <stdbool.h>

struct smtp_cut;

struct smtp_cut *smtp_cut_new(void);
void smtp_cut_free(struct smtp_cut *cut); /* when no client is left */

/* Shuts down every socket that was added, and lets no other be added. */
void smtp_cut_all(struct smtp_cut *cut);
bool smtp_cut_was_made(struct smtp_cut *cut);

/* A socket that may be cut until it is removed, which comes before it is closed. UNAVAILABLE with code "cut"
 * after smtp_cut_all. Without `cut` (NULL) nothing happens. */
enum result smtp_cut_add(struct smtp_cut *cut, int fd, struct err *err) must_check;
void smtp_cut_remove(struct smtp_cut *cut, int fd);

#endif
