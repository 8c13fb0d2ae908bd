/* invites.h - codes that XMPP users hand out, so that a Telegram user who opens
 * t.me/BOT?start=CODE gets to the right one. Kept as one text, a line each:
 * CODE EXPIRES JID CHAT. Pure. */
#ifndef MOONGATE_TELEGRAM_INVITES_H
#define MOONGATE_TELEGRAM_INVITES_H

#include <stdbool.h>
#include <stdint.h>

enum { INVITES_MAX = 200, INVITES_OF_ONE = 10, INVITE_DAYS = 7 };

/* The text with one more, heap, without those that are over; the oldest go when
 * there are too many, or too many of that JID. `before` may be NULL. Times are
 * Unix ms. */
char *invites_add(const char *before, const char *code, const char *jid,
                  int64_t now);

/* Whose code it is (heap), and the text that says that `chat` has used it: no
 * other may after that. NULL: nobody's, or it is over. */
char *invites_use(const char *before, const char *code, int64_t chat,
                  int64_t now, char **after);

#endif
