#include "base/config_form.h"

#include "base/address.h"
#include "base/network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define PORT_MAX 65535

static bool is_port(struct str text, uint64_t least)
{
	uint64_t port;

	return str_to_uint(text, PORT_MAX, &port) && port >= least;
}

static bool is_numeric(const char *host)
{
	uint8_t address[16];

	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

static bool fits_url(struct str value)
{
	return str_starts(value, STR("https://")) && value.len > strlen("https://") &&
	       value.ptr[value.len - 1] != '/';
}

static bool fits_database(struct str value)
{
	return (str_starts(value, STR("sqlite:")) && value.len > strlen("sqlite:")) ||
	       str_starts(value, STR("postgresql://")) || str_starts(value, STR("postgres://"));
}

/* Port 0 lets the system choose one, which tests want. */
static bool fits_listen(struct str value)
{
	struct host_port place;

	return host_port_parse(value, &place) && is_numeric(place.host) && is_port(str_of(place.port), 0);
}

static bool fits_network(struct str value)
{
	struct network network;

	return network_parse(value, &network);
}

static bool fits_host(struct str value)
{
	struct host_port place;

	return host_port_parse(value, &place) && is_port(str_of(place.port), 1) &&
	       (is_numeric(place.host) || is_domain_name(str_of(place.host)));
}

static bool fits_resolver(struct str value)
{
	struct str port = value, address = str_cut(&port, '@');
	char host[64];

	if (address.len >= sizeof(host) || (port.ptr && !is_port(port, 1)))
		return false;
	(void)snprintf(host, sizeof(host), "%.*s", STR_ARG(address));
	return is_numeric(host);
}

const struct config_form config_domain = {is_domain_name, "takes a name such as gateway.acme.example"};
const struct config_form config_url = {fits_url, "begins with https:// and ends without a slash"};
const struct config_form config_database = {
	fits_database, "takes sqlite:FILE, or postgresql://USER@HOST/NAME"};
const struct config_form config_listen = {
	fits_listen, "takes a numeric address and a port, such as 127.0.0.1:25 or [::]:25"};
const struct config_form config_network = {fits_network, "takes an address or a range, such as 192.0.2.0/24"};
const struct config_form config_host = {fits_host, "takes a host and a port, such as mail.acme.example:25"};
const struct config_form config_resolver = {
	fits_resolver, "takes a numeric address, with its port such as 192.0.2.53@53 if it is another"};
