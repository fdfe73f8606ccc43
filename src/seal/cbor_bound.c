#include "seal/cbor_bound.h"

#include <cbor.h>

/* Adding up could overflow: what is left goes down instead. */
struct allowance {
	size_t entries;
	bool is_exceeded;
};

static void take(struct allowance *allowance, size_t entries)
{
	if (entries > allowance->entries)
		allowance->is_exceeded = true;
	else
		allowance->entries -= entries;
}

static void array_starts(void *context, size_t count)
{
	take(context, count);
}

static void map_starts(void *context, size_t count)
{
	take(context, count);
}

bool cbor_is_bounded(struct bytes data)
{
	struct cbor_callbacks callbacks = cbor_empty_callbacks;
	struct allowance allowance = {.entries = data.len};

	callbacks.array_start = array_starts;
	callbacks.map_start = map_starts;
	for (size_t at = 0; at < data.len;) {
		struct cbor_decoder_result step =
			cbor_stream_decode(data.ptr + at, data.len - at, &callbacks, &allowance);
		if (step.status != CBOR_DECODER_FINISHED || allowance.is_exceeded)
			return false;
		at += step.read;
	}
	return true;
}
