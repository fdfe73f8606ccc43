#include "store/schema.h"

#include "base/mem.h"

/* Conventions: identifiers are 16 bytes made by us; times are ms since 1970 UTC, 0 meaning never; yes and no
 * are 1 and 0; `…_box` and `wrap.sealed` are sealed bytes (src/seal); addresses stay readable because they
 * are looked up. Enumerations are numbers that the record's header names and that never change. */
static const char begin[] =
	/* One organisation on the installation. key_wrap is its account key under the root key. */
	"CREATE TABLE account ("
	"  id BYTEA PRIMARY KEY,"
	"  name TEXT NOT NULL UNIQUE,"
	"  key_wrap BYTEA NOT NULL,"
	"  created_at BIGINT NOT NULL);"

	"CREATE TABLE account_setting ("
	"  account_id BYTEA NOT NULL REFERENCES account(id),"
	"  name TEXT NOT NULL,"
	"  value TEXT NOT NULL,"
	"  PRIMARY KEY (account_id, name));"

	/* A domain belongs to one account of the installation; next_hop is the organisation's own mail
	   server. */
	"CREATE TABLE domain ("
	"  name TEXT PRIMARY KEY,"
	"  account_id BYTEA NOT NULL REFERENCES account(id),"
	"  next_hop TEXT NOT NULL,"
	"  hop_tls BIGINT NOT NULL,"
	"  created_at BIGINT NOT NULL);"

	/* Who may hand in mail for an account: an address range, or a user name with a password. */
	"CREATE TABLE source ("
	"  id BYTEA PRIMARY KEY,"
	"  account_id BYTEA NOT NULL REFERENCES account(id),"
	"  network TEXT,"
	"  user_name TEXT UNIQUE,"
	"  password_hash TEXT,"
	"  allow_foreign BIGINT NOT NULL,"
	"  normalise_newlines BIGINT NOT NULL,"
	"  created_at BIGINT NOT NULL,"
	"  UNIQUE (account_id, network));"

	/* Internal users and external recipients alike: a mailbox in one account. address_key is the address
	 * in the form in which it is compared. proved_at: when a code sent to the address was first entered.
	 */
	"CREATE TABLE person ("
	"  id BYTEA PRIMARY KEY,"
	"  account_id BYTEA NOT NULL REFERENCES account(id),"
	"  address TEXT NOT NULL,"
	"  address_key TEXT NOT NULL,"
	"  is_internal BIGINT NOT NULL,"
	"  is_administrator BIGINT NOT NULL,"
	"  name_box BYTEA,"
	"  password_hash TEXT,"
	"  language TEXT NOT NULL,"
	"  time_zone TEXT NOT NULL,"
	"  proved_at BIGINT NOT NULL,"
	"  created_at BIGINT NOT NULL,"
	"  UNIQUE (account_id, address_key));"
	"CREATE INDEX person_by_address ON person (address_key);"

	"CREATE TABLE definition ("
	"  id BYTEA PRIMARY KEY,"
	"  account_id BYTEA NOT NULL REFERENCES account(id),"
	"  name TEXT NOT NULL,"
	"  name_key TEXT NOT NULL,"
	"  description TEXT NOT NULL,"
	"  is_default BIGINT NOT NULL,"
	"  position BIGINT NOT NULL,"
	"  may_print BIGINT NOT NULL,"
	"  may_reply BIGINT NOT NULL,"
	"  may_reply_all BIGINT NOT NULL,"
	"  expire_days BIGINT NOT NULL,"
	"  read_receipt BIGINT NOT NULL,"
	"  all_recipients BIGINT NOT NULL,"
	"  created_at BIGINT NOT NULL,"
	"  UNIQUE (account_id, name_key));"

	/* definition_id NULL: take no action. */
	"CREATE TABLE policy ("
	"  id BYTEA PRIMARY KEY,"
	"  account_id BYTEA NOT NULL REFERENCES account(id),"
	"  narrative TEXT NOT NULL,"
	"  definition_id BYTEA REFERENCES definition(id),"
	"  based_on BIGINT NOT NULL,"
	"  from_scope BIGINT NOT NULL,"
	"  from_value TEXT NOT NULL,"
	"  to_scope BIGINT NOT NULL,"
	"  to_value TEXT NOT NULL,"
	"  enabled BIGINT NOT NULL,"
	"  starts_at BIGINT NOT NULL,"
	"  ends_at BIGINT NOT NULL,"
	"  is_override BIGINT NOT NULL,"
	"  sender_may_replace BIGINT NOT NULL,"
	"  bidirectional BIGINT NOT NULL,"
	"  source_networks TEXT NOT NULL,"
	"  created_at BIGINT NOT NULL);"
	"CREATE INDEX policy_by_account ON policy (account_id);"

	/* A mail that was accepted, secured or to be relayed. The rights it was sent with are its own, so
	 * that changing a definition alters no message. head_box and list_box are described in
	 * store/message.h. */
	"CREATE TABLE message ("
	"  id BYTEA PRIMARY KEY,"
	"  account_id BYTEA NOT NULL REFERENCES account(id),"
	"  kind BIGINT NOT NULL,"
	"  owner_id BYTEA REFERENCES person(id),"
	"  sender TEXT NOT NULL,"
	"  definition_id BYTEA,"
	"  definition_name TEXT NOT NULL,"
	"  may_print BIGINT NOT NULL,"
	"  may_reply BIGINT NOT NULL,"
	"  may_reply_all BIGINT NOT NULL,"
	"  read_receipt BIGINT NOT NULL,"
	"  all_recipients BIGINT NOT NULL,"
	"  answers_id BYTEA,"
	"  sent_at BIGINT NOT NULL,"
	"  expires_at BIGINT NOT NULL,"
	"  extended_at BIGINT NOT NULL,"
	"  recalled_at BIGINT NOT NULL,"
	"  size BIGINT NOT NULL,"
	"  sealed_size BIGINT NOT NULL,"
	"  in_blob BIGINT NOT NULL,"
	"  list_box BYTEA NOT NULL,"
	"  head_box BYTEA NOT NULL,"
	"  index_box BYTEA NOT NULL);"
	"CREATE INDEX message_by_account ON message (account_id, id);"

	/* Sealed content up to LIMIT_BODY_IN_ROW_BYTES; larger content is a blob named by the message, or
	   (since migration 4) a place in a pack. */
	"CREATE TABLE message_body ("
	"  message_id BYTEA PRIMARY KEY REFERENCES message(id),"
	"  sealed BYTEA NOT NULL);"

	/* One mail is one message: transactions with the same fingerprint join the message that came first.
	 */
	"CREATE TABLE intake ("
	"  account_id BYTEA NOT NULL,"
	"  fingerprint BYTEA NOT NULL,"
	"  message_id BYTEA NOT NULL,"
	"  accepted_at BIGINT NOT NULL,"
	"  PRIMARY KEY (account_id, fingerprint));"
	"CREATE INDEX intake_by_time ON intake (accepted_at);"

	/* The Message-IDs under which a secure message may be answered, as keyed hashes. */
	"CREATE TABLE message_reference ("
	"  account_id BYTEA NOT NULL,"
	"  reference BYTEA NOT NULL,"
	"  message_id BYTEA NOT NULL REFERENCES message(id),"
	"  PRIMARY KEY (account_id, reference));"

	/* Everybody a secure message was sent to, and by which way. */
	"CREATE TABLE recipient ("
	"  message_id BYTEA NOT NULL REFERENCES message(id),"
	"  person_id BYTEA NOT NULL REFERENCES person(id),"
	"  role BIGINT NOT NULL,"
	"  route BIGINT NOT NULL,"
	"  added_at BIGINT NOT NULL,"
	"  PRIMARY KEY (message_id, person_id));"

	/* One person's view of a message in the portal. is_owner tells apart the two copies of somebody who
	 * writes to himself. */
	"CREATE TABLE copy ("
	"  id BYTEA PRIMARY KEY,"
	"  account_id BYTEA NOT NULL,"
	"  message_id BYTEA NOT NULL REFERENCES message(id),"
	"  person_id BYTEA NOT NULL REFERENCES person(id),"
	"  is_owner BIGINT NOT NULL,"
	"  role BIGINT NOT NULL,"
	"  folder BIGINT NOT NULL,"
	"  sorted_at BIGINT NOT NULL,"
	"  unread BIGINT NOT NULL,"
	"  first_read_at BIGINT NOT NULL,"
	"  UNIQUE (message_id, person_id, is_owner));"
	"CREATE INDEX copy_by_folder ON copy (person_id, folder, sorted_at, id);"

	/* How many copies a folder holds, kept with every change, so that a large mailbox costs no more. */
	"CREATE TABLE folder_count ("
	"  person_id BYTEA NOT NULL REFERENCES person(id),"
	"  folder BIGINT NOT NULL,"
	"  total BIGINT NOT NULL,"
	"  unread BIGINT NOT NULL,"
	"  PRIMARY KEY (person_id, folder));"

	/* Message keys, each wrapped for one holder: a copy, or the message itself while the queue needs its
	 * content. Destroying the last one destroys the message wherever its bytes were copied. */
	"CREATE TABLE wrap ("
	"  holder_id BYTEA PRIMARY KEY,"
	"  message_id BYTEA NOT NULL,"
	"  sealed BYTEA NOT NULL);"
	"CREATE INDEX wrap_by_message ON wrap (message_id);"

	/* The outgoing queue and what became of each recipient; rows stay as evidence until the message goes.
	 */
	"CREATE TABLE delivery ("
	"  id BYTEA PRIMARY KEY,"
	"  account_id BYTEA NOT NULL,"
	"  message_id BYTEA REFERENCES message(id),"
	"  copy_id BYTEA,"
	"  kind BIGINT NOT NULL,"
	"  recipient TEXT NOT NULL,"
	"  sender TEXT NOT NULL,"
	"  destination TEXT NOT NULL,"
	"  state BIGINT NOT NULL,"
	"  created_at BIGINT NOT NULL,"
	"  give_up_at BIGINT NOT NULL,"
	"  next_try_at BIGINT NOT NULL,"
	"  attempts BIGINT NOT NULL,"
	"  lease_until BIGINT NOT NULL,"
	"  dsn_notify BIGINT NOT NULL,"
	"  dsn_original TEXT NOT NULL,"
	"  dsn_envelope TEXT NOT NULL,"
	"  dsn_return BIGINT NOT NULL,"
	"  smtputf8 BIGINT NOT NULL,"
	"  payload_box BYTEA,"
	"  last_reply TEXT NOT NULL,"
	"  last_host TEXT NOT NULL,"
	"  tls_version TEXT NOT NULL,"
	"  tls_cipher TEXT NOT NULL,"
	"  tls_verified TEXT NOT NULL,"
	"  done_at BIGINT NOT NULL,"
	"  UNIQUE (message_id, kind, recipient));"
	"CREATE INDEX delivery_by_time ON delivery (state, next_try_at);"
	"CREATE INDEX delivery_by_account ON delivery (account_id, id);"

	/* The audit log. seq and hash are given by the chaining worker, in the order of id per account. */
	"CREATE TABLE event ("
	"  id BYTEA PRIMARY KEY,"
	"  account_id BYTEA NOT NULL,"
	"  at BIGINT NOT NULL,"
	"  kind TEXT NOT NULL,"
	"  actor_id BYTEA,"
	"  message_id BYTEA,"
	"  person_id BYTEA,"
	"  delivery_id BYTEA,"
	"  origin TEXT NOT NULL,"
	"  detail TEXT NOT NULL,"
	"  seq BIGINT NOT NULL,"
	"  hash BYTEA);"
	"CREATE INDEX event_by_account ON event (account_id, id);"
	"CREATE INDEX event_by_message ON event (message_id, id);"
	"CREATE INDEX event_unchained ON event (seq, account_id, id);"

	"CREATE TABLE event_chain ("
	"  account_id BYTEA PRIMARY KEY REFERENCES account(id),"
	"  seq BIGINT NOT NULL,"
	"  hash BYTEA NOT NULL);"

	/* token_hash: of the cookie, which itself is kept nowhere. */
	"CREATE TABLE session ("
	"  token_hash BYTEA PRIMARY KEY,"
	"  account_id BYTEA NOT NULL,"
	"  person_id BYTEA NOT NULL REFERENCES person(id),"
	"  created_at BIGINT NOT NULL,"
	"  used_at BIGINT NOT NULL,"
	"  ends_at BIGINT NOT NULL,"
	"  proof BIGINT NOT NULL,"
	"  origin TEXT NOT NULL);"
	"CREATE INDEX session_by_person ON session (person_id);"

	/* A sign-in code: for one person, in one browser, once. */
	"CREATE TABLE code ("
	"  id BYTEA PRIMARY KEY,"
	"  account_id BYTEA NOT NULL,"
	"  person_id BYTEA NOT NULL REFERENCES person(id),"
	"  browser_hash BYTEA NOT NULL,"
	"  code_hash BYTEA NOT NULL,"
	"  copy_id BYTEA,"
	"  expires_at BIGINT NOT NULL,"
	"  tries_left BIGINT NOT NULL,"
	"  used_at BIGINT NOT NULL);"
	"CREATE INDEX code_by_browser ON code (browser_hash);"

	/* Counts of what may be done only so often, over a window of time. */
	"CREATE TABLE attempt ("
	"  key BYTEA PRIMARY KEY,"
	"  count BIGINT NOT NULL,"
	"  window_ends_at BIGINT NOT NULL);";

/* A sender is told once that a mail takes long. */
static const char delay_notices[] =
	"ALTER TABLE delivery ADD COLUMN delay_told_at BIGINT NOT NULL DEFAULT 0;";

/* When what a message was kept for is over and its content goes; 0: nothing ends by itself, or it is gone. */
static const char content_ends[] = "ALTER TABLE message ADD COLUMN content_ends_at BIGINT NOT NULL DEFAULT 0;"
				   "UPDATE message SET content_ends_at = sent_at + 90000000 WHERE kind = 2;"
				   "CREATE INDEX message_by_content_end ON message (content_ends_at)"
				   " WHERE content_ends_at > 0;";

/* Content between row and blob lies in packs (blob/blob.h). kept_in: enum content_kept. */
static const char packs[] = "ALTER TABLE message RENAME COLUMN in_blob TO kept_in;"
			    "ALTER TABLE message ADD COLUMN pack_id BYTEA;"
			    "ALTER TABLE message ADD COLUMN pack_offset BIGINT NOT NULL DEFAULT 0;"
			    "CREATE INDEX message_by_pack ON message (pack_id) WHERE pack_id IS NOT NULL;";

/* Codes asked for with an address that nobody has are kept as well, so that entering one tells nothing. Those
 * that are under way end: they are good for minutes only. */
static const char codes_for_nobody[] = "DROP TABLE code;"
				       "CREATE TABLE code ("
				       "  id BYTEA PRIMARY KEY,"
				       "  account_id BYTEA,"
				       "  person_id BYTEA REFERENCES person(id),"
				       "  browser_hash BYTEA NOT NULL,"
				       "  code_hash BYTEA NOT NULL,"
				       "  copy_id BYTEA,"
				       "  expires_at BIGINT NOT NULL,"
				       "  tries_left BIGINT NOT NULL,"
				       "  used_at BIGINT NOT NULL);"
				       "CREATE INDEX code_by_browser ON code (browser_hash);";

/* How the sender of a message names its recipient is the sender's; a person's own name comes from the person
 * or an administrator. Those of people outside were all given by senders. */
static const char recipient_names[] = "ALTER TABLE recipient ADD COLUMN name_box BYTEA;"
				      "UPDATE person SET name_box = NULL WHERE is_internal = 0;";

/* A recipient said once that the address is another person's. A sender is shown when recipients first signed
 * in after a message was sent. */
static const char signs_of_recipients[] =
	"ALTER TABLE copy ADD COLUMN denied_at BIGINT NOT NULL DEFAULT 0;"
	"CREATE INDEX event_of_sign_in ON event (person_id, at) WHERE kind = 'person.signed-in';";

/* Browsers that an address signed in with. password_set_at: sessions begun before do not lead to the mailbox.
 */
static const char known_browsers[] =
	"CREATE TABLE device ("
	"  cookie_hash BYTEA NOT NULL,"
	"  address_key TEXT NOT NULL,"
	"  used_at BIGINT NOT NULL,"
	"  PRIMARY KEY (cookie_hash, address_key));"
	"CREATE INDEX device_by_use ON device (used_at);"
	"ALTER TABLE person ADD COLUMN password_set_at BIGINT NOT NULL DEFAULT 0;";

/* Domains of others to which an account's mail goes by verified TLS only. */
static const char destinations[] = "CREATE TABLE destination ("
				   "  account_id BYTEA NOT NULL REFERENCES account(id),"
				   "  domain TEXT NOT NULL,"
				   "  created_at BIGINT NOT NULL,"
				   "  PRIMARY KEY (account_id, domain));";

/* Definitions lie in folders, which are published to everybody or to groups of the account's people. What
 * there was before stays everybody's: the first folder has its account's identifier. */
static const char publishing[] =
	"CREATE TABLE user_group ("
	"  id BYTEA PRIMARY KEY,"
	"  account_id BYTEA NOT NULL REFERENCES account(id),"
	"  name TEXT NOT NULL,"
	"  name_key TEXT NOT NULL,"
	"  created_at BIGINT NOT NULL,"
	"  UNIQUE (account_id, name_key));"
	"CREATE TABLE group_member ("
	"  group_id BYTEA NOT NULL REFERENCES user_group(id),"
	"  person_id BYTEA NOT NULL REFERENCES person(id),"
	"  added_at BIGINT NOT NULL,"
	"  PRIMARY KEY (group_id, person_id));"
	"CREATE INDEX group_member_by_person ON group_member (person_id);"
	"CREATE TABLE definition_folder ("
	"  id BYTEA PRIMARY KEY,"
	"  account_id BYTEA NOT NULL REFERENCES account(id),"
	"  name TEXT NOT NULL,"
	"  name_key TEXT NOT NULL,"
	"  to_everybody BIGINT NOT NULL,"
	"  created_at BIGINT NOT NULL,"
	"  UNIQUE (account_id, name_key));"
	"CREATE TABLE folder_group ("
	"  folder_id BYTEA NOT NULL REFERENCES definition_folder(id),"
	"  group_id BYTEA NOT NULL REFERENCES user_group(id),"
	"  PRIMARY KEY (folder_id, group_id));"
	"CREATE INDEX folder_group_by_group ON folder_group (group_id);"
	"ALTER TABLE definition ADD COLUMN folder_id BYTEA REFERENCES definition_folder(id);"
	"INSERT INTO definition_folder (id, account_id, name, name_key, to_everybody, created_at)"
	" SELECT id, id, 'General', 'general', 1, created_at FROM account;"
	"UPDATE definition SET folder_id = account_id;";

/* licence_count -1: any number, and then nobody takes one; licences_taken counts the rows of licence, so that
 * a statement can hold the limit. month: years * 12 + months from 0, of the account's zone;
 * sending_month.count counts the rows of sending_recipient. */
static const char licences[] = "ALTER TABLE account ADD COLUMN licence_count BIGINT NOT NULL DEFAULT -1;"
			       "ALTER TABLE account ADD COLUMN licences_taken BIGINT NOT NULL DEFAULT 0;"
			       "ALTER TABLE account ADD COLUMN licences_named BIGINT NOT NULL DEFAULT 0;"
			       "CREATE TABLE licence ("
			       "  person_id BYTEA PRIMARY KEY REFERENCES person(id),"
			       "  account_id BYTEA NOT NULL REFERENCES account(id),"
			       "  since BIGINT NOT NULL);"
			       "CREATE INDEX licence_by_account ON licence (account_id, since);"
			       "CREATE TABLE pack ("
			       "  id BYTEA PRIMARY KEY,"
			       "  account_id BYTEA NOT NULL REFERENCES account(id),"
			       "  person_id BYTEA NOT NULL REFERENCES person(id),"
			       "  more BIGINT NOT NULL,"
			       "  starts_at BIGINT NOT NULL,"
			       "  ends_at BIGINT NOT NULL,"
			       "  created_at BIGINT NOT NULL);"
			       "CREATE INDEX pack_by_person ON pack (person_id);"
			       "CREATE INDEX pack_by_account ON pack (account_id, id);"
			       "CREATE TABLE sending_month ("
			       "  person_id BYTEA NOT NULL REFERENCES person(id),"
			       "  month BIGINT NOT NULL,"
			       "  count BIGINT NOT NULL,"
			       "  PRIMARY KEY (person_id, month));"
			       "CREATE TABLE sending_recipient ("
			       "  person_id BYTEA NOT NULL REFERENCES person(id),"
			       "  month BIGINT NOT NULL,"
			       "  recipient_id BYTEA NOT NULL,"
			       "  counted_at BIGINT NOT NULL,"
			       "  PRIMARY KEY (person_id, month, recipient_id));"
			       "CREATE INDEX sending_recipient_by_time ON sending_recipient (counted_at);";

/* Recall, expiry and what remains of both. A recalled copy is in no folder and names what took it away. What
 * is secured ends for everybody with content_ends_at, as far as it may be extended. destruction lists the
 * keys that were destroyed, whose bytes are wiped out of the database's files soon after (wiped_at), and
 * which a restored backup must not bring back. */
static const char recalls[] =
	"CREATE TABLE recall ("
	"  id BYTEA PRIMARY KEY,"
	"  message_id BYTEA NOT NULL REFERENCES message(id),"
	"  at BIGINT NOT NULL,"
	"  actor_id BYTEA,"
	"  reason_box BYTEA);"
	"CREATE INDEX recall_by_message ON recall (message_id, id);"
	"ALTER TABLE copy ADD COLUMN recall_id BYTEA;"
	"ALTER TABLE message ADD COLUMN expiry_done BIGINT NOT NULL DEFAULT 0;"
	"CREATE INDEX message_by_expiry ON message (expires_at) WHERE expires_at > 0 AND expiry_done = 0;"
	"UPDATE message SET content_ends_at = sent_at + 86400000 * COALESCE((SELECT CAST(s.value AS BIGINT)"
	" FROM account_setting s WHERE s.account_id = message.account_id AND s.name = 'retention_days'), 365)"
	" WHERE kind = 1;"
	"CREATE TABLE destruction ("
	"  holder_id BYTEA PRIMARY KEY,"
	"  message_id BYTEA NOT NULL,"
	"  destroyed_at BIGINT NOT NULL,"
	"  wiped_at BIGINT NOT NULL);"
	"CREATE INDEX destruction_to_wipe ON destruction (wiped_at) WHERE wiped_at <= 0;";

/* Who was told what: the owner that somebody read it (receipt_at), the recipients that it ends soon, the
 * owner that it is unread or ended so. Nobody is told of what was read, or of long silence, before this
 * program. */
static const char tellings[] = "ALTER TABLE copy ADD COLUMN receipt_at BIGINT NOT NULL DEFAULT 0;"
			       "UPDATE copy SET receipt_at = first_read_at WHERE first_read_at > 0;"
			       "CREATE INDEX copy_read_untold ON copy (id)"
			       " WHERE receipt_at = 0 AND first_read_at > 0 AND is_owner = 0;"
			       "ALTER TABLE message ADD COLUMN reminded_at BIGINT NOT NULL DEFAULT 0;"
			       "ALTER TABLE message ADD COLUMN unread_told_at BIGINT NOT NULL DEFAULT 0;"
			       "ALTER TABLE message ADD COLUMN expired_told_at BIGINT NOT NULL DEFAULT 0;"
			       "UPDATE message SET unread_told_at = 1;"
			       "CREATE INDEX message_to_remind ON message (account_id, expires_at)"
			       " WHERE kind = 1 AND expires_at > 0 AND reminded_at = 0;"
			       "CREATE INDEX message_to_tell_unread ON message (account_id, sent_at)"
			       " WHERE kind = 1 AND unread_told_at = 0;"
			       "CREATE INDEX message_to_tell_expired ON message (account_id, expires_at)"
			       " WHERE kind = 1 AND expires_at > 0 AND expired_told_at = 0;"
			       "ALTER TABLE delivery ADD COLUMN resends BIGINT NOT NULL DEFAULT 0;";

/* Whether recipients may save the whole message as a file. */
static const char saving[] = "ALTER TABLE definition ADD COLUMN may_save BIGINT NOT NULL DEFAULT 0;"
			     "ALTER TABLE message ADD COLUMN may_save BIGINT NOT NULL DEFAULT 0;";

/* A delivery is held by a run of a node, not for a time. No node runs while this does. */
static const char holders[] =
	"CREATE TABLE node_run ("
	"  name TEXT PRIMARY KEY,"
	"  run_id BYTEA NOT NULL UNIQUE,"
	"  beats BIGINT NOT NULL,"
	"  started_at BIGINT NOT NULL);"
	"UPDATE delivery SET next_try_at = created_at WHERE state = 1 AND lease_until > 0;"
	"ALTER TABLE delivery DROP COLUMN lease_until;"
	"ALTER TABLE delivery ADD COLUMN holder_id BYTEA;"
	"DROP INDEX delivery_by_time;"
	"CREATE INDEX delivery_due ON delivery (next_try_at, id) WHERE state = 1 AND holder_id IS NULL;"
	"CREATE INDEX delivery_held ON delivery (holder_id) WHERE holder_id IS NOT NULL;";

/* Second factors. A session of stage 1 waits for one, of stage 2 for one to be set up, and opens nothing
 * else. agent: what the browser calls itself, in short. */
static const char second_factors[] =
	"CREATE TABLE second_factor ("
	"  person_id BYTEA PRIMARY KEY REFERENCES person(id),"
	"  secret_box BYTEA NOT NULL,"
	"  created_at BIGINT NOT NULL,"
	"  confirmed_at BIGINT NOT NULL,"
	"  used_step BIGINT NOT NULL);"
	"CREATE TABLE recovery_code ("
	"  person_id BYTEA NOT NULL REFERENCES person(id),"
	"  code_hash BYTEA NOT NULL,"
	"  PRIMARY KEY (person_id, code_hash));"
	"CREATE TABLE remembered ("
	"  id BYTEA PRIMARY KEY,"
	"  person_id BYTEA NOT NULL REFERENCES person(id),"
	"  cookie_hash BYTEA NOT NULL,"
	"  agent TEXT NOT NULL,"
	"  origin TEXT NOT NULL,"
	"  created_at BIGINT NOT NULL,"
	"  used_at BIGINT NOT NULL,"
	"  ends_at BIGINT NOT NULL,"
	"  UNIQUE (person_id, cookie_hash));"
	"CREATE INDEX remembered_by_end ON remembered (ends_at);"
	"ALTER TABLE session ADD COLUMN stage BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE session ADD COLUMN agent TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE definition ADD COLUMN second_factor BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE message ADD COLUMN second_factor BIGINT NOT NULL DEFAULT 0;";

/* Where a copy in Deleted came from, and when its person deleted it for good: it is in no folder then, and
 * its key is gone. */
static const char deleting[] = "ALTER TABLE copy ADD COLUMN deleted_from BIGINT NOT NULL DEFAULT 0;"
			       "ALTER TABLE copy ADD COLUMN destroyed_at BIGINT NOT NULL DEFAULT 0;";
/* What is written in the portal. state: 1 open, 2 sent or thrown away, 3 the same and empty: it stays a
 * while, so that a page left open does not revive it. */
static const char drafts[] =
	"CREATE TABLE draft ("
	"  id BYTEA PRIMARY KEY,"
	"  account_id BYTEA NOT NULL REFERENCES account(id),"
	"  person_id BYTEA NOT NULL REFERENCES person(id),"
	"  answers_id BYTEA,"
	"  answers_all BIGINT NOT NULL,"
	"  state BIGINT NOT NULL,"
	"  saved_at BIGINT NOT NULL,"
	"  box BYTEA);"
	"CREATE INDEX draft_by_person ON draft (person_id, saved_at) WHERE state = 1;"
	"CREATE INDEX draft_closed ON draft (state, saved_at);"
	"CREATE TABLE draft_file ("
	"  id BYTEA PRIMARY KEY,"
	"  draft_id BYTEA NOT NULL REFERENCES draft(id),"
	"  size BIGINT NOT NULL,"
	"  sealed_size BIGINT NOT NULL,"
	"  kept_in BIGINT NOT NULL,"
	"  pack_id BYTEA,"
	"  pack_offset BIGINT NOT NULL,"
	"  box BYTEA NOT NULL,"
	"  sealed BYTEA);"
	"CREATE INDEX draft_file_by_draft ON draft_file (draft_id, id);"
	"CREATE INDEX draft_file_by_pack ON draft_file (pack_id) WHERE pack_id IS NOT NULL;";

/* What the account's people ask of others: who was asked by whom, until when, for how many bytes, and the
 * messages that came of it. */
static const char inquiries[] = "CREATE TABLE inquiry ("
				"  id BYTEA PRIMARY KEY,"
				"  account_id BYTEA NOT NULL REFERENCES account(id),"
				"  asker_id BYTEA NOT NULL REFERENCES person(id),"
				"  asked_id BYTEA NOT NULL REFERENCES person(id),"
				"  definition_id BYTEA,"
				"  purpose_box BYTEA NOT NULL,"
				"  bytes_max BIGINT NOT NULL,"
				"  bytes_got BIGINT NOT NULL,"
				"  answers BIGINT NOT NULL,"
				"  created_at BIGINT NOT NULL,"
				"  expires_at BIGINT NOT NULL,"
				"  closed_at BIGINT NOT NULL,"
				"  delivery_id BYTEA NOT NULL);"
				"CREATE INDEX inquiry_by_asker ON inquiry (asker_id, id);"
				"CREATE INDEX inquiry_by_account ON inquiry (account_id, id);"
				"CREATE TABLE inquiry_answer ("
				"  message_id BYTEA PRIMARY KEY,"
				"  inquiry_id BYTEA NOT NULL REFERENCES inquiry(id),"
				"  at BIGINT NOT NULL);"
				"CREATE INDEX inquiry_answer_by_inquiry ON inquiry_answer (inquiry_id, at);";

/* The file of destroyed keys, which a restored backup is compared with. */
static const char destruction_files[] =
	"ALTER TABLE destruction ADD COLUMN listed BIGINT NOT NULL DEFAULT 0;"
	"CREATE INDEX destruction_to_list ON destruction (listed) WHERE listed = 0;"
	"CREATE TABLE destruction_file ("
	"  id BIGINT PRIMARY KEY,"
	"  bytes BIGINT NOT NULL);"
	"INSERT INTO destruction_file (id, bytes) VALUES (1, 0);";

/* Whether its sender may extend a message; who could before still can. */
static const char extending[] = "ALTER TABLE definition ADD COLUMN may_extend BIGINT NOT NULL DEFAULT 1;"
				"ALTER TABLE message ADD COLUMN may_extend BIGINT NOT NULL DEFAULT 1;";

/* What a person is shown of the own sign-ins. */
static const char sign_in_history[] =
	"CREATE INDEX event_of_person ON event (person_id, id) WHERE message_id IS NULL;";

/* Passkeys, and the challenges that a browser may answer once; of nobody (an identifier of zeros) to sign in.
 */
static const char passkeys[] = "CREATE TABLE passkey ("
			       "  id BYTEA PRIMARY KEY,"
			       "  account_id BYTEA NOT NULL REFERENCES account(id),"
			       "  person_id BYTEA NOT NULL REFERENCES person(id),"
			       "  credential_id BYTEA NOT NULL UNIQUE,"
			       "  algorithm BIGINT NOT NULL,"
			       "  public_key BYTEA NOT NULL,"
			       "  counter BIGINT NOT NULL,"
			       "  name_box BYTEA NOT NULL,"
			       "  created_at BIGINT NOT NULL,"
			       "  used_at BIGINT NOT NULL);"
			       "CREATE INDEX passkey_by_person ON passkey (person_id, id);"
			       "CREATE TABLE challenge ("
			       "  challenge_hash BYTEA PRIMARY KEY,"
			       "  use_kind BIGINT NOT NULL,"
			       "  browser_hash BYTEA NOT NULL,"
			       "  person_id BYTEA NOT NULL,"
			       "  expires_at BIGINT NOT NULL);"
			       "CREATE INDEX challenge_by_end ON challenge (expires_at);";

/* What of a secured message is searched, sealed under its key; it goes with the content. */
static const char searching[] = "CREATE TABLE message_words ("
				"  message_id BYTEA PRIMARY KEY REFERENCES message(id),"
				"  sealed BYTEA NOT NULL);";

/* Codes that senders tell by another way than mail, and in which sessions they were entered. */
static const char access_codes[] =
	"ALTER TABLE definition ADD COLUMN access_code BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE message ADD COLUMN code_set_at BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE message ADD COLUMN code_box BYTEA;"
	"CREATE TABLE code_entry ("
	"  session_hash BYTEA NOT NULL REFERENCES session(token_hash) ON DELETE CASCADE,"
	"  copy_id BYTEA NOT NULL,"
	"  code_set_at BIGINT NOT NULL,"
	"  PRIMARY KEY (session_hash, copy_id));";

/* What lists are filtered and sorted by; sorted_back is -sorted_at, for each one's newest first. Which
 * messages have files is sealed and stays unknown of those that were kept before. */
static const char list_orders[] =
	"ALTER TABLE copy ADD COLUMN has_files BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE copy ADD COLUMN who TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE copy ADD COLUMN ends_at BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE copy ADD COLUMN sorted_back BIGINT NOT NULL DEFAULT 0;"
	"UPDATE copy SET sorted_back = -sorted_at;"
	"UPDATE copy SET ends_at = (SELECT m.expires_at FROM message m WHERE m.id = copy.message_id),"
	" who = COALESCE((SELECT p.address_key FROM message m JOIN person p ON p.id = m.owner_id"
	"  WHERE m.id = copy.message_id), '') WHERE is_owner <> 1;"
	"UPDATE copy SET ends_at = (SELECT m.expires_at FROM message m WHERE m.id = copy.message_id),"
	" who = COALESCE((SELECT p.address_key FROM recipient r JOIN person p ON p.id = r.person_id"
	"  WHERE r.message_id = copy.message_id ORDER BY r.role, p.address_key LIMIT 1), '')"
	" WHERE is_owner = 1;"
	"CREATE INDEX copy_by_time ON copy (person_id, folder, unread, has_files, sorted_at, id);"
	"CREATE INDEX copy_by_who ON copy (person_id, folder, unread, has_files, who, sorted_back, id);"
	"CREATE INDEX copy_by_end ON copy (person_id, folder, unread, has_files, ends_at, id);";

/* Quotes that answers hold as references, and when those of a message were taken away. */
static const char quotes[] = "ALTER TABLE message ADD COLUMN quotes_recalled_at BIGINT NOT NULL DEFAULT 0;"
			     "CREATE TABLE quote ("
			     "  id BYTEA PRIMARY KEY,"
			     "  message_id BYTEA NOT NULL REFERENCES message(id),"
			     "  quoted_id BYTEA NOT NULL REFERENCES message(id),"
			     "  position BIGINT NOT NULL,"
			     "  box BYTEA NOT NULL);"
			     "CREATE INDEX quote_by_message ON quote (message_id, position);"
			     "CREATE INDEX quote_by_quoted ON quote (quoted_id);";

/* How a person wants the portal's lists. */
static const char person_views[] = "ALTER TABLE person ADD COLUMN no_keys BIGINT NOT NULL DEFAULT 0;"
				   "ALTER TABLE person ADD COLUMN conversations BIGINT NOT NULL DEFAULT 0;";

/* What was written waits a moment before it leaves; of what was sent, which message it became. */
static const char leaving[] = "ALTER TABLE draft ADD COLUMN leaves_at BIGINT NOT NULL DEFAULT 0;"
			      "ALTER TABLE draft ADD COLUMN refused_at BIGINT NOT NULL DEFAULT 0;"
			      "ALTER TABLE draft ADD COLUMN message_id BYTEA;"
			      "CREATE INDEX draft_leaving ON draft (leaves_at) WHERE leaves_at > 0;";

/* One person, many addresses: each stays a row, with the messages that came to it, and main_id names the row
 * that the person signs in as. copy.mailbox_id: in whose folders it is, the main row of the copy's person.
 * session.entered_id: by which address it was begun. code.adds_address: what the code proves, for the person
 * who wants to add it; empty: it signs in. */
static const char addresses[] =
	"ALTER TABLE person ADD COLUMN main_id BYTEA;"
	"ALTER TABLE person ADD COLUMN joined_at BIGINT NOT NULL DEFAULT 0;"
	"CREATE INDEX person_by_main ON person (main_id) WHERE main_id IS NOT NULL;"
	"ALTER TABLE copy ADD COLUMN mailbox_id BYTEA;"
	"UPDATE copy SET mailbox_id = person_id;"
	"DROP INDEX copy_by_folder;"
	"DROP INDEX copy_by_time;"
	"DROP INDEX copy_by_who;"
	"DROP INDEX copy_by_end;"
	"CREATE INDEX copy_by_mailbox ON copy (mailbox_id, folder, sorted_at, id);"
	"CREATE INDEX copy_by_time ON copy (mailbox_id, folder, unread, has_files, sorted_at, id);"
	"CREATE INDEX copy_by_who ON copy (mailbox_id, folder, unread, has_files, who, sorted_back, id);"
	"CREATE INDEX copy_by_end ON copy (mailbox_id, folder, unread, has_files, ends_at, id);"
	"ALTER TABLE session ADD COLUMN entered_id BYTEA;"
	"UPDATE session SET entered_id = person_id;"
	"ALTER TABLE code ADD COLUMN adds_address TEXT NOT NULL DEFAULT '';";

static const char last_beats[] = "ALTER TABLE node_run ADD COLUMN beaten_at BIGINT NOT NULL DEFAULT 0;"
				 "UPDATE node_run SET beaten_at = started_at;";

/* Which conversation a copy is of: the identifier of its first message, or of the oldest known. */
static const char conversations[] =
	"ALTER TABLE copy ADD COLUMN thread_id BYTEA;"
	"UPDATE copy SET thread_id ="
	" (SELECT COALESCE(m.answers_id, m.id) FROM message m WHERE m.id = copy.message_id);"
	"CREATE INDEX copy_by_thread ON copy (mailbox_id, thread_id, folder, sorted_at, id);";

/* How a person wants dates shown in pages. */
static const char person_dates[] = "ALTER TABLE person ADD COLUMN date_order BIGINT NOT NULL DEFAULT 0;"
				   "ALTER TABLE person ADD COLUMN twelve_hours BIGINT NOT NULL DEFAULT 0;";

/* What is known of requests that were sent: somebody opened the link, or said that the address is another's.
 */
static const char inquiry_signs[] = "ALTER TABLE inquiry ADD COLUMN link_opened_at BIGINT NOT NULL DEFAULT 0;"
				    "ALTER TABLE inquiry ADD COLUMN denied_at BIGINT NOT NULL DEFAULT 0;"
				    "CREATE INDEX inquiry_by_end ON inquiry (expires_at);";

/* One mail a day tells an owner what became of messages: failed_at, a notification failed and the owner's
 * next summary has to tell it; ends_told_at, it was told that the message ends soon; summary_day, of the last
 * summary, as days since 1970. Failures are few, so the index costs intake nothing. */
static const char summaries[] = "ALTER TABLE message ADD COLUMN failed_at BIGINT NOT NULL DEFAULT 0;"
				"ALTER TABLE message ADD COLUMN ends_told_at BIGINT NOT NULL DEFAULT 0;"
				"CREATE INDEX message_failed ON message (account_id, failed_at)"
				" WHERE failed_at > 0;"
				"ALTER TABLE person ADD COLUMN summary_day BIGINT NOT NULL DEFAULT 0;"
				"ALTER TABLE person ADD COLUMN no_summary BIGINT NOT NULL DEFAULT 0;";

/* What else the file of destroyed keys holds, so that a restored database shows it as before: recalls, and
 * extensions. Recalls of before go into it too, once. */
static const char acts[] = "ALTER TABLE recall ADD COLUMN listed BIGINT NOT NULL DEFAULT 0;"
			   "CREATE INDEX recall_to_list ON recall (listed) WHERE listed = 0;"
			   "CREATE TABLE extension ("
			   "  id BYTEA PRIMARY KEY,"
			   "  message_id BYTEA NOT NULL REFERENCES message(id),"
			   "  at BIGINT NOT NULL,"
			   "  actor_id BYTEA,"
			   "  until BIGINT NOT NULL,"
			   "  listed BIGINT NOT NULL DEFAULT 0);"
			   "CREATE INDEX extension_to_list ON extension (listed) WHERE listed = 0;";

/* Addresses that several people use: each reads under their own name. session.self_id: who does, when
 * person_id is such an address. */
static const char shared_addresses[] =
	"ALTER TABLE person ADD COLUMN shared_at BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE session ADD COLUMN self_id BYTEA;"
	"CREATE INDEX session_by_self ON session (self_id) WHERE self_id IS NOT NULL;"
	"CREATE TABLE address_member ("
	"  address_id BYTEA NOT NULL REFERENCES person(id),"
	"  person_id BYTEA NOT NULL REFERENCES person(id),"
	"  since BIGINT NOT NULL,"
	"  PRIMARY KEY (address_id, person_id));"
	"CREATE INDEX address_member_by_person ON address_member (person_id);";

/* Whose row a second factor was made for: its secret is sealed, and its recovery codes are hashed, for that.
 */
static const char factor_owners[] = "ALTER TABLE second_factor ADD COLUMN made_for BYTEA;";

/* For SQLite fewer trees to write a mail into: tables that are found by their own key alone, and one index of
 * a person's folder, in the order of the usual list, that holds what the other lists filter and sort by. */
static const char fewer_trees[] =
	"CREATE TABLE copy_new ("
	"  id BYTEA PRIMARY KEY,"
	"  account_id BYTEA NOT NULL,"
	"  message_id BYTEA NOT NULL REFERENCES message(id),"
	"  person_id BYTEA NOT NULL REFERENCES person(id),"
	"  mailbox_id BYTEA NOT NULL,"
	"  thread_id BYTEA NOT NULL,"
	"  is_owner BIGINT NOT NULL,"
	"  role BIGINT NOT NULL,"
	"  folder BIGINT NOT NULL,"
	"  sorted_at BIGINT NOT NULL,"
	"  unread BIGINT NOT NULL,"
	"  has_files BIGINT NOT NULL,"
	"  ends_at BIGINT NOT NULL,"
	"  who TEXT NOT NULL,"
	"  first_read_at BIGINT NOT NULL,"
	"  denied_at BIGINT NOT NULL DEFAULT 0,"
	"  recall_id BYTEA,"
	"  receipt_at BIGINT NOT NULL DEFAULT 0,"
	"  deleted_from BIGINT NOT NULL DEFAULT 0,"
	"  destroyed_at BIGINT NOT NULL DEFAULT 0,"
	"  UNIQUE (message_id, person_id, is_owner)) WITHOUT ROWID;"
	"INSERT INTO copy_new (id, account_id, message_id, person_id, mailbox_id, thread_id, is_owner, role,"
	"  folder, sorted_at, unread, has_files, ends_at, who, first_read_at, denied_at, recall_id, "
	"receipt_at,"
	"  deleted_from, destroyed_at)"
	" SELECT id, account_id, message_id, person_id, mailbox_id, thread_id, is_owner, role, folder,"
	"  sorted_at, unread, has_files, ends_at, who, first_read_at, denied_at, recall_id, receipt_at,"
	"  deleted_from, destroyed_at FROM copy;"
	"DROP TABLE copy;"
	"ALTER TABLE copy_new RENAME TO copy;"
	"CREATE INDEX copy_by_mailbox ON copy (mailbox_id, folder, sorted_at, id, unread, has_files, "
	"ends_at, who);"
	"CREATE INDEX copy_by_thread ON copy (mailbox_id, thread_id, folder, sorted_at, id);"
	"CREATE INDEX copy_read_untold ON copy (id)"
	" WHERE receipt_at = 0 AND first_read_at > 0 AND is_owner = 0;"

	"CREATE TABLE wrap_new ("
	"  holder_id BYTEA PRIMARY KEY,"
	"  message_id BYTEA NOT NULL,"
	"  sealed BYTEA NOT NULL) WITHOUT ROWID;"
	"INSERT INTO wrap_new (holder_id, message_id, sealed) SELECT holder_id, message_id, sealed FROM wrap;"
	"DROP TABLE wrap;"
	"ALTER TABLE wrap_new RENAME TO wrap;"
	"CREATE INDEX wrap_by_message ON wrap (message_id);"

	"CREATE TABLE recipient_new ("
	"  message_id BYTEA NOT NULL REFERENCES message(id),"
	"  person_id BYTEA NOT NULL REFERENCES person(id),"
	"  role BIGINT NOT NULL,"
	"  route BIGINT NOT NULL,"
	"  added_at BIGINT NOT NULL,"
	"  name_box BYTEA,"
	"  PRIMARY KEY (message_id, person_id)) WITHOUT ROWID;"
	"INSERT INTO recipient_new (message_id, person_id, role, route, added_at, name_box)"
	" SELECT message_id, person_id, role, route, added_at, name_box FROM recipient;"
	"DROP TABLE recipient;"
	"ALTER TABLE recipient_new RENAME TO recipient;"

	"CREATE TABLE intake_new ("
	"  account_id BYTEA NOT NULL,"
	"  fingerprint BYTEA NOT NULL,"
	"  message_id BYTEA NOT NULL,"
	"  accepted_at BIGINT NOT NULL,"
	"  PRIMARY KEY (account_id, fingerprint)) WITHOUT ROWID;"
	"INSERT INTO intake_new (account_id, fingerprint, message_id, accepted_at)"
	" SELECT account_id, fingerprint, message_id, accepted_at FROM intake;"
	"DROP TABLE intake;"
	"ALTER TABLE intake_new RENAME TO intake;"
	"CREATE INDEX intake_by_time ON intake (accepted_at);"

	"CREATE TABLE message_reference_new ("
	"  account_id BYTEA NOT NULL,"
	"  reference BYTEA NOT NULL,"
	"  message_id BYTEA NOT NULL REFERENCES message(id),"
	"  PRIMARY KEY (account_id, reference)) WITHOUT ROWID;"
	"INSERT INTO message_reference_new (account_id, reference, message_id)"
	" SELECT account_id, reference, message_id FROM message_reference;"
	"DROP TABLE message_reference;"
	"ALTER TABLE message_reference_new RENAME TO message_reference;"

	"CREATE TABLE event_new ("
	"  id BYTEA PRIMARY KEY,"
	"  account_id BYTEA NOT NULL,"
	"  at BIGINT NOT NULL,"
	"  kind TEXT NOT NULL,"
	"  actor_id BYTEA,"
	"  message_id BYTEA,"
	"  person_id BYTEA,"
	"  delivery_id BYTEA,"
	"  origin TEXT NOT NULL,"
	"  detail TEXT NOT NULL,"
	"  seq BIGINT NOT NULL,"
	"  hash BYTEA) WITHOUT ROWID;"
	"INSERT INTO event_new (id, account_id, at, kind, actor_id, message_id, person_id, delivery_id, "
	"origin,"
	"  detail, seq, hash)"
	" SELECT id, account_id, at, kind, actor_id, message_id, person_id, delivery_id, origin, detail, seq,"
	"  hash FROM event;"
	"DROP TABLE event;"
	"ALTER TABLE event_new RENAME TO event;"
	"CREATE INDEX event_by_account ON event (account_id, id);"
	"CREATE INDEX event_by_message ON event (message_id, id) WHERE message_id IS NOT NULL;"
	"CREATE INDEX event_unchained ON event (account_id, id) WHERE seq = 0;"
	"CREATE INDEX event_of_sign_in ON event (person_id, at) WHERE kind = 'person.signed-in';"
	"CREATE INDEX event_of_person ON event (person_id, id) WHERE message_id IS NULL;"

	"CREATE TABLE delivery_new ("
	"  id BYTEA PRIMARY KEY,"
	"  account_id BYTEA NOT NULL,"
	"  message_id BYTEA REFERENCES message(id),"
	"  copy_id BYTEA,"
	"  kind BIGINT NOT NULL,"
	"  recipient TEXT NOT NULL,"
	"  sender TEXT NOT NULL,"
	"  destination TEXT NOT NULL,"
	"  state BIGINT NOT NULL,"
	"  holder_id BYTEA,"
	"  created_at BIGINT NOT NULL,"
	"  give_up_at BIGINT NOT NULL,"
	"  next_try_at BIGINT NOT NULL,"
	"  attempts BIGINT NOT NULL,"
	"  resends BIGINT NOT NULL DEFAULT 0,"
	"  delay_told_at BIGINT NOT NULL DEFAULT 0,"
	"  dsn_notify BIGINT NOT NULL,"
	"  dsn_original TEXT NOT NULL,"
	"  dsn_envelope TEXT NOT NULL,"
	"  dsn_return BIGINT NOT NULL,"
	"  smtputf8 BIGINT NOT NULL,"
	"  payload_box BYTEA,"
	"  last_reply TEXT NOT NULL,"
	"  last_host TEXT NOT NULL,"
	"  tls_version TEXT NOT NULL,"
	"  tls_cipher TEXT NOT NULL,"
	"  tls_verified TEXT NOT NULL,"
	"  done_at BIGINT NOT NULL,"
	"  UNIQUE (message_id, kind, recipient)) WITHOUT ROWID;"
	"INSERT INTO delivery_new (id, account_id, message_id, copy_id, kind, recipient, sender, destination,"
	"  state, holder_id, created_at, give_up_at, next_try_at, attempts, resends, delay_told_at, "
	"dsn_notify,"
	"  dsn_original, dsn_envelope, dsn_return, smtputf8, payload_box, last_reply, last_host, tls_version,"
	"  tls_cipher, tls_verified, done_at)"
	" SELECT id, account_id, message_id, copy_id, kind, recipient, sender, destination, state, holder_id,"
	"  created_at, give_up_at, next_try_at, attempts, resends, delay_told_at, dsn_notify, dsn_original,"
	"  dsn_envelope, dsn_return, smtputf8, payload_box, last_reply, last_host, tls_version, tls_cipher,"
	"  tls_verified, done_at FROM delivery;"
	"DROP TABLE delivery;"
	"ALTER TABLE delivery_new RENAME TO delivery;"
	"CREATE INDEX delivery_by_account ON delivery (account_id, id);"
	"CREATE INDEX delivery_due ON delivery (next_try_at, id) WHERE state = 1 AND holder_id IS NULL;"
	"CREATE INDEX delivery_held ON delivery (holder_id) WHERE holder_id IS NOT NULL;";

/* What people put below what they write, sealed by the account's key, and how they begin. */
static const char signatures[] = "ALTER TABLE person ADD COLUMN signature_box BYTEA;"
				 "ALTER TABLE person ADD COLUMN signs_replies BIGINT NOT NULL DEFAULT 0;"
				 "ALTER TABLE person ADD COLUMN writes_plain BIGINT NOT NULL DEFAULT 0;";

/* Each saving of a draft is a version, and says which page it came from: what is based on an older one does
 * not win (store/draft_write.h). */
static const char draft_versions[] = "ALTER TABLE draft ADD COLUMN version BIGINT NOT NULL DEFAULT 0;"
				     "ALTER TABLE draft ADD COLUMN page_id BYTEA;";

/* One index, for what ends, in place of three: the stage is that of MESSAGE_STAGE (store/message_private.h).
 */
static const char one_index_of_ends[] = "DROP INDEX message_by_expiry;"
					"DROP INDEX message_to_remind;"
					"DROP INDEX message_to_tell_expired;"
					"CREATE INDEX message_by_stage ON message (account_id,"
					"  (CASE WHEN kind <> 1 OR expires_at = 0 THEN NULL"
					"   WHEN expiry_done = 0 AND reminded_at = 0 THEN 0"
					"   WHEN expiry_done = 0 THEN 1"
					"   WHEN expired_told_at = 0 THEN 2 END), expires_at)"
					" WHERE (CASE WHEN kind <> 1 OR expires_at = 0 THEN NULL"
					"   WHEN expiry_done = 0 AND reminded_at = 0 THEN 0"
					"   WHEN expiry_done = 0 THEN 1"
					"   WHEN expired_told_at = 0 THEN 2 END) IS NOT NULL;";

/* When, and by what, the person of a session last showed who it is. */
static const char proofs[] = "ALTER TABLE session ADD COLUMN proved_at BIGINT NOT NULL DEFAULT 0;"
			     "ALTER TABLE session ADD COLUMN proved_by BIGINT NOT NULL DEFAULT 0;";

/* What goes with a message's content is one row. The words come first: a search reads them alone. */
static const char one_content[] =
	"CREATE TABLE message_content ("
	"  message_id BYTEA PRIMARY KEY REFERENCES message(id),"
	"  words BYTEA,"
	"  sealed BYTEA);"
	"INSERT INTO message_content (message_id, words, sealed)"
	" SELECT m.id, w.sealed, b.sealed FROM message m LEFT JOIN message_words w ON w.message_id = m.id"
	" LEFT JOIN message_body b ON b.message_id = m.id"
	" WHERE w.message_id IS NOT NULL OR b.message_id IS NOT NULL ORDER BY m.id;"
	"DROP TABLE message_words;"
	"DROP TABLE message_body;";

/* Most messages begin a conversation, and are found by their own key: its index has the others. */
static const char answers_by_thread[] =
	"DROP INDEX copy_by_thread;"
	"CREATE INDEX copy_by_thread ON copy (mailbox_id, thread_id, folder, sorted_at, id)"
	" WHERE thread_id <> message_id;";

/* Rows that are looked up with what they belong to have a key that begins with that, and no index of it
 * besides. */
static const char owners_keys[] =
	"CREATE TABLE wrap_new ("
	"  message_id BYTEA NOT NULL,"
	"  holder_id BYTEA NOT NULL,"
	"  sealed BYTEA NOT NULL,"
	"  PRIMARY KEY (message_id, holder_id)) WITHOUT ROWID;"
	"INSERT INTO wrap_new (message_id, holder_id, sealed)"
	" SELECT message_id, holder_id, sealed FROM wrap ORDER BY message_id, holder_id;"
	"DROP TABLE wrap;"
	"ALTER TABLE wrap_new RENAME TO wrap;"

	"CREATE TABLE event_new ("
	"  account_id BYTEA NOT NULL,"
	"  id BYTEA NOT NULL,"
	"  at BIGINT NOT NULL,"
	"  kind TEXT NOT NULL,"
	"  actor_id BYTEA,"
	"  message_id BYTEA,"
	"  person_id BYTEA,"
	"  delivery_id BYTEA,"
	"  origin TEXT NOT NULL,"
	"  detail TEXT NOT NULL,"
	"  seq BIGINT NOT NULL,"
	"  hash BYTEA,"
	"  PRIMARY KEY (account_id, id)) WITHOUT ROWID;"
	"INSERT INTO event_new (account_id, id, at, kind, actor_id, message_id, person_id, delivery_id,"
	"  origin, detail, seq, hash)"
	" SELECT account_id, id, at, kind, actor_id, message_id, person_id, delivery_id, origin, detail, seq,"
	"  hash FROM event ORDER BY account_id, id;"
	"DROP TABLE event;"
	"ALTER TABLE event_new RENAME TO event;"
	"CREATE INDEX event_by_message ON event (message_id, id) WHERE message_id IS NOT NULL;"
	"CREATE INDEX event_unchained ON event (account_id, id) WHERE seq = 0;"
	"CREATE INDEX event_of_sign_in ON event (person_id, at) WHERE kind = 'person.signed-in';"
	"CREATE INDEX event_of_person ON event (person_id, id) WHERE message_id IS NULL;"

	/* Which nothing reads by. */
	"DROP INDEX delivery_by_account;";

/* A mail is found by its Message-ID, whether it comes again or is answered: one row for both. known_id: what
 * answers know by the reference, which stays; the rest is of a day. Which reference was of a relayed mail is
 * not known any more: a part of its recipients that comes after this becomes a message of its own. */
static const char one_intake[] =
	"CREATE TABLE intake_new ("
	"  account_id BYTEA NOT NULL,"
	"  reference BYTEA NOT NULL,"
	"  fingerprint BYTEA NOT NULL,"
	"  message_id BYTEA NOT NULL,"
	"  accepted_at BIGINT NOT NULL,"
	"  known_id BYTEA,"
	"  PRIMARY KEY (account_id, reference, fingerprint)) WITHOUT ROWID;"
	"INSERT INTO intake_new (account_id, reference, fingerprint, message_id, accepted_at, known_id)"
	" SELECT account_id, fingerprint, fingerprint, message_id, accepted_at, NULL FROM intake;"
	"INSERT INTO intake_new (account_id, reference, fingerprint, message_id, accepted_at, known_id)"
	" SELECT r.account_id, r.reference, COALESCE(i.fingerprint, r.reference), r.message_id,"
	"  COALESCE(i.accepted_at, 0), r.message_id"
	" FROM message_reference r LEFT JOIN intake i ON i.message_id = r.message_id;"
	"DROP TABLE intake;"
	"DROP TABLE message_reference;"
	"ALTER TABLE intake_new RENAME TO intake;"
	"CREATE INDEX intake_by_time ON intake (accepted_at) WHERE known_id IS NULL;";

/* What answers a request is a draft as well. */
static const char draft_inquiries[] = "ALTER TABLE draft ADD COLUMN inquiry_id BYTEA;";

/* Why a draft could not be sent: the code of the refusal. */
static const char draft_refusals[] = "ALTER TABLE draft ADD COLUMN refused_code TEXT;";

static const struct migration migrations[] = {
	{1, "begin", begin},
	{2, "delay-notices", delay_notices},
	{3, "content-ends", content_ends},
	{4, "packs", packs},
	{5, "codes-for-nobody", codes_for_nobody},
	{6, "recipient-names", recipient_names},
	{7, "signs-of-recipients", signs_of_recipients},
	{8, "known-browsers", known_browsers},
	{9, "destinations", destinations},
	{10, "publishing", publishing},
	{11, "licences", licences},
	{12, "recalls", recalls},
	{13, "tellings", tellings},
	{14, "saving", saving},
	{15, "holders", holders},
	{16, "second-factors", second_factors},
	{17, "deleting", deleting},
	{18, "inquiries", inquiries},
	{19, "destruction-files", destruction_files},
	{20, "extending", extending},
	{21, "drafts", drafts},
	{22, "sign-in-history", sign_in_history},
	{23, "passkeys", passkeys},
	{24, "searching", searching},
	{25, "access-codes", access_codes},
	{26, "list-orders", list_orders},
	{27, "quotes", quotes},
	{28, "person-views", person_views},
	{29, "leaving", leaving},
	{30, "addresses", addresses},
	{31, "last-beats", last_beats},
	{32, "conversations", conversations},
	{33, "person-dates", person_dates},
	{34, "inquiry-signs", inquiry_signs},
	{35, "summaries", summaries},
	{36, "acts", acts},
	{37, "shared-addresses", shared_addresses},
	{38, "factor-owners", factor_owners},
	{39, "fewer-trees", fewer_trees},
	{40, "signatures", signatures},
	{41, "draft-versions", draft_versions},
	{42, "one-index-of-ends", one_index_of_ends},
	{43, "proofs", proofs},
	{44, "one-content", one_content},
	{45, "answers-by-thread", answers_by_thread},
	{46, "owners-keys", owners_keys},
	{47, "one-intake", one_intake},
	{48, "draft-inquiries", draft_inquiries},
	{49, "draft-refusals", draft_refusals},
};

/* PostgreSQL keeps samples of a column's values in its statistics, where nobody but a superuser can wipe
 * them: of keys it must have none. The type stays as it is; what was sampled goes with the change. */
static enum result keep_no_samples(struct tx *tx, void *context, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	(void)context;

	TRY(db_query_one(tx,
		"SELECT CASE WHEN COALESCE(attstattarget, -1) = 0 THEN 1 ELSE 0 END FROM pg_attribute"
		" WHERE attrelid = 'wrap'::regclass AND attname = 'sealed'",
		DB_NO_ARGS, &rows, err));
	bool is_so = row_bool(&rows, 0);
	TRY(rows_end(&rows, err));
	if (is_so)
		return RESULT_OK;
	TRY(db_exec(tx, "ALTER TABLE wrap ALTER COLUMN sealed TYPE BYTEA", DB_NO_ARGS, NULL, err));
	return db_exec(tx, "ALTER TABLE wrap ALTER COLUMN sealed SET STATISTICS 0", DB_NO_ARGS, NULL, err);
}

enum result schema_migrate(struct db *db, int *ret_from, int *ret_to, struct err *err)
{
	TRY(db_migrate(db, migrations, COUNT_OF(migrations), ret_from, ret_to, err));
	return db_kind(db) == DB_POSTGRES ? db_write(db, keep_no_samples, NULL, err) : RESULT_OK;
}

int schema_version(void)
{
	return migrations[COUNT_OF(migrations) - 1].version;
}

enum result schema_check(struct db *db, struct err *err)
{
	int version;

	TRY(db_version(db, &version, err));
	if (version == schema_version())
		return RESULT_OK;
	return err_set(err, RESULT_CONFLICT, "the database is at version %d, this program at %d: %s", version,
		schema_version(),
		version < schema_version() ? "run sealpost migrate" : "use the newer program");
}
