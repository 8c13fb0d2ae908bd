/* prompt.h - commands by chatting with the gateway's own JID, for the many
 * clients that have no menu of commands. */
#ifndef MOONGATE_XMPP_PROMPT_H
#define MOONGATE_XMPP_PROMPT_H

#include "xmpp/dispatch.h"

struct prompt;

struct prompt *prompt_new(struct component *component);
void prompt_free(
    struct prompt *prompt); /* after its component's owner closed */

/* A text to the gateway itself. What it is: "NAME words...", the answer to what
 * the last one asked for, or "cancel". Who may nothing is refused. */
void prompt_text(struct request *request, const char *text);

#endif
