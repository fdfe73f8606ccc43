#include "delivery/resolve.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/network.h"
#include "base/thread.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unbound.h>

#define TYPE_A 1
#define TYPE_MX 15
#define TYPE_AAAA 28
#define CLASS_IN 1
#define RCODE_NXDOMAIN 3
#define EXCHANGERS_MAX 10

/* How often who waits for the system's answer looks whether that is to end. */
#define LOOK_MS 100
#define RESOLVER_RANK 230

/* A question to libunbound, which asks by a thread of its own. */
struct question {
	struct question *next;
	struct resolver *resolver;
	bool is_answered, is_abandoned;
	int failed; /* of libunbound */
	struct ub_result *answer;
};

struct resolver {
	struct ub_ctx *unbound;
	int mx_port;
	pthread_t reader; /* hands out the answers */
	bool has_reader;
	struct lock lock; /* guards all below, and the questions */
	struct signal answered;
	struct question *questions;
	bool is_cut, ends;
};

static void *reader_run(void *arg)
{
	struct resolver *r = arg;
	struct pollfd fd = {.fd = ub_fd(r->unbound), .events = POLLIN};

	for (;;) {
		int ready = poll(&fd, 1, LOOK_MS);
		if (ready > 0)
			(void)ub_process(r->unbound);
		LOCKED(&r->lock);
		if (r->ends)
			return NULL;
	}
}

static int configure(struct ub_ctx *unbound, const char *server, const char *anchor)
{
	int failed = server ? ub_ctx_set_fwd(unbound, server) : ub_ctx_resolvconf(unbound, NULL);

	if (!failed) /* a name server on this machine, as systemd-resolved is */
		failed = ub_ctx_set_option(unbound, "do-not-query-localhost:", "no");
	if (!failed && anchor)
		failed = ub_ctx_add_ta_file(unbound, anchor);
	return failed ? failed : ub_ctx_async(unbound, 1);
}

enum result resolver_new(
	const char *server, const char *anchor, int mx_port, struct resolver **ret, struct err *err)
{
	struct resolver *resolver = mem_new(sizeof(*resolver));

	resolver->mx_port = mx_port;
	lock_init(&resolver->lock, "questions", RESOLVER_RANK);
	signal_init(&resolver->answered);
	resolver->unbound = ub_ctx_create();
	if (resolver->unbound == NULL)
		abort();
	int failed = configure(resolver->unbound, server, anchor);
	if (failed) {
		resolver_free(resolver);
		return err_set(err, RESULT_INVALID, "resolver: %s", ub_strerror(failed));
	}
	enum result started = thread_start(&resolver->reader, "resolver", reader_run, resolver);
	resolver->has_reader = started == RESULT_OK;
	if (started != RESULT_OK) {
		resolver_free(resolver);
		return err_set(err, started, "no thread for the resolver");
	}
	*ret = resolver;
	return RESULT_OK;
}

static void question_free(struct question *question)
{
	ub_resolve_free(question->answer);
	free(question);
}

static void end_reader(struct resolver *resolver)
{
	lock_take(&resolver->lock);
	resolver->ends = true;
	lock_release(&resolver->lock);
	if (resolver->has_reader)
		(void)pthread_join(resolver->reader, NULL);
}

void resolver_free(struct resolver *resolver)
{
	if (resolver == NULL)
		return;
	end_reader(resolver);
	ub_ctx_delete(resolver->unbound);
	while (resolver->questions) {
		struct question *next = resolver->questions->next;
		question_free(resolver->questions);
		resolver->questions = next;
	}
	signal_done(&resolver->answered);
	lock_done(&resolver->lock);
	free(resolver);
}

void resolver_cut(struct resolver *resolver)
{
	if (resolver == NULL)
		return;
	LOCKED(&resolver->lock);
	resolver->is_cut = true;
	signal_all(&resolver->answered);
}

static bool is_cut(struct resolver *resolver)
{
	LOCKED(&resolver->lock);
	return resolver->is_cut;
}

static enum result say_cut(struct err *err)
{
	return err_code(err, RESULT_UNAVAILABLE, "cut", "the node stops");
}

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

/* The system's answer, by a thread of the C library that nobody has to wait for. */
struct system_question {
	struct gaicb request;
	struct addrinfo hints;
	struct host_port where;
};

static enum result ask_system(
	struct resolver *resolver, const struct host_port *where, struct addrinfo **ret, struct err *err)
{
	struct system_question *q = mem_new(sizeof(*q));
	struct gaicb *list[] = {&q->request};
	struct timespec pause = {.tv_nsec = LOOK_MS * 1000000};

	q->where = *where;
	q->hints.ai_socktype = SOCK_STREAM;
	q->request.ar_name = q->where.host;
	q->request.ar_service = q->where.port;
	q->request.ar_request = &q->hints;
	int failed = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
	while (!failed && gai_error(&q->request) == EAI_INPROGRESS) {
		/* Being asked, it cannot be taken back: its memory stays until the process ends, soon. */
		if (is_cut(resolver) && gai_cancel(&q->request) == EAI_NOTCANCELED)
			return say_cut(err);
		(void)gai_suspend((const struct gaicb *const *)list, 1, &pause);
	}
	failed = failed ? failed : gai_error(&q->request);
	*ret = failed ? NULL : q->request.ar_result;
	free(q);
	return failed ? err_set(err, RESULT_UNAVAILABLE, "%s: %s", where->host, gai_strerror(failed))
		      : RESULT_OK;
}

static enum result resolve_next_hop(struct resolver *resolver, const struct host_port *where,
	struct arena *arena, struct hop *hop, struct err *err)
{
	struct addrinfo numeric = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}, *found;

	if (getaddrinfo(where->host, where->port, &numeric, &found) != 0)
		TRY(ask_system(resolver, where, &found, err));
	for (const struct addrinfo *a = found; a; a = a->ai_next)
		add_address(hop, a->ai_addr, a->ai_addrlen, arena_cstr(arena, str_of(where->host)), 0);
	freeaddrinfo(found);
	return RESULT_OK;
}

static void forget(struct resolver *resolver, struct question *question)
{
	struct question **at = &resolver->questions;

	while (*at != question)
		at = &(*at)->next;
	*at = question->next;
	question_free(question);
}

/* By the reader. */
static void note_answer(void *context, int failed, struct ub_result *answer)
{
	struct question *question = context;
	struct resolver *resolver = question->resolver;
	LOCKED(&resolver->lock);

	question->failed = failed;
	question->answer = answer;
	question->is_answered = true;
	if (question->is_abandoned)
		forget(resolver, question);
	signal_all(&resolver->answered);
}

/* The question is the reader's until it is answered; who waits for it no more leaves it behind. */
static enum result wait_for_answer(
	struct resolver *resolver, struct question *question, struct ub_result **ret, struct err *err)
{
	int64_t deadline = clock_monotonic() + LIMIT_DNS_MS;
	bool waits = true;
	LOCKED(&resolver->lock);

	while (!question->is_answered && !resolver->is_cut && waits)
		waits = signal_wait_until(&resolver->answered, &resolver->lock, deadline);
	if (!question->is_answered) {
		question->is_abandoned = true;
		return resolver->is_cut ? say_cut(err)
					: err_set(err, RESULT_UNAVAILABLE, "DNS: no answer in time");
	}
	int failed = question->failed;
	*ret = TAKE(question->answer);
	forget(resolver, question);
	if (!failed)
		return RESULT_OK;
	ub_resolve_free(*ret);
	return err_set(err, RESULT_UNAVAILABLE, "DNS: %s", ub_strerror(failed));
}

static enum result ask(
	struct resolver *resolver, const char *name, int type, struct ub_result **ret, struct err *err)
{
	struct question *question = mem_new(sizeof(*question));

	question->resolver = resolver;
	lock_take(&resolver->lock);
	question->next = resolver->questions;
	resolver->questions = question;
	lock_release(&resolver->lock);
	int failed = ub_resolve_async(resolver->unbound, name, type, CLASS_IN, question, note_answer, NULL);
	if (!failed)
		return wait_for_answer(resolver, question, ret, err);
	LOCKED(&resolver->lock);
	forget(resolver, question);
	return err_set(err, RESULT_UNAVAILABLE, "DNS: %s", ub_strerror(failed));
}

/* OK also without an answer; the caller looks at havedata. A bogus answer (DNSSEC) is none. */
static enum result look_up(
	struct resolver *resolver, const char *name, int type, struct ub_result **ret, struct err *err)
{
	TRY(ask(resolver, name, type, ret, err));
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

static enum result add_host(struct resolver *resolver, const char *host, int preference, struct arena *arena,
	struct hop *hop, struct err *err)
{
	static const int types[] = {TYPE_AAAA, TYPE_A};
	const char *kept = arena_cstr(arena, str_of(host));

	for (size_t t = 0; t < COUNT_OF(types); t++) {
		struct ub_result *answer;
		TRY(look_up(resolver, host, types[t], &answer, err));
		for (int i = 0; answer->havedata && answer->data[i]; i++) {
			struct sockaddr_in v4 = {
				.sin_family = AF_INET, .sin_port = htons((uint16_t)resolver->mx_port)};
			struct sockaddr_in6 v6 = {
				.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)resolver->mx_port)};
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
	return RESULT_OK;
}

static enum result resolve_domain(
	struct resolver *resolver, struct str domain, struct arena *arena, struct hop *hop, struct err *err)
{
	struct exchanger exchangers[EXCHANGERS_MAX];
	struct ub_result *answer;
	const char *name = arena_cstr(arena, domain);

	TRY(look_up(resolver, name, TYPE_MX, &answer, err));
	bool missing = answer->nxdomain;
	size_t count = read_exchangers(answer, exchangers);
	ub_resolve_free(answer);
	if (missing)
		return err_set(err, RESULT_NOT_FOUND, "the domain does not exist");
	if (count == 1 && exchangers[0].name[0] == '\0')
		return err_set(err, RESULT_NOT_FOUND, "the domain takes no mail (null MX)");
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
