/* With which rights a message is read, as a view for the partial "rights". */
#ifndef WEB_PORTAL_RIGHTS_H
#define WEB_PORTAL_RIGHTS_H

#include "store/definition.h"
#include "web/view.h"

/* Sets `rights` from those of a definition, or of a message that was sent with one. */
void rights_set(json_t *view, const struct definition *definition);

#endif
