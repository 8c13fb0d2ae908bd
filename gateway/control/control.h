/* control.h - the control socket: how the command line talks to the running
 * daemon.
 *
 * The protocol is one JSON object per line. A request names its command and
 * arguments, {"command": "trace", "id": "0a1b"}; the answer is any number of
 * objects and then {"ok": true} or {"ok": false, "error": "in words"}. One
 * request at a time on a connection. Who may connect: root, the daemon's own
 * user, and members of the group that owns the socket (mode 0660). */
#ifndef MOONGATE_CONTROL_CONTROL_H
#define MOONGATE_CONTROL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct control;
struct control_reply;
struct json_object;
struct owner;

/* What `queue` asks for; NULL: all. State "open", which a request without a
 * state means: not handed over yet. */
struct control_listing {
    const char *network, *state;
    size_t limit;
};

/* A text to be queued as if the account `from` had sent it. `to` is a foreign
 * address as a person types it. All are given and valid UTF-8, but for the
 * manner (driver.h), which may be NULL. */
struct control_text {
    const char *network, *from, *to, *text, *manner;
};

/* Where the answers come from. Each call ends, now or later, in exactly one
 * control_reply_end(); arguments are borrowed for the call.
 *  status: one object {"gateway": {...}, "networks": [...], "lines": [...]},
 *          whose members have name, state, since (Unix ms), problem, and
 *          whatever else there is to know; a line's "facts" are its driver's;
 *  queue:  one object per message (store_list);
 *  trace:  one object with "events" (store_trace);
 *  send:   {"id": "32 hex digits"} once it is committed. */
struct control_source {
    void (*status)(void *arg, struct control_reply *reply);
    void (*queue)(void *arg, const struct control_listing *listing,
                  struct control_reply *reply);
    void (*trace)(void *arg, const char *id, struct control_reply *reply);
    void (*send)(void *arg, const struct control_text *text,
                 struct control_reply *reply);
};

/* Listens on STATE_DIR/control.sock. `source` must outlive it. */
struct control *control_open(struct owner *owner, const char *state_dir,
                             const struct control_source *source, void *arg,
                             struct err *err);

/* After the owner was closed. A reply that is still open stays valid: it is
 * freed by its control_reply_end. NULL is fine. */
void control_free(struct control *control);

/* A reply to somebody within the daemon: `json` takes each object, borrowed,
 * and `end` is the last call. */
struct control_reply *
control_reply_new(void (*json)(void *arg, struct json_object *object),
                  void (*end)(void *arg, const struct err *err), void *arg);

/* One object of the answer; borrowed. */
void control_reply_json(struct control_reply *reply,
                        struct json_object *object);

/* The end of the answer: `err` NULL is success. Frees the reply. */
void control_reply_end(struct control_reply *reply, const struct err *err);

/* The path of the socket below `state_dir`; the caller frees. */
char *control_path(const char *state_dir);

#endif
