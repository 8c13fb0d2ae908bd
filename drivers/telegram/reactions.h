/* reactions.h - the emoji with which bots may react. Pure. */
#ifndef MOONGATE_TELEGRAM_REACTIONS_H
#define MOONGATE_TELEGRAM_REACTIONS_H

#include <stdbool.h>

/* Is it one of ReactionTypeEmoji of the Bot API? A variation selector at its
 * end does not count. */
bool reaction_is_allowed(const char *emoji);

#endif
