#include "flow/search_words.h"

#include "base/limits.h"
#include "mime/decode.h"
#include "mime/html_text.h"
#include "mime/words.h"
#include "seal/box.h"

static void add_people(struct mime_words *words, const struct mime_address *people, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		mime_words_add(words, people[i].name);
		mime_words_add(words, people[i].address);
	}
}

static void add_head(const struct letter *letter, struct buf *out)
{
	struct mime_words words = {.out = out};

	mime_words_add(&words, letter->subject);
	add_people(&words, &letter->from, 1);
	add_people(&words, &letter->sender, 1);
	add_people(&words, letter->to, letter->to_count);
	add_people(&words, letter->cc, letter->cc_count);
}

/* The beginning of one part's text; of an alternative it is the one that the page shows. */
static void add_part(const struct reader *mail, const struct mime_part *part, struct mime_words *words)
{
	cleanup(buf_done) struct buf text = buf_new(LIMIT_SEARCH_SOURCE_BYTES);
	cleanup(buf_done) struct buf plain = buf_new(LIMIT_SEARCH_SOURCE_BYTES);
	struct mime_part begin = *part;
	bool cut;

	if (begin.body_len > LIMIT_SEARCH_SOURCE_BYTES)
		begin.body_len = LIMIT_SEARCH_SOURCE_BYTES;
	if (mime_part_text(mail, &begin, &text, &cut, NULL) != RESULT_OK)
		return;
	if (!str_equal(part->type, STR("text/html"))) {
		mime_words_add(words, buf_str(&text));
		return;
	}
	mime_html_text(buf_str(&text), &plain);
	mime_words_add(words, buf_str(&plain));
}

static void add_text(struct content *content, struct buf *out)
{
	cleanup(arena_done) struct arena arena = {0};
	struct mime_words words = {.out = out};
	const struct mime_part **parts;
	struct reader mail;
	size_t count = mime_index_body(content_index(content), true, &arena, &parts);

	if (count == 0 || content_open(content, &mail, NULL) != RESULT_OK)
		return;
	for (size_t i = 0; i < count; i++)
		add_part(&mail, parts[i], &words);
}

void search_words(struct content *content, struct buf *out)
{
	const struct letter *letter = content_letter(content);

	buf_add_char(out, letter->files ? '1' : '0');
	add_head(letter, out);
	/* A head of very many words leaves no room; it is searched as far as it goes. */
	out->overflow = false;
	buf_add_char(out, '\n');
	add_text(content, out);
	out->overflow = false;
}

struct bytes search_words_seal(
	struct str words, const struct message_key *key, struct id message_id, struct arena *arena)
{
	return box_seal(key, (struct box_context){"words", message_id}, str_bytes(words), arena);
}

enum result search_words_open(struct bytes box, const struct message_key *key, struct id message_id,
	struct arena *arena, struct str *ret, struct err *err)
{
	struct bytes plain;

	TRY(box_open(key, (struct box_context){"words", message_id}, box, arena, &plain, err));
	*ret = bytes_str(plain);
	return RESULT_OK;
}
