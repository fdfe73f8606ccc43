#include "delivery/resolve_private.h"

#include "tls/domain_name.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define TYPE_A 1
#define TYPE_MX 15
#define TYPE_AAAA 28
#define RCODE_NXDOMAIN 3
#define EXCHANGERS_MAX 10

static void add_address(
	struct hop *hop, const struct sockaddr *address, socklen_t len, const char *host, int preference)
{
	if (hop->count == HOP_ADDRESSES_MAX)
		return;
	struct hop_address *to = &hop->addresses[hop->count++];
	memcpy(&to->address, address, len);
	to->len = len;
	to->host = host;
	to->preference = preference;
	if (getnameinfo(address, len, to->text, sizeof(to->text), NULL, 0, NI_NUMERICHOST) != 0)
		to->text[0] = '\0';
	to->is_loopback = network_is_loopback(str_of(to->text));
}

static enum result resolve_next_hop(struct resolver *resolver, const struct host_port *where,
	struct arena *arena, struct hop *hop, struct err *err)
{
	struct addrinfo numeric = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}, *found;

	if (getaddrinfo(where->host, where->port, &numeric, &found) != 0)
		TRY(resolver_ask_system(resolver, where, &found, err));
	for (const struct addrinfo *a = found; a; a = a->ai_next)
		add_address(hop, a->ai_addr, a->ai_addrlen, arena_cstr(arena, str_of(where->host)), 0);
	freeaddrinfo(found);
	return RESULT_OK;
}

/* OK also without an answer; the caller looks at havedata. A bogus answer (DNSSEC) is none. */
static enum result look_up(
	struct resolver *resolver, const char *name, int type, struct ub_result **ret, struct err *err)
{
	TRY(resolver_ask(resolver, name, type, ret, err));
	bool bogus = (*ret)->bogus;
	bool broken = !(*ret)->havedata && !(*ret)->nxdomain && (*ret)->rcode != 0 &&
		      (*ret)->rcode != RCODE_NXDOMAIN;
	if (!bogus && !broken)
		return RESULT_OK;
	ub_resolve_free(*ret);
	return err_set(err, RESULT_UNAVAILABLE, "DNS: %s",
		bogus ? "the answer is forged or broken (DNSSEC)" : "no answer");
}

/* A name in the wire format of an MX record, which libunbound gives without compression. */
static bool read_name(const uint8_t *data, size_t len, char *out, size_t room)
{
	size_t at = 0, used = 0;

	while (at < len && data[at] != 0) {
		size_t label = data[at++];
		if (label > 63 || at + label > len || used + label + 2 > room)
			return false;
		if (used)
			out[used++] = '.';
		for (size_t i = 0; i < label; i++) {
			char c = (char)data[at + i];
			if (c <= ' ' || c == '.' || c == 0x7f)
				return false;
			out[used++] = c;
		}
		at += label;
	}
	out[used] = '\0';
	return at < len;
}

struct exchanger {
	int preference;
	char name[256];
};

/* Sorted by preference. */
static size_t read_exchangers(const struct ub_result *answer, struct exchanger *ret)
{
	size_t count = 0;

	for (int i = 0; answer->havedata && answer->data[i] && count < EXCHANGERS_MAX; i++) {
		const uint8_t *data = (const uint8_t *)answer->data[i];
		struct exchanger one = {0};
		if (answer->len[i] < 3 ||
			!read_name(data + 2, (size_t)answer->len[i] - 2, one.name, sizeof(one.name)))
			continue;
		one.preference = data[0] << 8 | data[1];
		size_t at = count++;
		for (; at > 0 && ret[at - 1].preference > one.preference; at--)
			ret[at] = ret[at - 1];
		ret[at] = one;
	}
	return count;
}

/* One kind of address is enough: there are name servers that fail when asked for the other. */
static enum result add_host(struct resolver *resolver, const char *host, int preference, struct arena *arena,
	struct hop *hop, struct err *err)
{
	static const int types[] = {TYPE_AAAA, TYPE_A};
	const char *kept = arena_cstr(arena, str_of(host));
	enum result result = RESULT_OK;

	for (size_t t = 0; t < COUNT_OF(types); t++) {
		struct ub_result *answer;
		enum result found = look_up(resolver, host, types[t], &answer, err);
		if (found != RESULT_OK) {
			result = found;
			continue;
		}
		for (int i = 0; answer->havedata && answer->data[i]; i++) {
			struct sockaddr_in v4 = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)resolver_mx_port(resolver))};
			struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
				.sin6_port = htons((uint16_t)resolver_mx_port(resolver))};
			if (types[t] == TYPE_A && answer->len[i] == sizeof(v4.sin_addr)) {
				memcpy(&v4.sin_addr, answer->data[i], sizeof(v4.sin_addr));
				add_address(hop, (const struct sockaddr *)&v4, sizeof(v4), kept, preference);
			} else if (types[t] == TYPE_AAAA && answer->len[i] == sizeof(v6.sin6_addr)) {
				memcpy(&v6.sin6_addr, answer->data[i], sizeof(v6.sin6_addr));
				add_address(hop, (const struct sockaddr *)&v6, sizeof(v6), kept, preference);
			}
		}
		ub_resolve_free(answer);
	}
	return result;
}

static enum result resolve_domain(
	struct resolver *resolver, struct str domain, struct arena *arena, struct hop *hop, struct err *err)
{
	struct exchanger exchangers[EXCHANGERS_MAX];
	struct ub_result *answer;
	const char *name = arena_cstr(arena, domain_name_ascii(domain, arena));

	TRY(look_up(resolver, name, TYPE_MX, &answer, err));
	bool missing = answer->nxdomain;
	size_t count = read_exchangers(answer, exchangers);
	ub_resolve_free(answer);
	if (missing)
		return err_set(err, RESULT_NOT_FOUND, "the domain does not exist");
	if (count == 1 && exchangers[0].name[0] == '\0')
		return err_code(err, RESULT_NOT_FOUND, RESOLVE_NULL_MX, "the domain takes no mail (null MX)");
	hop->from_mx = true;
	struct err why = {0};
	enum result last = RESULT_OK;
	for (size_t i = 0; i < count; i++)
		last = add_host(resolver, exchangers[i].name, exchangers[i].preference, arena, hop, &why);
	if (count == 0)
		last = add_host(resolver, name, 0, arena, hop, &why);
	if (hop->count > 0)
		return RESULT_OK;
	if (last != RESULT_OK) {
		if (err)
			*err = why;
		return last;
	}
	return err_set(err, count ? RESULT_UNAVAILABLE : RESULT_NOT_FOUND,
		"the domain's mail servers have no address");
}

static int port_of(const struct hop_address *to)
{
	return ntohs(to->address.ss_family == AF_INET6
			     ? ((const struct sockaddr_in6 *)&to->address)->sin6_port
			     : ((const struct sockaddr_in *)&to->address)->sin_port);
}

void hop_server(const struct hop *hop, char ret[static HOP_SERVER_BYTES])
{
	const struct hop_address *first = hop->addresses;

	ret[0] = '\0';
	for (size_t i = 1; i < hop->count; i++) {
		const struct hop_address *to = &hop->addresses[i];
		if (to->preference == hop->addresses[0].preference && strcmp(to->text, first->text) < 0)
			first = to;
	}
	if (hop->count)
		(void)snprintf(ret, HOP_SERVER_BYTES, "%s %d", first->text, port_of(first));
}

enum result resolve_destination(struct resolver *resolver, struct str destination, struct arena *arena,
	struct hop *ret, struct err *err)
{
	struct host_port where;
	struct hop hop = {0};

	if (host_port_parse(destination, &where))
		TRY(resolve_next_hop(resolver, &where, arena, &hop, err));
	else
		TRY(resolve_domain(resolver, destination, arena, &hop, err));
	*ret = hop;
	return RESULT_OK;
}
