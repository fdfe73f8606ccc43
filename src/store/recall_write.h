#ifndef STORE_RECALL_WRITE_H
#define STORE_RECALL_WRITE_H

#include "store/recall.h"

enum result recall_add(struct tx *tx, const struct recall *recall, struct err *err) must_check;

#endif
