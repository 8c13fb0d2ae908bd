/* presence.h - how the gateway and its contacts look in a roster. */
#ifndef MOONGATE_XMPP_PRESENCE_H
#define MOONGATE_XMPP_PRESENCE_H

struct component;
struct presence;

struct presence *presence_new(struct component *component);
void presence_free(struct presence *presence);

/* The stream is up: tells everybody, and probes the users (XEP-0100 4.8.1). */
void presence_up(struct presence *presence);

/* Asks whether the user of an account is there. */
void presence_probe_one(struct component *component, const char *account);

/* Tells everybody who sees presence how things are now, a few at a time. */
void presence_tell_all(struct presence *presence);

/* Tells one account how a contact is ("": the gateway). */
void presence_tell_one(struct component *component, const char *contact,
                       const char *account);

/* Tells everybody at once that we are gone, then calls `done`. */
void presence_leave(struct presence *presence, void (*done)(void *arg),
                    void *arg);

void presence_down(struct presence *presence); /* the stream is gone */

#endif
