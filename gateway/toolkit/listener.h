/* listener.h - a local (unix) stream listener and its client connections, and
 * the blocking client end that the command line uses. */
#ifndef MOONGATE_TOOLKIT_LISTENER_H
#define MOONGATE_TOOLKIT_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct owner;
struct listener;
struct peer; /* one accepted connection */

struct listener_events {
    /* A new connection whose credentials were read (SO_PEERCRED). Return the
     * object to be passed as `conn` below, NULL to refuse. */
    void *(*accepted)(void *arg, struct peer *peer, uid_t uid, gid_t gid);
    /* One line without its newline, at most 64 KiB. */
    void (*line)(void *conn, struct peer *peer, char *line);
    void (*closed)(void *conn); /* the peer is gone; free conn */
};

/* Listens on `path` with `mode`; a stale socket file is replaced, a live one
 * is ERR_CONFIG. At most `max_peers` at a time. */
struct listener *listener_open(struct owner *owner, const char *path,
                               unsigned mode, unsigned max_peers,
                               const struct listener_events *events, void *arg,
                               struct err *err);

/* Queues text (a whole line with its newline). A peer that does not read more
 * than 4 MiB is closed. */
void peer_write(struct peer *peer, const char *text, size_t size);
void peer_close(struct peer *peer); /* after what is queued was written */

/* Blocking: connects to `path`, sends `request` and a newline, and hands each
 * answer line to `line` until it returns false or the peer closes. It may put a
 * further request into *more (heap; freed here), which is sent then. */
bool listener_call(const char *path, const char *request,
                   bool (*line)(void *arg, const char *text, char **more),
                   void *arg, struct err *err);

#endif
