/* dial.h - finds a host and connects to it: names are resolved off the loop
 * thread, every address is tried in turn. For socket.c. */
#ifndef MOONGATE_TOOLKIT_DIAL_H
#define MOONGATE_TOOLKIT_DIAL_H

#include <uv.h>

#include "base/err.h"

struct owner;
struct dial;

/* Once, never from inside dial_start. `tcp` is connected and the callee's, who
 * points its `data` to an object of its own and ends it with handle_free_uv;
 * or it is NULL and *err says why (ERR_LINK). The dial is closed already.
 * TCP_NODELAY and keep-alive are on. */
typedef void dial_fn(void *arg, uv_tcp_t *tcp, const struct err *err);

struct dial *dial_start(struct owner *owner, const char *host, int port,
                        uint64_t timeout_ms, dial_fn *done, void *arg);

void dial_cancel(struct dial *dial); /* `done` is not called */

/* After each reading: acknowledges it at once. Linux delays the acknowledgement
 * of what is not answered by 40 ms, and a server without TCP_NODELAY (Prosody)
 * sends nothing more until it has it; the option holds for one reading. */
void dial_acknowledge(uv_stream_t *stream);

/* "HOST:PORT" for people, with brackets where needed; the caller frees. */
char *dial_where(const char *host, int port);

#endif
