#include "smtp/cut.h"

#include "base/mem.h"
#include "base/thread.h"

#include <sys/socket.h>

#define CUT_RANK 220

struct cut_socket {
	struct cut_socket *next;
	int fd;
};

struct smtp_cut {
	struct lock lock; /* guards all below */
	struct cut_socket *sockets;
	bool made;
};

struct smtp_cut *smtp_cut_new(void)
{
	struct smtp_cut *cut = mem_new(sizeof(*cut));

	lock_init(&cut->lock, "sockets of clients", CUT_RANK);
	return cut;
}

void smtp_cut_free(struct smtp_cut *cut)
{
	lock_done(&cut->lock);
	free(cut);
}

void smtp_cut_all(struct smtp_cut *cut)
{
	LOCKED(&cut->lock);
	cut->made = true;
	for (const struct cut_socket *s = cut->sockets; s; s = s->next)
		(void)shutdown(s->fd, SHUT_RDWR);
}

bool smtp_cut_was_made(struct smtp_cut *cut)
{
	LOCKED(&cut->lock);
	return cut->made;
}

enum result smtp_cut_add(struct smtp_cut *cut, int fd, struct err *err)
{
	if (cut == NULL)
		return RESULT_OK;
	LOCKED(&cut->lock);
	if (cut->made)
		return err_code(err, RESULT_UNAVAILABLE, "cut", "the node stops");
	struct cut_socket *added = mem_new(sizeof(*added));
	*added = (struct cut_socket){cut->sockets, fd};
	cut->sockets = added;
	return RESULT_OK;
}

void smtp_cut_remove(struct smtp_cut *cut, int fd)
{
	if (cut == NULL)
		return;
	LOCKED(&cut->lock);
	for (struct cut_socket **at = &cut->sockets; *at; at = &(*at)->next)
		if ((*at)->fd == fd) {
			struct cut_socket *removed = *at;
			*at = removed->next;
			free(removed);
			return;
		}
}
