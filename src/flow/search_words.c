#include "flow/search_words.h"

#include "base/limits.h"
#include "mime/decode.h"
#include "mime/html_text.h"
#include "mime/inside.h"
#include "mime/tnef.h"
#include "mime/words.h"
#include "seal/box.h"

static void add_people(struct mime_words *words, const struct mime_address *people, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		mime_words_add(words, people[i].name);
		mime_words_add(words, people[i].address);
	}
}

static void add_letter(const struct letter *letter, struct mime_words *words)
{
	mime_words_add(words, letter->subject);
	add_people(words, &letter->from, 1);
	add_people(words, &letter->sender, 1);
	add_people(words, letter->to, letter->to_count);
	add_people(words, letter->cc, letter->cc_count);
}

/* What words are taken from, the mail's own text first. */
struct source {
	struct reader mail;
	const struct mime_index *index;
	struct mime_words words;
	uint64_t left; /* bytes of texts that are still read */
};

/* The beginning of one part's text; of an alternative it is the one that the page shows. */
static void add_part(struct source *source, const struct mime_part *part)
{
	cleanup(buf_done) struct buf text = buf_new(LIMIT_SEARCH_SOURCE_BYTES);
	cleanup(buf_done) struct buf plain = buf_new(LIMIT_SEARCH_SOURCE_BYTES);
	struct mime_part begin = *part;
	bool cut;

	if (begin.body_len > LIMIT_SEARCH_SOURCE_BYTES)
		begin.body_len = LIMIT_SEARCH_SOURCE_BYTES;
	if (begin.body_len > source->left)
		begin.body_len = source->left;
	source->left -= begin.body_len;
	if (begin.body_len == 0)
		return;
	buf_reserve(&text, (size_t)begin.body_len);
	if (mime_part_text(&source->mail, &begin, &text, &cut, NULL) != RESULT_OK)
		return;
	if (!str_equal(part->type, STR("text/html"))) {
		mime_words_add(&source->words, buf_str(&text));
		return;
	}
	mime_html_text(buf_str(&text), &plain);
	mime_words_add(&source->words, buf_str(&plain));
}

static void add_body(struct source *source)
{
	cleanup(arena_done) struct arena arena = {0};
	const struct mime_part **parts;
	size_t count = mime_index_body(source->index, true, &arena, &parts);

	for (size_t i = 0; i < count; i++)
		add_part(source, parts[i]);
}

/* What people see at the top of an attached mail. */
static void add_attached_head(struct source *source, const struct mime_part *mail)
{
	cleanup(arena_done) struct arena arena = {0};
	struct letter letter = {0};
	size_t got;

	if (mail->header_len > LIMIT_MIME_HEADER_BYTES)
		return;
	char *raw = arena_alloc(&arena, (size_t)mail->header_len);
	if (reader_read(&source->mail, mail->header_offset, raw, (size_t)mail->header_len, &got, NULL) !=
		RESULT_OK)
		return;
	letter_read((struct str){raw, got}, &arena, &letter);
	add_letter(&letter, &source->words);
}

/* What of a part that is inside another is searched. */
struct wanted {
	bool head, text;
};

static void want_attached_mail(const struct mime_index *whole, size_t at, struct wanted *wanted)
{
	cleanup(arena_done) struct arena arena = {0};
	const struct mime_part **parts;
	struct mime_index index;

	if (!mime_inside_message(whole, whole->parts[at].path, &arena, &index))
		return;
	size_t count = mime_index_body(&index, true, &arena, &parts);
	wanted[at + 1].head = true;
	for (size_t i = 0; i < count; i++)
		wanted[at + 1 + (size_t)(parts[i] - index.parts)].text = true;
}

/* The texts that stand as files in a winmail.dat, whose root follows the part: of the messages in it. */
static void want_packed_texts(const struct mime_index *whole, size_t at, struct wanted *wanted)
{
	for (size_t i = at + 1; i < whole->count; i++) {
		const struct mime_part *part = &whole->parts[i];
		if (part->parent == (int)at + 1 && part->disposition == MIME_DISPOSITION_ATTACHMENT)
			wanted[i].text = str_equal(part->type, STR("text/plain")) ||
					 str_equal(part->type, STR("text/html"));
	}
}

/* In the order in which they stand: nothing is decoded twice. */
static void add_inside(struct source *source)
{
	cleanup(arena_done) struct arena arena = {0};
	const struct mime_index *index = source->index;
	struct wanted *wanted = arena_array(&arena, struct wanted, index->count);
	int taken = 0;

	for (size_t i = 0; i < index->count; i++) {
		if (mime_part_is_message(&index->parts[i]))
			want_attached_mail(index, i, wanted);
		else if (mime_part_is_opened_tnef(&index->parts[i]))
			want_packed_texts(index, i, wanted);
	}
	for (size_t i = 0; i < index->count && taken < LIMIT_SEARCH_INSIDE_PARTS; i++) {
		if (wanted[i].head)
			add_attached_head(source, &index->parts[i]);
		if (wanted[i].text)
			add_part(source, &index->parts[i]);
		taken += wanted[i].head + wanted[i].text;
	}
}

static void add_file_names(struct source *source)
{
	cleanup(arena_done) struct arena arena = {0};
	const struct mime_part **files;
	size_t count = mime_index_files(source->index, &arena, &files);

	for (size_t i = 0; i < count; i++)
		if (files[i]->name_count)
			mime_words_add(&source->words, files[i]->names[0]);
}

static void add_text(struct content *content, struct source *source)
{
	cleanup(mime_inside_free_at) struct mime_inside *inside = NULL;

	source->index = content_index(content);
	if (content_open(content, &source->mail, NULL) != RESULT_OK)
		return;
	if (mime_inside_open(source->mail, source->index, LIMIT_SEARCH_INSIDE_BYTES, &inside, NULL) ==
			RESULT_OK &&
		inside) {
		source->index = mime_inside_index(inside);
		source->mail = mime_inside_bytes(inside);
	}
	add_body(source);
	add_file_names(source);
	add_inside(source);
}

void search_words(struct content *content, struct buf *out)
{
	const struct letter *letter = content_letter(content);
	struct source source = {.words = {.out = out}, .left = LIMIT_SEARCH_SOURCES_BYTES};

	buf_add_char(out, letter->files ? '1' : '0');
	mime_words_begin(&source.words);
	add_letter(letter, &source.words);
	/* A head of very many words leaves no room; it is searched as far as it goes. */
	out->overflow = false;
	buf_add_char(out, '\n');
	mime_words_begin(&source.words);
	add_text(content, &source);
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
