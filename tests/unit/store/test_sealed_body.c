#include "store/sealed_body.h"
#include "tests/unit/blob/store.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SIZE 20000 /* outgrows a row */

/* In place of the system's. */
static _Atomic bool disk_fails;

int fdatasync(int fd)
{
	if (atomic_load(&disk_fails)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

static struct sealed_body *kept(int64_t now)
{
	static const char content[SIZE] = "content";
	struct sealed_body *body = sealed_body_new(store, id_new(now));
	struct writer sink = sealed_body_sink(body);

	assert_ok(writer_write(&sink, (struct str){content, sizeof(content)}, NULL));
	assert_ok(sealed_body_keep(body, now, NULL));
	return body;
}

static void begin_of(const struct content_place *place, char ret[static 7])
{
	cleanup(blob_reader_free_at) struct blob_reader *reader = NULL;
	size_t got;

	assert_int_equal(place->kept, CONTENT_IN_PACK);
	assert_ok(blob_pack_reader_new(store, &place->pack, &reader, NULL));
	struct reader bytes = blob_reader_bytes(reader);
	assert_int_equal(bytes.size, SIZE);
	assert_ok(reader_read(&bytes, 0, ret, 7, &got, NULL));
	assert_int_equal(got, 7);
}

static void what_is_settled_stays_when_it_is_adopted(void **state)
{
	char begin[7];

	(void)state;
	for (int adopts = 0; adopts < 2; adopts++) {
		struct sealed_body *body = kept(MS_DAY);
		assert_ok(sealed_body_settle(body, NULL));
		assert_ok(sealed_body_settle(body, NULL));
		struct content_place place = sealed_body_place(body);
		if (adopts)
			sealed_body_adopt(body);
		sealed_body_free(body);
		begin_of(&place, begin);
		assert_memory_equal(begin, adopts ? "content" : "\0\0\0\0\0\0\0", 7);
	}
}

static void what_waits_for_nothing_leaves_nothing(void **state)
{
	char begin[7];

	(void)state;
	struct sealed_body *body = kept(3 * MS_DAY);
	struct content_place place = sealed_body_place(body);
	sealed_body_free(body);
	begin_of(&place, begin);
	assert_memory_equal(begin, "\0\0\0\0\0\0\0", 7);
}

static void what_did_not_reach_the_disk_is_lost_for_good(void **state)
{
	(void)state;
	struct sealed_body *body = kept(5 * MS_DAY);
	atomic_store(&disk_fails, true);
	assert_int_equal(sealed_body_settle(body, NULL), RESULT_UNAVAILABLE);
	atomic_store(&disk_fails, false);
	assert_int_equal(sealed_body_settle(body, NULL), RESULT_UNAVAILABLE);
	sealed_body_free(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_settled_stays_when_it_is_adopted),
		cmocka_unit_test(what_waits_for_nothing_leaves_nothing),
		cmocka_unit_test(what_did_not_reach_the_disk_is_lost_for_good),
	};
	return cmocka_run_group_tests(tests, store_setup, store_teardown);
}
