#include "delivery/resolve_private.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/thread.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define CLASS_IN 1
#define TYPE_A 1

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

static int configure(struct ub_ctx *unbound, const char *server)
{
	int failed = server ? ub_ctx_set_fwd(unbound, server) : ub_ctx_resolvconf(unbound, NULL);

	if (!failed) /* a name server on this machine, as systemd-resolved is */
		failed = ub_ctx_set_option(unbound, "do-not-query-localhost:", "no");
	return failed ? failed : ub_ctx_async(unbound, 1);
}

/* The file would be read with the first question only; this one is answered without a server. What the
 * library writes about it by itself is no line of ours. */
static int read_anchor(struct ub_ctx *unbound, const char *anchor)
{
	struct ub_result *answer = NULL;
	int failed = ub_ctx_add_ta_file(unbound, anchor);

	(void)ub_ctx_debugout(unbound, NULL);
	if (!failed)
		failed = ub_resolve(unbound, "localhost.", TYPE_A, CLASS_IN, &answer);
	ub_resolve_free(answer);
	(void)ub_ctx_debugout(unbound, stderr);
	return failed;
}

static enum result prepare(struct ub_ctx *unbound, const char *server, const char *anchor, struct err *err)
{
	int failed = configure(unbound, server);

	if (failed)
		return err_set(err, RESULT_INVALID, "resolver: %s", ub_strerror(failed));
	if (anchor && read_anchor(unbound, anchor))
		return err_set(err, RESULT_INVALID,
			"%s cannot be read; it takes DS or DNSKEY records as zone files have them", anchor);
	return RESULT_OK;
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
	enum result prepared = prepare(resolver->unbound, server, anchor, err);
	if (prepared != RESULT_OK) {
		resolver_free(resolver);
		return prepared;
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

int resolver_mx_port(const struct resolver *resolver)
{
	return resolver->mx_port;
}

/* The system's answer, by a thread of the C library that nobody has to wait for. */
struct system_question {
	struct gaicb request;
	struct addrinfo hints;
	struct host_port where;
};

enum result resolver_ask_system(
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

enum result resolver_ask(
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
