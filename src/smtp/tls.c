#include "smtp/tls.h"

#include <stdatomic.h>

struct smtp_credentials {
	atomic_uint count;
	gnutls_certificate_credentials_t handle;
};

enum result smtp_credentials_load(
	const char *certificate_file, const char *key_file, struct smtp_credentials **ret, struct err *err)
{
	struct smtp_credentials *credentials = mem_new(sizeof(*credentials));

	atomic_init(&credentials->count, 1);
	if (gnutls_certificate_allocate_credentials(&credentials->handle) != 0)
		abort();
	int failed = gnutls_certificate_set_x509_key_file(
		credentials->handle, certificate_file, key_file, GNUTLS_X509_FMT_PEM);
	if (failed < 0) {
		smtp_credentials_unref(credentials);
		return err_set(err, RESULT_INVALID, "certificate %s with key %s: %s", certificate_file,
			key_file, gnutls_strerror(failed));
	}
	*ret = credentials;
	return RESULT_OK;
}

struct smtp_credentials *smtp_credentials_ref(struct smtp_credentials *credentials)
{
	atomic_fetch_add(&credentials->count, 1);
	return credentials;
}

void smtp_credentials_unref(struct smtp_credentials *credentials)
{
	if (credentials == NULL || atomic_fetch_sub(&credentials->count, 1) > 1)
		return;
	gnutls_certificate_free_credentials(credentials->handle);
	free(credentials);
}

gnutls_certificate_credentials_t smtp_credentials_handle(const struct smtp_credentials *credentials)
{
	return credentials->handle;
}

struct smtp_trust {
	gnutls_certificate_credentials_t handle;
};

enum result smtp_trust_load(const char *authorities_file, struct smtp_trust **ret, struct err *err)
{
	struct smtp_trust *trust = mem_new(sizeof(*trust));

	if (gnutls_certificate_allocate_credentials(&trust->handle) != 0)
		abort();
	(void)gnutls_certificate_set_x509_system_trust(trust->handle);
	if (authorities_file) {
		int added = gnutls_certificate_set_x509_trust_file(
			trust->handle, authorities_file, GNUTLS_X509_FMT_PEM);
		if (added <= 0) {
			smtp_trust_free(trust);
			return err_set(
				err, RESULT_INVALID, "%s holds no certificate authority", authorities_file);
		}
	}
	*ret = trust;
	return RESULT_OK;
}

void smtp_trust_free(struct smtp_trust *trust)
{
	if (trust == NULL)
		return;
	gnutls_certificate_free_credentials(trust->handle);
	free(trust);
}

gnutls_certificate_credentials_t smtp_trust_handle(const struct smtp_trust *trust)
{
	return trust->handle;
}
