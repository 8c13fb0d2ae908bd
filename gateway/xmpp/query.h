/* query.h - IQ requests of ours, and what becomes of them. */
#ifndef MOONGATE_XMPP_QUERY_H
#define MOONGATE_XMPP_QUERY_H

#include <stdbool.h>

#include "xmpp/component.h"

struct queries;
struct request;

/* Called once. `answer` is the IQ of type result, borrowed; NULL: it failed,
 * `condition` (RFC 6120 8.3.3) says how: "remote-server-timeout" after 30 s of
 * silence or when the stream has died. */
typedef void query_fn(void *arg, xmpp_stanza_t *answer, const char *condition);

struct queries *queries_new(struct component *component);
void queries_free(struct queries *queries);

/* Asks `to`; `type` is "get" or "set". Consumes `payload`. At most 256 are out
 * at a time; one more fails at once with "resource-constraint". */
void query_send(struct component *component, const char *to, const char *type,
                xmpp_stanza_t *payload, query_fn *fn, void *arg);

/* The same with another patience, in seconds. */
void query_send_within(struct component *component, unsigned patience,
                       const char *to, const char *type, xmpp_stanza_t *payload,
                       query_fn *fn, void *arg);

/* True when the request is an answer to one of ours: it is dealt with. An
 * answer counts only from the one who was asked. */
bool query_answered(struct request *request);

void queries_down(struct queries *queries); /* the stream died */

#endif
