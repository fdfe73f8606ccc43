#ifndef STORE_SETTING_WRITE_H
#define STORE_SETTING_WRITE_H

#include "store/setting.h"

/* Sets a value that setting_check accepted. */
enum result setting_set(struct tx *tx, struct id account_id, const struct setting *setting, struct str value,
	struct err *err) must_check;

#endif
