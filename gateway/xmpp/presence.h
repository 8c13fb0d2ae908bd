/* presence.h - how the gateway and its contacts look in a roster. */
#ifndef MOONGATE_XMPP_PRESENCE_H
#define MOONGATE_XMPP_PRESENCE_H

#include "xmpp/stream.h"

struct component;
struct presence;

struct presence *presence_new(struct component *component);
void presence_free(struct presence *presence);

/* The stream is up: probes the users (XEP-0100 4.8.1), then tells them. */
void presence_up(struct presence *presence);

/* Tells everybody who sees presence how things are now, a few at a time. */
void presence_tell_all(struct presence *presence);

/* Tells one account, or one resource of it, how a contact is ("": the gateway),
 * whatever it knows. */
void presence_tell_one(struct component *component, const char *contact,
                       const char *to);

/* The user is back: tells the account what it has missed. */
void presence_catch_up(struct presence *presence, const char *account);

/* Asks whether the user of an account is there. */
void presence_probe_one(struct component *component, const char *account);

/* Sends presence of a contact, of that type and without content. */
void presence_send(struct component *component, const char *contact,
                   const char *to, const char *type, enum stream_class class);

/* Tells everybody at once that we are gone, then calls `done`. */
void presence_leave(struct presence *presence, void (*done)(void *arg),
                    void *arg);

void presence_down(struct presence *presence); /* the stream is gone */

#endif
