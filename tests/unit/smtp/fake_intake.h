/* Stands in for flow/accept in tests of the server's edge: it decides by simple words in addresses and
 * remembers what it got. Addresses whose local part is the name of a refusal are refused with it. */
#ifndef TESTS_SMTP_FAKE_INTAKE_H
#define TESTS_SMTP_FAKE_INTAKE_H

#include "base/buf.h"

#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

/* Set before the server runs; read after it stopped. */
struct fake_intake {
	bool is_source, normalise; /* what any peer is */
	bool lookup_fails;
	sem_t *held; /* who a peer is turns out when this is posted; NULL: at once */
	int64_t bytes_max;
	int kept;	     /* mails that got OK */
	int begun, freed;    /* transactions */
	struct buf envelope; /* of the last: "<sender> size utf8 ret envid -> <recipient> notify orcpt" */
	struct buf received; /* of the last */
	struct buf content;  /* of all kept mails, one after the other */
	struct buf peer;     /* of the last: protocol and whether TLS */
};

extern struct fake_intake fake_intake;

void fake_intake_clear(void);

#endif
