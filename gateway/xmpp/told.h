/* told.h - remembers what was last told to whom, so that nobody is told the
 * same again. Forgets all when it holds too many. */
#ifndef MOONGATE_XMPP_TOLD_H
#define MOONGATE_XMPP_TOLD_H

#include <stdbool.h>

enum { TOLD_MAX = 1 << 17 }; /* pairs; 16 bytes each, and as much to spare */

struct told;

struct told *told_new(void);
void told_free(struct told *told);
void told_forget(struct told *told);

/* Notes that `account` is now told `state` of `contact`. False: it is what he
 * was told last. */
bool told_note(struct told *told, const char *account, const char *contact,
               const char *state);

/* Was that the last that the account was told of the contact? */
bool told_is(const struct told *told, const char *account, const char *contact,
             const char *state);

#endif
