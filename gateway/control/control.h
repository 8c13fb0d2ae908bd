/* control.h - the control socket: how the command line talks to the running
 * daemon, and the door through which it runs commands (core/command.h).
 *
 * The protocol is one JSON object per line. A request names its command and
 * the values of its fields, {"command": "trace", "values": {"id": "0a1b"}},
 * where needed also "network" and, to act for a user, "as". The answer is any
 * number of {"row": {...}} and then {"ok": true, "text": "for people"} or
 * {"ok": false, "error": "in words"}; or {"ask": "title", "text": "for people",
 * "fields": [{"name", "label", "required", "choices"}...]}, to which the client
 * says {"values": {...}}, or hangs up. One request at a time on a connection.
 * Who may connect: root, the daemon's own user, and members of the group that
 * owns the socket (mode 0660). */
#ifndef MOONGATE_CONTROL_CONTROL_H
#define MOONGATE_CONTROL_CONTROL_H

#include <stdbool.h>

#include "base/err.h"

struct control;
struct core;
struct owner;

/* Listens on STATE_DIR/control.sock. */
struct control *control_open(struct owner *owner, const char *state_dir,
                             struct core *core, struct err *err);

/* After the owner was closed. NULL is fine. */
void control_free(struct control *control);

/* The path of the socket below `state_dir`; the caller frees. */
char *control_path(const char *state_dir);

#endif
