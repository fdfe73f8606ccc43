#ifndef STORE_DOMAIN_WRITE_H
#define STORE_DOMAIN_WRITE_H

#include "store/domain.h"

/* CONFLICT when an account has it already. The name is kept in lower case. */
enum result domain_add(struct tx *tx, const struct domain *domain, struct err *err) must_check;

/* NOT_FOUND when the account has no such domain. */
enum result domain_set_hop(struct tx *tx, struct id account_id, struct str name, struct str next_hop,
	enum hop_tls hop_tls, struct err *err) must_check;
enum result domain_remove(struct tx *tx, struct id account_id, struct str name, struct err *err) must_check;

#endif
