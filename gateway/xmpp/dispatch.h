/* dispatch.h - who handles which stanza. */
#ifndef MOONGATE_XMPP_DISPATCH_H
#define MOONGATE_XMPP_DISPATCH_H

#include <stdbool.h>

#include "xmpp/component.h"

/* One stanza for us. `account` is the bare JID of the sender. */
struct request {
    struct component *component;
    xmpp_stanza_t *stanza;
    const char *type;       /* "" when absent */
    xmpp_stanza_t *payload; /* of an IQ: its first child element */
    struct jid from, to;
    char account[JID_BARE_SIZE];
    char contact[ADDRESS_SIZE]; /* canonical; "": the gateway itself */
};

typedef void request_fn(struct request *request);

void dispatch_stanza(struct component *component, xmpp_stanza_t *stanza);
void dispatch_oversized(struct component *component,
                        const struct stanza_head *head);

/* --- for the handlers --------------------------------------------------- */

/* Why a request cannot be served; `refusal` points into the rest. */
struct denial {
    struct err err;
    char uri[JID_BARE_SIZE * 3];
    struct refusal refusal;
};

/* Is `to` the gateway, or the canonical JID of an address of this network?
 * Fills request->contact; otherwise the denial is item-not-found or gone. */
bool request_resolve(struct request *request, struct denial *denial);

/* May the sender use the network? Otherwise the denial is forbidden. */
bool request_allowed(const struct request *request, struct denial *denial);

/* Answers an IQ, or another stanza, with an error. */
void request_refuse(const struct request *request,
                    const struct refusal *refusal);

/* A refusal without an error of ours behind it. */
void request_refuse_plain(const struct request *request, const char *condition,
                          const char *type, const char *text);

/* The result to an IQ, empty or with a child of the same name and namespace as
 * the request's payload. Send with component_answer. */
xmpp_stanza_t *request_result(const struct request *request,
                              xmpp_stanza_t **query);

/* The canonical foreign address of what a user typed, which may also be an
 * escaped local part or a whole JID of this network. */
bool address_from_typed(const struct component *component, const char *typed,
                        char out[ADDRESS_SIZE], struct err *err);

/* The same by another plan than the network's. */
bool address_from_typed_by(const struct component *component,
                           const struct number_plan *plan, const char *typed,
                           char out[ADDRESS_SIZE], struct err *err);

/* --- handlers ----------------------------------------------------------- */

request_fn message_text, message_bounced, message_groupchat;
request_fn presence_subscribe, presence_unsubscribe, presence_probe,
    presence_available, presence_unavailable;
request_fn iq_register_get, iq_register_set;
request_fn disco_info, disco_items, iq_version, iq_ping, iq_last, iq_time,
    iq_gateway_get, iq_gateway_set;

#endif
