/* TLS for every edge: our certificate as a server, whom we trust as a client, which protocols either speaks.
 * Both may be replaced or freed while sessions that began with them go on: credentials are counted. */
#ifndef TLS_TLS_H
#define TLS_TLS_H

#include "base/mem.h"
#include "base/result.h"

#include <gnutls/gnutls.h>

/* TLS 1.2 and 1.3, AES-GCM first, since it is the fast one. Browsers get authenticated encryption with
 * forward secrecy only; between mail servers a weak cipher is better than the plain text that would follow.
 */
#define TLS_PRIORITIES_WEB                                                                                   \
	"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:"         \
	"+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:-MAC-ALL:+AEAD:%SERVER_PRECEDENCE"
#define TLS_PRIORITIES_MAIL                                                                                  \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:"                  \
	"+CHACHA20-POLY1305"

/* One reading of certificate and key. */
struct tls_credentials;

/* INVALID with the files' names and the reason; certificate and key must belong together. The caller holds
 * one count. */
enum result tls_credentials_load(const char *certificate_file, const char *key_file,
	struct tls_credentials **ret, struct err *err) must_check;
struct tls_credentials *tls_credentials_ref(struct tls_credentials *credentials);
void tls_credentials_unref(struct tls_credentials *credentials); /* NULL is allowed */
DEFINE_CLEANUP(struct tls_credentials *, tls_credentials_unref)

/* Has the session, not yet begun, use these; they must be held until it has ended. */
void tls_credentials_use(const struct tls_credentials *credentials, gnutls_session_t session);

/* The files' text, for libmicrohttpd, which wants one pair at start; NUL-terminated, lives as long. */
const char *tls_credentials_certificate_pem(const struct tls_credentials *credentials);
const char *tls_credentials_key_pem(const struct tls_credentials *credentials);

/* When the server's own certificate ends (ms); the first of the chain. */
int64_t tls_credentials_end(const struct tls_credentials *credentials);

/* Whom a client trusts: the system's authorities, and those of a file when one is given (NULL: none). */
struct tls_trust;
enum result tls_trust_load(const char *authorities_file, struct tls_trust **ret, struct err *err) must_check;
void tls_trust_free(struct tls_trust *trust);
void tls_trust_use(const struct tls_trust *trust, gnutls_session_t session);

/* What was reached with the peer; texts NUL-terminated. */
struct tls_facts {
	char version[16]; /* "TLS1.3" */
	char cipher[64];  /* "AES-128-GCM" */
	bool verified;
	char why_not[160]; /* when not verified */
};

#endif
