/* Making what a new node needs, as far as it is not there: folders, root key, certificate, database. */
#ifndef CLI_SETUP_H
#define CLI_SETUP_H

#include "base/config.h"

/* Nothing that exists is changed. UNAVAILABLE and so on with the reason. */
enum result setup_node(const struct config *config, struct err *err) must_check;

/* A self-signed certificate for the names, good for ten years, and its key. */
enum result setup_certificate(
	const char *certificate_file, const char *key_file, const char *name, struct err *err) must_check;

#endif
