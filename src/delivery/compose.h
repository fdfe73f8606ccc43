/* The bytes of an outgoing mail: content passed on, or a text of ours rendered from web/notifications. */
#ifndef DELIVERY_COMPOSE_H
#define DELIVERY_COMPOSE_H

#include "flow/deliver.h"
#include "text/template.h"
#include "text/zone.h"

/* What composing needs besides the job; only read. */
struct compose_texts {
	const struct template_set *notifications;
	const struct languages *languages;
	const struct zones *zones;
	struct str host_name;
	struct str portal_url;
	struct str return_domain;
};

/* Writes the whole mail of a delivery. */
enum result compose_mail(const struct compose_texts *texts, const struct deliver_job *job, struct flow *flow,
	int64_t now, const struct writer *out, struct err *err) must_check;

/* A value like content's callback of an SMTP client wants it. */
struct compose_source {
	const struct compose_texts *texts;
	const struct deliver_job *job;
	struct flow *flow;
	int64_t now;
};
enum result compose_source_write(void *context, const struct writer *out, struct err *err) must_check;

#endif
