#include "web/tls.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct credentials {
	atomic_uint count;
	gnutls_certificate_credentials_t certificate;
	gnutls_datum_t certificate_pem;
	gnutls_datum_t key_pem;
};

static enum result load_file(const char *path, gnutls_datum_t *ret, struct err *err)
{
	int failed = gnutls_load_file(path, ret);

	if (failed)
		return err_set(err, RESULT_INVALID, "%s: cannot be read", path);
	if (memchr(ret->data, '\0', ret->size))
		return err_set(err, RESULT_INVALID, "%s: not a PEM file", path);
	return RESULT_OK;
}

enum result credentials_load(
	const char *certificate_file, const char *key_file, struct credentials **ret, struct err *err)
{
	cleanup(credentials_unref_at) struct credentials *credentials = mem_new(sizeof(*credentials));

	atomic_init(&credentials->count, 1);
	TRY(load_file(certificate_file, &credentials->certificate_pem, err));
	TRY(load_file(key_file, &credentials->key_pem, err));
	if (gnutls_certificate_allocate_credentials(&credentials->certificate))
		abort();
	int failed = gnutls_certificate_set_x509_key_mem(credentials->certificate,
		&credentials->certificate_pem, &credentials->key_pem, GNUTLS_X509_FMT_PEM);
	if (failed < 0)
		return err_set(err, RESULT_INVALID, "%s, %s: %s", certificate_file, key_file,
			gnutls_strerror(failed));
	*ret = TAKE(credentials);
	return RESULT_OK;
}

struct credentials *credentials_ref(struct credentials *credentials)
{
	atomic_fetch_add(&credentials->count, 1);
	return credentials;
}

void credentials_unref(struct credentials *credentials)
{
	if (!credentials || atomic_fetch_sub(&credentials->count, 1) > 1)
		return;
	if (credentials->certificate)
		gnutls_certificate_free_credentials(credentials->certificate);
	if (credentials->key_pem.data)
		gnutls_memset(credentials->key_pem.data, 0, credentials->key_pem.size);
	gnutls_free(credentials->key_pem.data);
	gnutls_free(credentials->certificate_pem.data);
	free(credentials);
}

void credentials_use(const struct credentials *credentials, gnutls_session_t session)
{
	(void)gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials->certificate);
}

const char *credentials_certificate_pem(const struct credentials *credentials)
{
	return (const char *)credentials->certificate_pem.data;
}

const char *credentials_key_pem(const struct credentials *credentials)
{
	return (const char *)credentials->key_pem.data;
}
