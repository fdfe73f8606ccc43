#ifndef STORE_ACT_WRITE_H
#define STORE_ACT_WRITE_H

#include "store/act.h"

/* Keeps that a message was extended. A recall has rows of its own (store/recall_write.h). */
enum result act_add_extension(struct tx *tx, const struct act *act, struct err *err) must_check;

/* It stands in the file. */
enum result act_set_listed(struct tx *tx, const struct act *act, struct err *err) must_check;

/* All of them are to be listed again. */
enum result act_list_anew(struct tx *tx, struct err *err) must_check;

/* A recall or extension of the file, whose row comes back unless it is there. *ret_done: it was not, and its
 * message is there, of which account *ret_account_id tells. */
enum result act_repeat(struct tx *tx, const struct act *act, bool is_listed, bool *ret_done,
	struct id *ret_account_id, struct err *err) must_check;

#endif
