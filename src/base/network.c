#include "base/network.h"

#include <arpa/inet.h>
#include <string.h>

#define MAPPED_BITS 96
#define TEXT_MAX 64

static void cut_to_prefix(struct network *network)
{
	for (int i = 0; i < 16; i++) {
		int keep = network->bits - 8 * i;
		if (keep <= 0)
			network->address[i] = 0;
		else if (keep < 8)
			network->address[i] &= (uint8_t)(0xff << (8 - keep));
	}
}

bool network_parse(struct str text, struct network *ret)
{
	struct network network = {.address = {[10] = 0xff, [11] = 0xff}};
	char address[TEXT_MAX];
	struct str rest = text, host = str_cut(&rest, '/');
	uint64_t bits = 0;

	if (host.len == 0 || host.len >= sizeof(address))
		return false;
	memcpy(address, host.ptr, host.len);
	address[host.len] = '\0';
	int offset = MAPPED_BITS;
	if (inet_pton(AF_INET, address, network.address + 12) != 1) {
		if (inet_pton(AF_INET6, address, network.address) != 1)
			return false;
		offset = 0;
	}
	uint64_t most = (uint64_t)(128 - offset);
	if (rest.ptr && !str_to_uint(rest, most, &bits))
		return false;
	network.bits = offset + (int)(rest.ptr ? bits : most);
	cut_to_prefix(&network);
	*ret = network;
	return true;
}

bool network_is_whole(struct str text)
{
	struct network network, address;
	struct str rest = text, host = str_cut(&rest, '/');

	return network_parse(text, &network) && network_parse(host, &address) &&
	       memcmp(network.address, address.address, sizeof(address.address)) == 0;
}

bool network_contains(const struct network *network, const struct network *address)
{
	struct network cut = *address;

	if (address->bits < network->bits)
		return false;
	cut.bits = network->bits;
	cut_to_prefix(&cut);
	return memcmp(cut.address, network->address, sizeof(cut.address)) == 0;
}

bool network_of_peer(struct str address, struct network *ret)
{
	static const struct network ipv4 = {.address = {[10] = 0xff, [11] = 0xff}, .bits = MAPPED_BITS};
	struct network network;

	if (!network_parse(address, &network) || network.bits != 128)
		return false;
	if (!network_contains(&ipv4, &network)) {
		network.bits = 64;
		cut_to_prefix(&network);
	}
	*ret = network;
	return true;
}

bool network_is_loopback(struct str address)
{
	struct network ipv4, ipv6, peer;

	return network_parse(STR("127.0.0.0/8"), &ipv4) && network_parse(STR("::1"), &ipv6) &&
	       network_parse(address, &peer) &&
	       (network_contains(&ipv4, &peer) || network_contains(&ipv6, &peer));
}

bool host_port_parse(struct str text, struct host_port *ret)
{
	const char *colon = text.len ? memrchr(text.ptr, ':', text.len) : NULL;
	struct str host = colon ? str_sub(text, 0, (size_t)(colon - text.ptr)) : STR_NONE;
	struct str port = colon ? str_from(text, host.len + 1) : STR_NONE;
	struct host_port parsed = {0};
	uint64_t number;

	if (host.len > 1 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		host = str_sub(host, 1, host.len - 2);
	else if (str_find_char(host, ':') >= 0)
		return false;
	if (host.len == 0 || host.len >= sizeof(parsed.host) || port.len >= sizeof(parsed.port) ||
		!str_to_uint(port, 65535, &number))
		return false;
	memcpy(parsed.host, host.ptr, host.len);
	memcpy(parsed.port, port.ptr, port.len);
	*ret = parsed;
	return true;
}
