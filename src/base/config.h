/* The node's configuration: one file of names, values and sections; packaging/sealpost.conf.example explains
 * it. Everything has a default. What is not right is refused with file, line, and what would be right. */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include "base/arena.h"
#include "base/mem.h"
#include "base/result.h"

#define CONFIG_LIST_MAX 16
#define CONFIG_KEYS_MAX 96

struct config_list {
	const char *items[CONFIG_LIST_MAX];
	size_t count;
};

struct config {
	struct arena arena;
	const char *file;
	const char *node_name; /* NULL: made of the machine's and the file's */
	const char *host_name;
	const char *portal_url;
	const char *return_domain;
	const char *database;
	const char *blobs;
	const char *root_key;
	const char *web_dir;
	const char *logos;
	const char *destructions; /* the list of destroyed keys */
	const char *outbox;	  /* a Maildir; all outgoing mail goes there instead of out. NULL: none */
	const char *delivery;	  /* "smart_host" or "direct" */
	struct config_list listen_smtp, listen_smtps, listen_https, listen_http;
	struct config_list trusted_proxies;
	const char *tls_certificate, *tls_key, *tls_authorities;
	const char *smart_host_address, *smart_host_tls, *smart_host_user, *smart_host_password_file;
	const char *resolver_server, *resolver_anchor;
	int64_t mx_port;   /* 25; tests use another */
	int64_t mail_size; /* bytes */
	/* The limits of base/limits.h that an operator may set, under the names they have there. */
	int64_t smtp_sessions, smtp_sessions_per_network, smtp_strangers, smtp_mails_per_session,
		smtp_recipients;
	int64_t smtp_soft_errors, smtp_errors, smtp_junk_commands, smtp_hops;
	int64_t smtp_command_seconds, smtp_stranger_command_seconds, smtp_handshake_seconds;
	int64_t smtp_data_idle_seconds, smtp_data_grace_seconds, smtp_data_rate;
	int64_t http_connections, http_connections_per_address, http_waiting;
	int64_t http_head_seconds, http_idle_seconds, http_grace_seconds, http_rate;
	int64_t delivery_workers, deliveries_per_destination, node_silence_seconds;
	int64_t http_workers, database_connections;
	const char *log_level;
	int lines[CONFIG_KEYS_MAX]; /* on which each key is set; 0: it is not */
};

/* INVALID with "file:line: what is wrong; what would be right", NOT_FOUND for the file itself. Relative paths
 * count from the file's folder. */
enum result config_load(const char *file, struct config **ret, struct err *err) must_check;
void config_free(struct config *config);
DEFINE_CLEANUP(struct config *, config_free)

/* Whether the file sets the key, which otherwise has its default. */
bool config_sets(const struct config *config, const char *key);

/* The result of using a key's value; when that failed, err begins with the place where the key is set, and
 * has the key as its code unless it has one. */
enum result config_at(
	const struct config *config, const char *key, enum result result, struct err *err) must_check;

/* One key, for the documents. */
struct config_key {
	const char *name; /* "listen.smtp" */
	const char
		*kind; /* "text", "path", "list", "number", "size", or the words it may be, with | between */
	const char *initial;
	const char *help;
};
size_t config_keys(struct config_key *ret, size_t room);

#endif
