/* Addresses, address ranges and host:port as they come from commands, forms and the configuration. What is an
 * address has two parts within their limits; a range contains itself. */
#include "base/address.h"
#include "base/limits.h"
#include "base/network.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	struct network network;
	struct host_port where;

	if (is_address(text)) {
		assert(text.len <= LIMIT_ADDRESS_BYTES);
		assert(address_local_part(text).len >= 1 &&
			address_local_part(text).len <= LIMIT_LOCAL_PART_BYTES);
		assert(is_domain_name(address_domain(text)));
	}
	if (network_parse(text, &network))
		assert(network_contains(&network, &network));
	(void)network_is_loopback(text);
	(void)host_port_parse(text, &where);
	return 0;
}
