/* One request and its answer: what exchange.c (the states), exchange_head.c and exchange_answer.c share. */
#ifndef WEB_EXCHANGE_PRIVATE_H
#define WEB_EXCHANGE_PRIVATE_H

#include "web/server_private.h"

enum exchange_state {
	EXCHANGE_HEAD,	   /* only the request line has been read */
	EXCHANGE_OPENING,  /* a worker asks the route for a sink */
	EXCHANGE_BODY,	   /* body bytes are read */
	EXCHANGE_REFUSED,  /* `result` says why; body bytes are dropped */
	EXCHANGE_HANDLING, /* a worker runs the page */
	EXCHANGE_ANSWER,   /* the answer is ready or being sent */
};

struct exchange {
	struct server *server;
	struct connection *connection;
	struct MHD_Connection *mhd;
	struct arena arena;
	enum exchange_state state;
	struct request request;
	struct response response;

	const char *target_at; /* where libmicrohttpd has it, for head_is_strict */
	uint64_t length;       /* of the body, as announced */
	enum result result;    /* of the last step */
	bool is_counted;       /* in server->exchanges */
	bool must_close;
	struct str allow; /* for a 405 */

	struct upload_sink sink;
	bool has_sink;
	struct form *form;
	struct buf piece; /* body bytes on their way to a worker */

	struct job job;
	void (*step)(struct exchange *exchange);

	struct byte_range range; /* the part of the body that is sent */
	char *chunk;		 /* bytes of a streamed body, read by a worker */
	uint64_t chunk_start;	 /* relative to range.start */
	size_t chunk_len;
};

/* Suspends the connection and has a worker do the step; false when the server is being torn down. */
bool exchange_hand_over(struct exchange *exchange, void (*step)(struct exchange *exchange));

/* Copies the headers; the status to refuse with, or 0. */
int exchange_read_headers(struct exchange *exchange, const char *method, const char *version);
enum http_method exchange_method_of(const char *name);

/* Who sent it, behind trusted proxies. */
void exchange_read_client(struct exchange *exchange);

/* Splits target and cookies, and finds the route; the status to refuse with, or 0. Without a route the
 * response is there already. */
int exchange_find_route(struct exchange *exchange);

/* Makes the answer an error page with this status. */
void exchange_write_error(struct exchange *exchange, enum result result, int status);

/* Adds what every answer has. */
void exchange_finish_response(struct exchange *exchange);

/* Hands the finished response to libmicrohttpd, on the event thread. */
enum MHD_Result exchange_send_answer(struct exchange *exchange);

#endif
