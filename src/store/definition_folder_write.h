#ifndef STORE_DEFINITION_FOLDER_WRITE_H
#define STORE_DEFINITION_FOLDER_WRITE_H

#include "store/definition_folder.h"

/* CONFLICT when the account has one of that name. */
enum result definition_folder_add(
	struct tx *tx, const struct definition_folder *folder, struct err *err) must_check;

/* CONFLICT when the account has another one of that name. */
enum result definition_folder_rename(
	struct tx *tx, struct id id, struct str name, struct err *err) must_check;

/* CONFLICT while a definition lies in it. */
enum result definition_folder_remove(struct tx *tx, struct id id, struct err *err) must_check;

enum result definition_folder_set_everybody(
	struct tx *tx, struct id id, bool to_everybody, struct err *err) must_check;

/* Adding what is there and removing what is not changes nothing. */
enum result definition_folder_add_group(
	struct tx *tx, struct id folder_id, struct id group_id, struct err *err) must_check;
enum result definition_folder_remove_group(
	struct tx *tx, struct id folder_id, struct id group_id, struct err *err) must_check;

#endif
