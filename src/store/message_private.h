/* What the statements that look for messages whose time has come share. */
#ifndef STORE_MESSAGE_PRIVATE_H
#define STORE_MESSAGE_PRIVATE_H

/* How far a secured message is that ends: 0 nobody was reminded, 1 somebody was, 2 its recipients' keys are
 * gone and its owner was not told; NULL: it is through, or never ends. One index holds account, stage and
 * expires_at, so what is due is found without a look at what is not: the text must be that of the index. */
#define MESSAGE_STAGE                                                                                        \
	"(CASE WHEN kind <> 1 OR expires_at = 0 THEN NULL"                                                   \
	" WHEN expiry_done = 0 AND reminded_at = 0 THEN 0"                                                   \
	" WHEN expiry_done = 0 THEN 1"                                                                       \
	" WHEN expired_told_at = 0 THEN 2 END)"

#endif
