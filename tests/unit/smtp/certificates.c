#include "certificates.h"

#include "tests/unit/temporary_folder.h"

#include <assert.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY ((time_t)86400)

static const struct kind {
	const char *name, *host;
	int from_day, to_day;
	int signed_by_authority;
} kinds[] = {
	{"good", CERTIFICATE_HOST, -1, 30, 1},
	{"expired", CERTIFICATE_HOST, -30, -1, 1},
	{"wrong-name", "mx.other.example", -1, 30, 1},
	{"self-signed", CERTIFICATE_HOST, -1, 30, 0},
};

void certificates_file(const struct certificates *certificates, const char *name, char out[static 96])
{
	(void)snprintf(out, 96, "%s/%s.pem", certificates->folder, name);
}

static void save(const char *file, gnutls_datum_t pem)
{
	FILE *out = fopen(file, "w");

	assert(out);
	size_t written = fwrite(pem.data, 1, pem.size, out);
	assert(written == pem.size);
	(void)fclose(out);
	gnutls_free(pem.data);
}

static gnutls_x509_crt_t make(
	const char *name, int from_day, int to_day, unsigned char serial, gnutls_x509_privkey_t key)
{
	gnutls_x509_crt_t crt;
	time_t now = time(NULL);

	(void)gnutls_x509_crt_init(&crt);
	(void)gnutls_x509_crt_set_version(crt, 3);
	(void)gnutls_x509_crt_set_serial(crt, &serial, 1);
	(void)gnutls_x509_crt_set_activation_time(crt, now + from_day * DAY);
	(void)gnutls_x509_crt_set_expiration_time(crt, now + to_day * DAY);
	(void)gnutls_x509_crt_set_dn_by_oid(
		crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name));
	(void)gnutls_x509_crt_set_key(crt, key);
	return crt;
}

static void sign_and_save(const struct certificates *certificates, const char *name, gnutls_x509_crt_t crt,
	gnutls_x509_crt_t issuer, gnutls_x509_privkey_t key)
{
	char file[96];
	gnutls_datum_t pem;
	int failed = gnutls_x509_crt_sign2(crt, issuer, key, GNUTLS_DIG_SHA256, 0);

	assert(failed == 0);
	failed = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem);
	assert(failed == 0);
	certificates_file(certificates, name, file);
	save(file, pem);
}

void certificates_make(struct certificates *ret)
{
	gnutls_x509_privkey_t key, authority_key;
	gnutls_datum_t pem;

	ret->folder = temporary_folder();
	(void)gnutls_x509_privkey_init(&key);
	(void)gnutls_x509_privkey_init(&authority_key);
	unsigned bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
	(void)gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, bits, 0);
	(void)gnutls_x509_privkey_generate(authority_key, GNUTLS_PK_ECDSA, bits, 0);
	(void)gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem);
	certificates_file(ret, "key", ret->key);
	save(ret->key, pem);

	gnutls_x509_crt_t authority = make("Test authority", -60, 60, 1, authority_key);
	(void)gnutls_x509_crt_set_basic_constraints(authority, 1, -1);
	(void)gnutls_x509_crt_set_key_usage(authority, GNUTLS_KEY_KEY_CERT_SIGN);
	certificates_file(ret, "authority", ret->authority);
	sign_and_save(ret, "authority", authority, authority, authority_key);
	for (unsigned char i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *kind = &kinds[i];
		gnutls_x509_crt_t crt =
			make(kind->host, kind->from_day, kind->to_day, (unsigned char)(i + 2), key);
		(void)gnutls_x509_crt_set_subject_alt_name(
			crt, GNUTLS_SAN_DNSNAME, kind->host, (unsigned)strlen(kind->host), GNUTLS_FSAN_SET);
		sign_and_save(ret, kind->name, crt, kind->signed_by_authority ? authority : crt,
			kind->signed_by_authority ? authority_key : key);
		gnutls_x509_crt_deinit(crt);
	}
	gnutls_x509_crt_deinit(authority);
	gnutls_x509_privkey_deinit(key);
	gnutls_x509_privkey_deinit(authority_key);
}
