#include "delivery/queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct delivery relay(uint8_t number, const char *recipient, const char *destination)
{
	return (struct delivery){.id = {.b = {number}},
		.message_id = {.b = {1}},
		.kind = DELIVERY_RELAY,
		.recipient = str_of(recipient),
		.sender = STR("alice@acme.example"),
		.destination = str_of(destination)};
}

static void test_recipients_of_one_mail_and_server_go_together(void **state)
{
	struct delivery_queue queue = {.per_destination = 2};

	(void)state;
	for (uint8_t i = 0; i < 3; i++) {
		struct delivery d = relay(i, "bob@there.example", i == 1 ? "b.example" : "a.example");
		delivery_queue_add(&queue, &d);
	}
	struct batch *first = delivery_queue_next(&queue), *second = delivery_queue_next(&queue);
	assert_int_equal(first->count, 2);
	assert_int_equal(first->tasks[1]->delivery.id.b[0], 2);
	assert_int_equal(second->count, 1);
	assert_null(delivery_queue_next(&queue));
	delivery_queue_end(&queue, first);
	delivery_queue_end(&queue, second);
	assert_null(queue.tasks);
}

static void test_what_waits_is_dropped_and_what_is_sent_stays(void **state)
{
	struct delivery_queue queue = {.per_destination = 1};
	struct delivery sent = relay(1, "a@there.example", "a.example"),
			waits = relay(2, "b@there.example", "a.example");

	(void)state;
	waits.sender = STR("");
	delivery_queue_add(&queue, &sent);
	delivery_queue_add(&queue, &waits);
	struct batch *batch = delivery_queue_next(&queue);
	delivery_queue_drop_waiting(&queue);
	assert_ptr_equal(queue.tasks, batch->tasks[0]);
	assert_null(queue.tasks->next);
	delivery_queue_done(&queue);
	assert_null(queue.tasks);
	assert_null(queue.running);
}

static void test_a_server_of_many_domains_has_no_more_than_a_destination(void **state)
{
	struct delivery_queue queue = {.per_destination = 1, .parked_max = 1};

	(void)state;
	for (uint8_t i = 0; i < 3; i++) {
		struct delivery d = relay(i, "bob@there.example",
			i == 0	 ? "a.example"
			: i == 1 ? "b.example"
				 : "c.example");
		delivery_queue_add(&queue, &d);
	}
	struct batch *a = delivery_queue_next(&queue), *b = delivery_queue_next(&queue),
		     *c = delivery_queue_next(&queue);
	assert_true(delivery_queue_enter(&queue, a, "192.0.2.1 25"));
	assert_true(delivery_queue_enter(&queue, a, "192.0.2.1 25"));
	assert_false(delivery_queue_enter(&queue, b, "192.0.2.1 25"));
	assert_true(delivery_queue_park(&queue, b, "192.0.2.1 25"));
	assert_int_equal(delivery_queue_waiting(&queue), 0);
	assert_null(delivery_queue_next(&queue));
	assert_false(delivery_queue_park(&queue, c, "192.0.2.1 25")); /* one waits already */
	delivery_queue_end(&queue, c);
	delivery_queue_end(&queue, a);
	b = delivery_queue_next(&queue);
	assert_non_null(b);
	assert_string_equal(b->server, "192.0.2.1 25"); /* it has entered */
	delivery_queue_end(&queue, b);
	assert_null(queue.tasks);
}

static void test_what_differs_does_not_share(void **state)
{
	struct delivery a = relay(1, "bob@there.example", "a.example"), b = a;

	(void)state;
	assert_true(delivery_may_share(&a, &b));
	b.sender = STR("");
	assert_false(delivery_may_share(&a, &b));
	b = a, b.message_id.b[0] = 2;
	assert_false(delivery_may_share(&a, &b));
	b = a, b.destination = STR("b.example");
	assert_false(delivery_may_share(&a, &b));
	b = a, b.dsn_envelope = STR("x");
	assert_false(delivery_may_share(&a, &b));
	b = a, b.kind = a.kind = DELIVERY_REPLY;
	assert_false(delivery_may_share(&a, &b));
	/* What is asked of TLS is a matter of the recipient's domain. */
	static const enum delivery_kind kinds[] = {DELIVERY_RELAY, DELIVERY_INTERNAL_COPY};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		a.kind = kinds[i], a.own_hop = HOP_TLS_VERIFIED;
		b = a, b.recipient = STR("bob@elsewhere.example");
		assert_true(delivery_may_share(&a, &b));
		b.own_hop = HOP_TLS_LOOSENED;
		assert_false(delivery_may_share(&a, &b));
		b.own_hop = 0;
		assert_false(delivery_may_share(&a, &b));
	}
}

static void test_a_full_destination_holds_up_nobody_else(void **state)
{
	struct delivery_queue queue = {.per_destination = 1, .one_by_one = true};
	struct str busy[4];

	(void)state;
	for (uint8_t i = 0; i < 20; i++) {
		struct delivery d = relay(i, "bob@there.example", i < 19 ? "slow.example" : "quick.example");
		delivery_queue_add(&queue, &d);
	}
	assert_int_equal(delivery_queue_busy(&queue, busy, 4), 0);
	struct batch *slow = delivery_queue_next(&queue);
	assert_int_equal(slow->count, 1);
	assert_int_equal(delivery_queue_busy(&queue, busy, 4), 1);
	assert_true(str_equal(busy[0], STR("slow.example")));
	assert_int_equal(delivery_queue_waiting(&queue), 1);
	struct batch *quick = delivery_queue_next(&queue);
	assert_int_equal(quick->tasks[0]->delivery.id.b[0], 19);
	assert_null(delivery_queue_next(&queue));
	delivery_queue_end(&queue, slow);
	assert_int_equal(delivery_queue_waiting(&queue), 18);
	delivery_queue_end(&queue, quick);
	delivery_queue_done(&queue);
}

static void test_a_delivery_is_here_once(void **state)
{
	struct delivery_queue queue = {.per_destination = 5};
	struct delivery d = relay(1, "bob@there.example", "a.example");

	(void)state;
	delivery_queue_add(&queue, &d);
	delivery_queue_add(&queue, &d);
	struct batch *batch = delivery_queue_next(&queue);
	assert_int_equal(batch->count, 1);
	delivery_queue_add(&queue, &d);
	assert_null(delivery_queue_next(&queue));
	delivery_queue_end(&queue, batch);
	assert_null(queue.tasks);
}

static void test_a_batch_has_an_end(void **state)
{
	struct delivery_queue queue = {.per_destination = 5};

	(void)state;
	for (size_t i = 0; i < LIMIT_DELIVERY_BATCH + 1; i++) {
		struct delivery d = relay(0, "bob@there.example", "a.example");
		d.id.b[0] = (uint8_t)i;
		d.id.b[1] = (uint8_t)(i >> 8);
		delivery_queue_add(&queue, &d);
	}
	struct batch *first = delivery_queue_next(&queue), *rest = delivery_queue_next(&queue);
	assert_int_equal(first->count, LIMIT_DELIVERY_BATCH);
	assert_int_equal(rest->count, 1);
	delivery_queue_end(&queue, rest);
	delivery_queue_end(&queue, first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recipients_of_one_mail_and_server_go_together),
		cmocka_unit_test(test_what_waits_is_dropped_and_what_is_sent_stays),
		cmocka_unit_test(test_a_server_of_many_domains_has_no_more_than_a_destination),
		cmocka_unit_test(test_what_differs_does_not_share),
		cmocka_unit_test(test_a_full_destination_holds_up_nobody_else),
		cmocka_unit_test(test_a_delivery_is_here_once),
		cmocka_unit_test(test_a_batch_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
