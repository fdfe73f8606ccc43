#include "web/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_mapped(const struct peer *peer)
{
	return memcmp(peer->b, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

static void set_mapped(struct peer *peer, const void *ipv4)
{
	memcpy(peer->b, mapped_prefix, sizeof(mapped_prefix));
	memcpy(peer->b + sizeof(mapped_prefix), ipv4, 4);
}

bool peer_parse(struct str text, struct peer *ret)
{
	char copy[INET6_ADDRSTRLEN];
	struct in_addr ipv4;
	struct in6_addr ipv6;

	if (text.len >= sizeof(copy) || str_find_char(text, '\0') >= 0)
		return false;
	if (text.len)
		memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	if (inet_pton(AF_INET, copy, &ipv4) == 1) {
		set_mapped(ret, &ipv4);
		return true;
	}
	if (inet_pton(AF_INET6, copy, &ipv6) != 1)
		return false;
	memcpy(ret->b, &ipv6, sizeof(ret->b));
	return true;
}

bool peer_of_sockaddr(const struct sockaddr *address, struct peer *ret)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, address, sizeof(in));
		set_mapped(ret, &in.sin_addr);
		return true;
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, address, sizeof(in6));
		memcpy(ret->b, &in6.sin6_addr, sizeof(ret->b));
		return true;
	}
	return false;
}

struct str peer_text(struct arena *arena, const struct peer *peer)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (is_mapped(peer))
		(void)inet_ntop(AF_INET, peer->b + sizeof(mapped_prefix), text, sizeof(text));
	else
		(void)inet_ntop(AF_INET6, peer->b, text, sizeof(text));
	return arena_str(arena, str_of(text));
}

static bool has_bits_past(const struct peer *peer, unsigned int bits)
{
	for (unsigned int i = bits; i < 128; i++) {
		if (peer->b[i / 8] >> (7 - i % 8) & 1)
			return true;
	}
	return false;
}

bool peer_range_parse(struct str text, struct peer_range *ret)
{
	struct str rest = text;
	struct str address = str_cut(&rest, '/');
	struct peer_range range = {.bits = 128};
	uint64_t bits = 0;

	if (!peer_parse(address, &range.base))
		return false;
	bool is_ipv4 = str_find_char(address, ':') < 0;
	if (rest.ptr) {
		if (!str_to_uint(rest, is_ipv4 ? 32 : 128, &bits))
			return false;
		range.bits = (unsigned int)bits + (is_ipv4 ? 96 : 0);
	}
	if (has_bits_past(&range.base, range.bits))
		return false;
	*ret = range;
	return true;
}

bool peer_in_range(const struct peer *peer, const struct peer_range *range)
{
	unsigned int whole = range->bits / 8, rest = range->bits % 8;

	if (memcmp(peer->b, range->base.b, whole) != 0)
		return false;
	return !rest || (peer->b[whole] ^ range->base.b[whole]) >> (8 - rest) == 0;
}

static bool is_trusted(const struct peer *peer, const struct peer_range *trusted, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (peer_in_range(peer, &trusted[i]))
			return true;
	}
	return false;
}

struct peer peer_behind_proxies(const struct peer *connected, struct str forwarded_for,
	const struct peer_range *trusted, size_t trusted_count)
{
	struct peer client = *connected;

	while (forwarded_for.len && is_trusted(&client, trusted, trusted_count)) {
		size_t start = forwarded_for.len;
		while (start && forwarded_for.ptr[start - 1] != ',')
			start--;
		struct peer before;
		if (!peer_parse(str_trim(str_from(forwarded_for, start)), &before))
			break;
		client = before;
		forwarded_for = str_sub(forwarded_for, 0, start ? start - 1 : 0);
	}
	return client;
}
