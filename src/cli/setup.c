#include "cli/setup.h"

#include "base/clock.h"
#include "base/str.h"
#include "blob/blob.h"
#include "db/db.h"
#include "seal/key.h"
#include "store/schema.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CERTIFICATE_SECONDS (10LL * 365 * 24 * 3600)

static enum result write_file(const char *path, const gnutls_datum_t *data, struct err *err)
{
	cleanup(fd_close_at) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data->data, data->size) != (ssize_t)data->size || fsync(fd) < 0)
		return err_set(err, RESULT_UNAVAILABLE, "%s: %s", path, strerror(errno));
	return RESULT_OK;
}

static void fill(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key, const char *name)
{
	static const uint8_t loopback[] = {127, 0, 0, 1};
	uint8_t serial[8] = {1};
	time_t now = (time_t)(clock_now() / MS_SECOND);

	(void)gnutls_rnd(GNUTLS_RND_NONCE, serial + 1, sizeof(serial) - 1);
	(void)gnutls_x509_crt_set_version(certificate, 3);
	(void)gnutls_x509_crt_set_serial(certificate, serial, sizeof(serial));
	(void)gnutls_x509_crt_set_dn_by_oid(
		certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name));
	(void)gnutls_x509_crt_set_subject_alt_name(
		certificate, GNUTLS_SAN_DNSNAME, name, (unsigned)strlen(name), GNUTLS_FSAN_SET);
	(void)gnutls_x509_crt_set_subject_alt_name(
		certificate, GNUTLS_SAN_DNSNAME, "localhost", 9, GNUTLS_FSAN_APPEND);
	(void)gnutls_x509_crt_set_subject_alt_name(
		certificate, GNUTLS_SAN_IPADDRESS, loopback, sizeof(loopback), GNUTLS_FSAN_APPEND);
	(void)gnutls_x509_crt_set_activation_time(certificate, now - 3600);
	(void)gnutls_x509_crt_set_expiration_time(certificate, now + CERTIFICATE_SECONDS);
	(void)gnutls_x509_crt_set_basic_constraints(certificate, 1, 0);
	(void)gnutls_x509_crt_set_key(certificate, key);
	(void)gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0);
}

enum result setup_certificate(
	const char *certificate_file, const char *key_file, const char *name, struct err *err)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t certificate;
	gnutls_datum_t key_pem = {0}, certificate_pem = {0};

	if (gnutls_x509_privkey_init(&key) || gnutls_x509_crt_init(&certificate))
		abort();
	int failed = gnutls_x509_privkey_generate(
		key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if (!failed) {
		fill(certificate, key, name);
		failed = gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &key_pem);
	}
	if (!failed)
		failed = gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &certificate_pem);
	enum result result =
		failed ? err_set(err, RESULT_INTERNAL, "certificate: %s", gnutls_strerror(failed))
		       : write_file(key_file, &key_pem, err);
	if (result == RESULT_OK)
		result = write_file(certificate_file, &certificate_pem, err);
	gnutls_free(certificate_pem.data);
	gnutls_free(key_pem.data);
	gnutls_x509_crt_deinit(certificate);
	gnutls_x509_privkey_deinit(key);
	return result;
}

static enum result make_database(const struct config *config, struct err *err)
{
	cleanup(db_close_at) struct db *db = NULL;
	struct db_config db_config = {.url = str_of(config->database)};

	TRY(db_open(&db_config, &db, err));
	return schema_migrate(db, NULL, NULL, err);
}

/* The folders above a path that are not there yet, for the node's user alone. */
static enum result make_above(const char *path, struct err *err)
{
	char folder[PATH_MAX];

	for (const char *end = strchr(path + 1, '/'); end; end = strchr(end + 1, '/')) {
		int len = snprintf(folder, sizeof(folder), "%.*s", (int)(end - path), path);
		if (len >= (int)sizeof(folder))
			return err_set(err, RESULT_INVALID, "a path is too long");
		if (access(folder, F_OK) != 0 && mkdir(folder, 0700) < 0 && errno != EEXIST)
			return err_set(err, RESULT_UNAVAILABLE, "the folder %s cannot be made: %s", folder,
				strerror(errno));
	}
	return RESULT_OK;
}

static enum result make_folders(const struct config *config, struct err *err)
{
	struct str database = str_of(config->database), sqlite = STR("sqlite:");
	const char *const paths[] = {config->root_key, config->blobs, config->destructions, config->logos,
		config->outbox, str_starts(database, sqlite) ? config->database + sqlite.len : NULL};

	for (size_t i = 0; i < COUNT_OF(paths); i++)
		if (paths[i])
			TRY(make_above(paths[i], err));
	return RESULT_OK;
}

enum result setup_node(const struct config *config, struct err *err)
{
	cleanup(blob_store_close_at) struct blob_store *blobs = NULL;

	TRY(seal_init());
	TRY(make_folders(config, err));
	if (access(config->root_key, F_OK) != 0)
		TRY(root_key_create(config->root_key, err));
	TRY(blob_folder_open(config->blobs, &blobs, err));
	if (config->tls_certificate && access(config->tls_certificate, F_OK) != 0)
		TRY(setup_certificate(config->tls_certificate, config->tls_key, config->host_name, err));
	return make_database(config, err);
}
