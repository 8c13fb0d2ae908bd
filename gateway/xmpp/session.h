/* session.h - which users are there, as their presence tells (XEP-0100 4.4 and
 * 4.5: login with the first available resource, logout with the last). Kept in
 * memory only: at the next start they are probed. */
#ifndef MOONGATE_XMPP_SESSION_H
#define MOONGATE_XMPP_SESSION_H

#include <stdbool.h>
#include <stddef.h>

struct sessions;

enum { SESSION_RESOURCES = 16 }; /* of an account, at most */

struct sessions *sessions_new(void);
void sessions_free(struct sessions *sessions);

/* A resource came; true when it is the account's first one. */
bool sessions_come(struct sessions *sessions, const char *account,
                   const char *resource);

/* It went ("": all of them did); true when it was the last one. */
bool sessions_go(struct sessions *sessions, const char *account,
                 const char *resource);

/* The resources of an account, borrowed; how many. */
size_t sessions_resources(const struct sessions *sessions, const char *account,
                          const char *out[SESSION_RESOURCES]);

/* Is the user known to be away? Who never showed presence is not. */
bool sessions_absent(const struct sessions *sessions, const char *account);

/* He was asked: what comes from his bare JID now is the answer. (Prosody sends
 * unavailable presence for a request for subscription, too.) */
void sessions_probed(struct sessions *sessions, const char *account);

/* The user may be there: something was heard of him. */
void sessions_note(struct sessions *sessions, const char *account);

bool sessions_has(const struct sessions *sessions, const char *account);
size_t sessions_count(const struct sessions *sessions); /* accounts */
void sessions_clear(struct sessions *sessions);

#endif
