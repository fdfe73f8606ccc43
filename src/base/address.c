#include "base/address.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"

#include <string.h>

#define LABEL_BYTES_MAX 63

static bool is_label(struct str label)
{
	if (label.len == 0 || label.len > LABEL_BYTES_MAX || label.ptr[0] == '-' ||
		label.ptr[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		unsigned char c = (unsigned char)label.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
		if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return false;
	}
	return true;
}

bool is_domain_name(struct str name)
{
	if (name.len == 0 || name.len > LIMIT_DOMAIN_BYTES || !str_is_utf8(name))
		return false;
	for (struct str rest = name; rest.ptr;)
		if (!is_label(str_cut(&rest, '.')))
			return false;
	return true;
}

static bool is_atom(struct str atom)
{
	if (atom.len == 0)
		return false;
	for (size_t i = 0; i < atom.len; i++) {
		unsigned char c = (unsigned char)atom.ptr[i];
		if (c <= ' ' || c == 0x7f || strchr("()<>[]:;@\\,.\"", c))
			return false;
	}
	return true;
}

/* Beside what steers how text is shown: characters without a width, which make one address look like another.
 * Joiners are none of them, since words of some scripts are not written without. */
static bool is_unseen(uint32_t c)
{
	return is_steering_character(c) || c == 0xad || c == 0x61c || c == 0x200b || c == 0x200e ||
	       c == 0x200f || (c >= 0x2060 && c <= 0x2064);
}

static bool is_seen(struct str utf8)
{
	for (utf8 = str_from(utf8, str_ascii_prefix(utf8)); utf8.len;)
		if (is_unseen(str_cut_character(&utf8)))
			return false;
	return true;
}

bool is_address(struct str address)
{
	struct str local = address_local_part(address);

	if (address.len > LIMIT_ADDRESS_BYTES || local.len > LIMIT_LOCAL_PART_BYTES || local.len == 0 ||
		!str_is_utf8(address) || !is_seen(address))
		return false;
	for (struct str rest = local; rest.ptr;)
		if (!is_atom(str_cut(&rest, '.')))
			return false;
	return is_domain_name(address_domain(address));
}

const char *address_fault(struct str address)
{
	struct str domain = address_domain(address);

	if (address.len > LIMIT_ADDRESS_BYTES || address_local_part(address).len > LIMIT_LOCAL_PART_BYTES)
		return "is too long";
	if (str_starts_nocase(address, STR("\"")))
		return "has a quoted local part, which is not taken; write it without quotation marks";
	if (str_starts_nocase(domain, STR("[")))
		return "is at an address literal, which is not taken; write a domain name behind the @";
	if (domain.len == 0)
		return "has no domain; write name@domain";
	if (str_is_utf8(address) && !is_seen(address))
		return "holds a character that cannot be seen";
	return "is not a mail address";
}

static const char *last_at(struct str address)
{
	return address.len ? memrchr(address.ptr, '@', address.len) : NULL;
}

struct str address_domain(struct str address)
{
	const char *at = last_at(address);

	return at ? str_from(address, (size_t)(at - address.ptr) + 1) : STR_NONE;
}

struct str address_local_part(struct str address)
{
	const char *at = last_at(address);

	return at ? str_sub(address, 0, (size_t)(at - address.ptr)) : address;
}

struct str address_escape(struct str utf8, const char *others, struct arena *arena)
{
	/* One byte becomes at most "\x{2B}". */
	cleanup(buf_done) struct buf out = buf_new(utf8.len * 6 + 1);

	while (utf8.len) {
		char first = utf8.ptr[0];
		uint32_t c = str_cut_character(&utf8);
		if (c < 0x80 && !strchr(others, first))
			buf_add_char(&out, first);
		else
			buf_printf(&out, "\\x{%02X}", c);
	}
	return arena_str(arena, buf_str(&out));
}
