/* named.h - answers to IQs that tell a contact's name and picture, which the
 * store has to be asked for: people call it by different names. */
#ifndef MOONGATE_XMPP_NAMED_H
#define MOONGATE_XMPP_NAMED_H

#include "xmpp/avatar.h"
#include "xmpp/dispatch.h"

/* Whose name it is; borrowed. */
struct named {
    const struct component *component;
    const char *contact; /* "": the gateway itself */
    const char *name;    /* NULL: none but its address */
    const char *shown;   /* the name, or else the address as people write it */
    const struct avatar *avatar;
    xmpp_stanza_t *asked;
};

/* Fills in the result of the request. */
typedef void named_fn(const struct named *named, xmpp_stanza_t *result);

/* Answers a request of somebody who may use the network. */
void named_answer(struct request *request, named_fn *write);

#endif
