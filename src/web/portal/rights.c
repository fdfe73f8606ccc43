#include "web/portal/rights.h"

void rights_set(json_t *view, const struct definition *definition)
{
	const struct rights *rights = &definition->rights;
	json_t *said = view_add_object(view, "rights");

	view_set_flag(said, "may_print", rights->print);
	view_set_flag(said, "may_reply", rights->reply);
	view_set_flag(said, "may_reply_all", rights->reply_all);
	view_set_flag(said, "may_save", rights->save);
	view_set_flag(said, "second_factor", rights->second_factor);
	view_set_flag(said, "access_code", definition->access_code);
	view_set_flag(said, "read_receipt", definition->read_receipt);
	view_set_flag(said, "all_recipients", definition->all_recipients);
}
