#include "delivery/connections.h"

#include "base/limits.h"
#include "base/thread.h"

#include <string.h>

#define CONNECTIONS_RANK 210

/* One that waits for its next mail. */
struct idle {
	struct idle *next;
	struct connection connection;
	int64_t since; /* clock_monotonic */
	char destination[LIMIT_DOMAIN_BYTES + 8];
};

struct connections {
	struct lock lock;
	struct idle *idle; /* newest first */
	int count;
};

struct connections *connections_new(void)
{
	struct connections *connections = mem_new(sizeof(*connections));

	lock_init(&connections->lock, "idle connections", CONNECTIONS_RANK);
	return connections;
}

static void idle_free(struct idle *idle)
{
	smtp_client_free(idle->connection.client);
	free(idle);
}

/* Takes the first that fits out of the list; with since, any that is older. */
static struct idle *take_out(struct connections *c, struct str destination, bool is_loopback,
	enum smtp_client_tls tls, int64_t since)
{
	LOCKED(&c->lock);
	struct idle **at = &c->idle;
	while (*at) {
		struct idle *idle = *at;
		bool fits = since ? idle->since <= since
				  : idle->connection.tls == tls &&
					    idle->connection.is_loopback == is_loopback &&
					    str_equal(str_of(idle->destination), destination);
		if (fits) {
			*at = idle->next;
			c->count--;
			return idle;
		}
		at = &idle->next;
	}
	return NULL;
}

void connections_free(struct connections *connections)
{
	struct idle *idle;

	if (connections == NULL)
		return;
	while ((idle = take_out(connections, STR_NONE, false, SMTP_CLIENT_TLS_NONE, INT64_MAX)))
		idle_free(idle);
	lock_done(&connections->lock);
	free(connections);
}

bool connections_take(struct connections *connections, struct str destination, bool is_loopback,
	enum smtp_client_tls tls, struct connection *ret)
{
	struct idle *idle;

	while ((idle = take_out(connections, destination, is_loopback, tls, 0))) {
		/* Servers end idle connections without asking; that must not look like a failed mail. */
		if (smtp_client_revive(idle->connection.client, NULL) == RESULT_OK) {
			*ret = idle->connection;
			free(idle);
			return true;
		}
		idle_free(idle);
	}
	return false;
}

static bool keep(struct connections *c, struct idle *idle)
{
	LOCKED(&c->lock);
	if (c->count >= LIMIT_SMTP_CLIENT_IDLE)
		return false;
	idle->next = c->idle;
	c->idle = idle;
	c->count++;
	return true;
}

void connections_put(struct connections *connections, struct str destination, struct connection *connection)
{
	struct idle *idle = mem_new(sizeof(*idle));

	idle->connection = *connection;
	idle->since = clock_monotonic();
	bool fits = destination.len < sizeof(idle->destination);
	if (fits)
		memcpy(idle->destination, destination.ptr, destination.len);
	if (!fits || !smtp_client_is_usable(connection->client) ||
		++idle->connection.mails >= LIMIT_SMTP_CLIENT_MAILS || !keep(connections, idle))
		idle_free(idle);
}

void connections_sweep(struct connections *connections)
{
	int64_t since = clock_monotonic() - LIMIT_SMTP_CLIENT_IDLE_MS;
	struct idle *idle;

	while ((idle = take_out(connections, STR_NONE, false, SMTP_CLIENT_TLS_NONE, since)))
		idle_free(idle);
}
