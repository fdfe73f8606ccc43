#include "tls/tls.h"

#include "base/clock.h"

#include <gnutls/x509.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct tls_credentials {
	atomic_uint count;
	gnutls_certificate_credentials_t handle;
	gnutls_datum_t certificate_pem, key_pem;
};

static enum result load_file(const char *path, gnutls_datum_t *ret, struct err *err)
{
	if (gnutls_load_file(path, ret) < 0)
		return err_set(err, RESULT_INVALID,
			"%s: cannot be read; it takes a PEM file, and sealpost init makes a first one", path);
	if (memchr(ret->data, '\0', ret->size))
		return err_set(err, RESULT_INVALID, "%s: not a PEM file", path);
	return RESULT_OK;
}

enum result tls_credentials_load(
	const char *certificate_file, const char *key_file, struct tls_credentials **ret, struct err *err)
{
	cleanup(tls_credentials_unref_at) struct tls_credentials *credentials = mem_new(sizeof(*credentials));

	atomic_init(&credentials->count, 1);
	TRY(load_file(certificate_file, &credentials->certificate_pem, err));
	TRY(load_file(key_file, &credentials->key_pem, err));
	if (gnutls_certificate_allocate_credentials(&credentials->handle) < 0)
		abort();
	int failed = gnutls_certificate_set_x509_key_mem(credentials->handle, &credentials->certificate_pem,
		&credentials->key_pem, GNUTLS_X509_FMT_PEM);
	if (failed < 0)
		return err_set(err, RESULT_INVALID,
			"certificate %s with key %s: %s; they are PEM files that belong together",
			certificate_file, key_file, gnutls_strerror(failed));
	*ret = TAKE(credentials);
	return RESULT_OK;
}

struct tls_credentials *tls_credentials_ref(struct tls_credentials *credentials)
{
	atomic_fetch_add(&credentials->count, 1);
	return credentials;
}

void tls_credentials_unref(struct tls_credentials *credentials)
{
	if (credentials == NULL || atomic_fetch_sub(&credentials->count, 1) > 1)
		return;
	if (credentials->handle)
		gnutls_certificate_free_credentials(credentials->handle);
	if (credentials->key_pem.data)
		gnutls_memset(credentials->key_pem.data, 0, credentials->key_pem.size);
	gnutls_free(credentials->key_pem.data);
	gnutls_free(credentials->certificate_pem.data);
	free(credentials);
}

void tls_credentials_use(const struct tls_credentials *credentials, gnutls_session_t session)
{
	(void)gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials->handle);
}

const char *tls_credentials_certificate_pem(const struct tls_credentials *credentials)
{
	return (const char *)credentials->certificate_pem.data;
}

const char *tls_credentials_key_pem(const struct tls_credentials *credentials)
{
	return (const char *)credentials->key_pem.data;
}

int64_t tls_credentials_end(const struct tls_credentials *credentials)
{
	gnutls_x509_crt_t *chain = NULL;
	unsigned count = 0;

	if (gnutls_certificate_get_x509_crt(credentials->handle, 0, &chain, &count) < 0)
		abort(); /* what was loaded is there, but for memory */
	int64_t end = count ? (int64_t)gnutls_x509_crt_get_expiration_time(chain[0]) * MS_SECOND : 0;
	for (unsigned i = 0; i < count; i++)
		gnutls_x509_crt_deinit(chain[i]);
	gnutls_free(chain);
	return end;
}

struct tls_trust {
	gnutls_certificate_credentials_t handle;
};

enum result tls_trust_load(const char *authorities_file, struct tls_trust **ret, struct err *err)
{
	struct tls_trust *trust = mem_new(sizeof(*trust));

	if (gnutls_certificate_allocate_credentials(&trust->handle) != 0)
		abort();
	(void)gnutls_certificate_set_x509_system_trust(trust->handle);
	if (authorities_file && gnutls_certificate_set_x509_trust_file(
					trust->handle, authorities_file, GNUTLS_X509_FMT_PEM) <= 0) {
		tls_trust_free(trust);
		return err_set(err, RESULT_INVALID, "%s holds no certificate authority", authorities_file);
	}
	*ret = trust;
	return RESULT_OK;
}

void tls_trust_free(struct tls_trust *trust)
{
	if (trust == NULL)
		return;
	gnutls_certificate_free_credentials(trust->handle);
	free(trust);
}

void tls_trust_use(const struct tls_trust *trust, gnutls_session_t session)
{
	(void)gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, trust->handle);
}
