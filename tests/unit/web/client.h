/* A client for the server's tests that sends exactly the bytes it is told, with or without TLS. */
#ifndef TESTS_WEB_CLIENT_H
#define TESTS_WEB_CLIENT_H

#include "base/buf.h"

struct client;

/* Connects to 127.0.0.1; NULL when the handshake fails. `tls` false: plain. */
struct client *client_open(uint16_t port, bool tls);
void client_close(struct client *client);

/* False when the server has closed. */
bool client_send(struct client *client, struct str data);

/* Reads to the end of the connection, or up to `limit` bytes; false when nothing came for 20 s. */
bool client_read(struct client *client, struct buf *out, size_t limit);

/* Reads the head of an answer and as much body as it announces. */
bool client_read_answer(struct client *client, struct buf *out);

/* The index of a client without TLS to which something came, `count` when nothing did for 20 s. NULLs are
 * passed over. */
size_t clients_wait(struct client *const *clients, size_t count);

/* The status of an answer, 0 when there is none. */
int answer_status(const struct buf *answer);
/* The value of a header, and the body; STR_NONE when missing. */
struct str answer_header(const struct buf *answer, const char *name);
struct str answer_body(const struct buf *answer);

/* The serial number's last byte of the certificate that the server showed. */
unsigned int client_certificate_serial(struct client *client);
const char *client_tls_version(struct client *client);

/* Writes a self-signed certificate for portal.test and its key. */
void make_certificate(const char *certificate_file, const char *key_file, uint8_t serial);

#endif
