#include "client.h"

#include "base/clock.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_S 20

struct client {
	int fd;
	gnutls_session_t tls;
	gnutls_certificate_credentials_t credentials;
};

static bool shake_hands(struct client *client)
{
	int result;

	(void)gnutls_certificate_allocate_credentials(&client->credentials);
	(void)gnutls_init(&client->tls, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL);
	(void)gnutls_set_default_priority(client->tls);
	(void)gnutls_server_name_set(client->tls, GNUTLS_NAME_DNS, "portal.test", strlen("portal.test"));
	(void)gnutls_credentials_set(client->tls, GNUTLS_CRD_CERTIFICATE, client->credentials);
	gnutls_transport_set_int(client->tls, client->fd);
	do
		result = gnutls_handshake(client->tls);
	while (result < 0 && !gnutls_error_is_fatal(result) && result != GNUTLS_E_AGAIN);
	return result == 0;
}

struct client *client_open(uint16_t port, bool tls)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct timeval timeout = {.tv_sec = TIMEOUT_S};
	struct client *client = mem_new(sizeof(*client));

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert(client->fd >= 0);
	(void)setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	(void)setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (connect(client->fd, (struct sockaddr *)&to, sizeof(to)) || (tls && !shake_hands(client))) {
		client_close(client);
		return NULL;
	}
	return client;
}

void client_close(struct client *client)
{
	if (!client)
		return;
	if (client->tls)
		gnutls_deinit(client->tls);
	if (client->credentials)
		gnutls_certificate_free_credentials(client->credentials);
	(void)close(client->fd);
	free(client);
}

bool client_send(struct client *client, struct str data)
{
	while (data.len) {
		ssize_t sent = client->tls ? gnutls_record_send(client->tls, data.ptr, data.len)
					   : send(client->fd, data.ptr, data.len, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		data = str_from(data, (size_t)sent);
	}
	return true;
}

/* 0 at the end, -1 when nothing came in time. */
static ssize_t receive(struct client *client, char *data, size_t size)
{
	int64_t end = clock_monotonic() + TIMEOUT_S * MS_SECOND / 2;
	ssize_t got;

	if (!client->tls) {
		got = recv(client->fd, data, size, 0);
		return got < 0 && errno == EAGAIN ? -1 : got < 0 ? 0 : got;
	}
	/* GnuTLS also says "again" after a session ticket. */
	do
		got = gnutls_record_recv(client->tls, data, size);
	while (got == GNUTLS_E_AGAIN && clock_monotonic() < end);
	return got == GNUTLS_E_AGAIN ? -1 : got < 0 ? 0 : got;
}

bool client_read(struct client *client, struct buf *out, size_t limit)
{
	char data[16 * 1024];

	while (out->len < limit) {
		size_t size = limit - out->len < sizeof(data) ? limit - out->len : sizeof(data);
		ssize_t got = receive(client, data, size);
		if (got <= 0)
			return got == 0;
		buf_add_bytes(out, data, (size_t)got);
	}
	return true;
}

bool client_read_answer(struct client *client, struct buf *out)
{
	uint64_t length = 0;

	while (str_find(buf_str(out), STR("\r\n\r\n")) < 0) {
		size_t before = out->len;
		if (!client_read(client, out, out->len + 1) || out->len == before)
			return false;
	}
	if (!str_to_uint(answer_header(out, "Content-Length"), SIZE_MAX, &length))
		return false;
	size_t wanted = (size_t)str_find(buf_str(out), STR("\r\n\r\n")) + 4 + (size_t)length;
	return client_read(client, out, wanted) && out->len == wanted;
}

size_t clients_wait(struct client *const *clients, size_t count)
{
	struct pollfd fds[16];

	assert(count <= COUNT_OF(fds));
	for (size_t i = 0; i < count; i++)
		fds[i] = (struct pollfd){clients[i] ? clients[i]->fd : -1, POLLIN, 0};
	if (poll(fds, count, TIMEOUT_S * 1000) <= 0)
		return count;
	for (size_t i = 0; i < count; i++) {
		if (fds[i].revents)
			return i;
	}
	return count;
}

int answer_status(const struct buf *answer)
{
	uint64_t status = 0;

	if (str_starts(buf_str(answer), STR("HTTP/1.1 ")))
		(void)str_to_uint(str_sub(buf_str(answer), 9, 3), 999, &status);
	return (int)status;
}

struct str answer_header(const struct buf *answer, const char *name)
{
	struct str rest = buf_str(answer);

	while (rest.ptr) {
		struct str value = str_trim(str_cut(&rest, '\n'));
		if (!value.len)
			return STR_NONE;
		struct str key = str_cut(&value, ':');
		if (value.ptr && str_equal_nocase(key, str_of(name)))
			return str_trim(value);
	}
	return STR_NONE;
}

struct str answer_body(const struct buf *answer)
{
	ptrdiff_t end = str_find(buf_str(answer), STR("\r\n\r\n"));

	return end < 0 ? STR_NONE : str_from(buf_str(answer), (size_t)end + 4);
}

unsigned int client_certificate_serial(struct client *client)
{
	unsigned int count = 0;
	const gnutls_datum_t *list = gnutls_certificate_get_peers(client->tls, &count);
	gnutls_x509_crt_t certificate;
	uint8_t serial[32] = {0};
	size_t size = sizeof(serial);

	assert(list && count > 0);
	(void)gnutls_x509_crt_init(&certificate);
	(void)gnutls_x509_crt_import(certificate, &list[0], GNUTLS_X509_FMT_DER);
	(void)gnutls_x509_crt_get_serial(certificate, serial, &size);
	gnutls_x509_crt_deinit(certificate);
	return size ? serial[size - 1] : 0;
}

const char *client_tls_version(struct client *client)
{
	return gnutls_protocol_get_name(gnutls_protocol_get_version(client->tls));
}

static void write_file(const char *path, const gnutls_datum_t *data)
{
	FILE *file = fopen(path, "w");

	assert(file);
	size_t written = fwrite(data->data, 1, data->size, file);
	assert(written == data->size);
	(void)fclose(file);
}

void make_certificate(const char *certificate_file, const char *key_file, uint8_t serial)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t certificate;
	gnutls_datum_t pem = {0};

	(void)gnutls_x509_privkey_init(&key);
	(void)gnutls_x509_privkey_generate(
		key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	(void)gnutls_x509_crt_init(&certificate);
	(void)gnutls_x509_crt_set_version(certificate, 3);
	(void)gnutls_x509_crt_set_serial(certificate, &serial, 1);
	(void)gnutls_x509_crt_set_activation_time(certificate, time(NULL) - 86400);
	(void)gnutls_x509_crt_set_expiration_time(certificate, time(NULL) + 86400);
	(void)gnutls_x509_crt_set_key(certificate, key);
	(void)gnutls_x509_crt_set_dn(certificate, "CN=portal.test", NULL);
	(void)gnutls_x509_crt_set_subject_alt_name(
		certificate, GNUTLS_SAN_DNSNAME, "portal.test", strlen("portal.test"), GNUTLS_FSAN_SET);
	int failed = gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0);
	assert(!failed);
	(void)gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &pem);
	write_file(certificate_file, &pem);
	gnutls_free(pem.data);
	(void)gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem);
	write_file(key_file, &pem);
	gnutls_free(pem.data);
	gnutls_x509_crt_deinit(certificate);
	gnutls_x509_privkey_deinit(key);
}
