/* Certificate and key of the server, replaceable while connections use the old ones. */
#ifndef WEB_TLS_H
#define WEB_TLS_H

#include "base/mem.h"
#include "base/result.h"

#include <gnutls/gnutls.h>

/* TLS 1.2 and 1.3, authenticated encryption with forward secrecy only; AES-GCM first, since it is the fast
 * one. */
#define TLS_PRIORITIES                                                                                       \
	"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:"         \
	"+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:-MAC-ALL:+AEAD:%SERVER_PRECEDENCE"

/* One reading of the files; counted, free of threads. */
struct credentials;

/* Results: OK; INVALID with the file's name and the reason. The caller holds one count. */
enum result credentials_load(const char *certificate_file, const char *key_file, struct credentials **ret,
	struct err *err) must_check;
struct credentials *credentials_ref(struct credentials *credentials);
void credentials_unref(struct credentials *credentials);
DEFINE_CLEANUP(struct credentials *, credentials_unref)

/* Has the session, not yet begun, use these; they must be held until it has ended. */
void credentials_use(const struct credentials *credentials, gnutls_session_t session);

/* The files' text, for libmicrohttpd, which wants one pair at start; NUL-terminated, lives as long. */
const char *credentials_certificate_pem(const struct credentials *credentials);
const char *credentials_key_pem(const struct credentials *credentials);

#endif
