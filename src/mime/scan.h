/* The bounded scanner: finds the structure of a mail while it streams in, and refuses absurd ones, before any
 * library sees them. Memory goes by depth and number of parts only (docs/architecture.md, decision 6).
 *
 * Broken MIME is followed as far as mail programs follow it: bare LF line ends, missing end boundaries, a
 * header without an empty line behind it, no header at all. */
#ifndef MIME_SCAN_H
#define MIME_SCAN_H

#include "base/mem.h"
#include "mime/index.h"

struct mime_scan;

struct mime_scan *mime_scan_new(void);
void mime_scan_free(struct mime_scan *scan);
DEFINE_CLEANUP(struct mime_scan *, mime_scan_free)

/* The next bytes, in pieces of any size. TOO_LARGE past a limit, with err->code "mime-depth", "mime-parts",
 * "mime-header", "mime-parameters" or "mime-names" and the limit in words; the scan takes no more after that.
 */
enum result mime_scan_add(struct mime_scan *scan, struct str piece, struct err *err) must_check;

/* The end. *ret lives as long as the scan. Results as above. */
enum result mime_scan_end(struct mime_scan *scan, const struct mime_index **ret, struct err *err) must_check;

/* The mail's own header block, complete once its end was seen; lives as long as the scan. */
struct str mime_scan_header(const struct mime_scan *scan);

/* Where the body begins; UINT64_MAX while that is not known. */
uint64_t mime_scan_body_offset(const struct mime_scan *scan);

#endif
