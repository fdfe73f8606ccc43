#include "base/config_form.h"

#include "base/address.h"
#include "base/limits.h"
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

/* Greetings, Received lines and envelopes hold no other characters. */
static bool fits_domain(struct str value)
{
	return str_is_ascii(value) && is_domain_name(value);
}

static bool is_host(const char *host)
{
	return is_numeric(host) || fits_domain(str_of(host));
}

/* Browsers name this place in each request, and must name the same: they leave the port 443 out, and have no
 * path in it. */
static bool fits_url(struct str value)
{
	struct str place = str_from(value, strlen("https://"));
	struct host_port parts;
	char with_port[LIMIT_DOMAIN_BYTES + 8];

	if (!str_starts(value, STR("https://")) || place.len > LIMIT_DOMAIN_BYTES)
		return false;
	if (host_port_parse(place, &parts))
		return is_port(str_of(parts.port), 1) && strcmp(parts.port, "443") != 0 &&
		       is_host(parts.host);
	(void)snprintf(with_port, sizeof(with_port), "%.*s:443", STR_ARG(place));
	return host_port_parse(str_of(with_port), &parts) && is_host(parts.host);
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

	return host_port_parse(value, &place) && is_port(str_of(place.port), 1) && is_host(place.host);
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

const struct config_form config_domain = {
	fits_domain, "takes a name such as gateway.acme.example, an international one as xn--…"};
const struct config_form config_url = {
	fits_url, "takes https://HOST, with :PORT if it is not 443, and no path or slash behind"};
const struct config_form config_database = {
	fits_database, "takes sqlite:FILE, or postgresql://USER@HOST/NAME"};
const struct config_form config_listen = {
	fits_listen, "takes a numeric address and a port, such as 127.0.0.1:25 or [::]:25"};
const struct config_form config_network = {fits_network, "takes an address or a range, such as 192.0.2.0/24"};
const struct config_form config_host = {fits_host, "takes a host and a port, such as mail.acme.example:25"};
const struct config_form config_resolver = {
	fits_resolver, "takes a numeric address, with its port such as 192.0.2.53@53 if it is another"};
