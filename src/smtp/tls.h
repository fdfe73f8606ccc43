/* TLS for SMTP: our certificate as a server, trust and verification as a client. */
#ifndef SMTP_TLS_H
#define SMTP_TLS_H

#include "base/mem.h"
#include "base/result.h"
#include "base/str.h"

#include <gnutls/gnutls.h>

/* Certificate and key, counted: sessions that began with the old ones keep them after a reload. */
struct smtp_credentials;

/* INVALID with the file's name and the reason. */
enum result smtp_credentials_load(const char *certificate_file, const char *key_file,
	struct smtp_credentials **ret, struct err *err) must_check;
struct smtp_credentials *smtp_credentials_ref(struct smtp_credentials *credentials);
void smtp_credentials_unref(struct smtp_credentials *credentials);
gnutls_certificate_credentials_t smtp_credentials_handle(const struct smtp_credentials *credentials);

/* Whom a client trusts: the system's authorities, and those of a file when one is given (NULL: none). */
struct smtp_trust;
enum result smtp_trust_load(
	const char *authorities_file, struct smtp_trust **ret, struct err *err) must_check;
void smtp_trust_free(struct smtp_trust *trust);
gnutls_certificate_credentials_t smtp_trust_handle(const struct smtp_trust *trust);

/* What was reached with the peer; texts NUL-terminated. */
struct smtp_tls_facts {
	char version[16]; /* "TLS1.3" */
	char cipher[64];  /* "AES-128-GCM" */
	bool verified;
	char why_not[160]; /* when not verified */
};

#endif
