/* What values of the configuration look like, beyond being text. */
#ifndef BASE_CONFIG_FORM_H
#define BASE_CONFIG_FORM_H

#include "base/str.h"

struct config_form {
	bool (*fits)(struct str value);
	const char *takes; /* for the refusal: "takes …" */
};

extern const struct config_form config_domain;	 /* gateway.acme.example */
extern const struct config_form config_url;	 /* of the portal */
extern const struct config_form config_database; /* sqlite:FILE or postgresql://… */
extern const struct config_form config_listen;	 /* a numeric address and a port to listen on */
extern const struct config_form config_network;	 /* 192.0.2.0/24 */
extern const struct config_form config_host;	 /* mail.acme.example:25 */
extern const struct config_form config_resolver; /* 192.0.2.53, or with @ and a port */

#endif
