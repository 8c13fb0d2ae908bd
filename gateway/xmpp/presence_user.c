/* presence_user.c - what users tell us of their presence, and their
 * subscriptions.
 *
 * XEP-0100: a request for subscription is granted, never offered unasked; the
 * gateway asks back for its own JID only, to see when the user is there. */
#include "core/front.h"
#include "xmpp/dispatch.h"
#include "xmpp/presence.h"
#include "xmpp/roster.h"
#include "xmpp/session.h"

enum { PRESENT_MS = 10000 }; /* one login gives many stanzas */

static void user_is_there(struct request *request)
{
    struct component *component = request->component;

    if (recent_is_new(&component->present, request->account, PRESENT_MS))
        network_user_available(component->network, request->account);
}

/* Presence to the gateway itself is what counts as login and logout. */
static bool is_session(const struct request *request)
{
    return !request->to.local[0] && request->from.resource[0];
}

void presence_available(struct request *request)
{
    struct component *component = request->component;
    struct sessions *sessions = component->sessions;
    struct denial denial;
    bool absent;

    if (!request_allowed(request, &denial))
        return;
    if (request->from.resource[0])
        roster_seen(component, request->account,
                    xmpp_stanza_get_from(request->stanza));
    user_is_there(request);
    absent = sessions_absent(sessions, request->account);
    sessions_note(sessions, request->account);
    if (is_session(request) &&
        sessions_come(sessions, request->account, request->from.resource))
        presence_tell_one(component, "", request->account);
    if (absent)
        presence_catch_up(component->presence, request->account);
}

/* Servers send it without resource, too, when they answer a probe. */
void presence_unavailable(struct request *request)
{
    struct component *component = request->component;

    if (request->to.local[0])
        return;
    if (sessions_go(component->sessions, request->account,
                    request->from.resource))
        presence_send(component, "", xmpp_stanza_get_from(request->stanza),
                      "unavailable", STREAM_OPTIONAL);
}

/* Servers probe for users who have just come online (RFC 6121 4.3). */
void presence_probe(struct request *request)
{
    struct component *component = request->component;
    struct denial denial;

    if (!request_allowed(request, &denial) ||
        !request_resolve(request, &denial)) {
        xmpp_stanza_t *answer = stanza_answer(request->stanza, "unsubscribed");

        (void)component_send(component, answer, STREAM_OPTIONAL);
        return;
    }
    sessions_note(component->sessions, request->account);
    presence_tell_one(component, request->contact,
                      xmpp_stanza_get_from(request->stanza));
    user_is_there(request);
}

/* A JID that has moved is told by its error, all else by a plain refusal. */
static void refuse_subscription(struct request *request,
                                const struct denial *denial)
{
    xmpp_stanza_t *answer;

    if (denial->refusal.uri) {
        request_refuse(request, &denial->refusal);
        return;
    }
    answer = stanza_answer(request->stanza, "unsubscribed");
    stanza_set(answer, "to", request->account);
    stanza_add(answer, "status", NULL, denial->err.text);
    (void)component_send(request->component, answer, STREAM_NEEDED);
}

void presence_subscribe(struct request *request)
{
    struct component *component = request->component;
    struct denial denial;

    if (!request_allowed(request, &denial) ||
        !request_resolve(request, &denial)) {
        refuse_subscription(request, &denial);
        return;
    }
    network_subscribe(component->network, request->account, request->contact,
                      true);
    presence_send(component, request->contact, request->account, "subscribed",
                  STREAM_NEEDED);
    presence_tell_one(component, request->contact, request->account);
    if (!request->contact[0])
        presence_send(component, "", request->account, "subscribe",
                      STREAM_NEEDED);
    user_is_there(request);
}

void presence_unsubscribe(struct request *request)
{
    struct component *component = request->component;
    struct denial denial;

    if (!request_resolve(request, &denial))
        return;
    network_subscribe(component->network, request->account, request->contact,
                      false);
    presence_send(component, request->contact, request->account, "unsubscribed",
                  STREAM_NEEDED);
    presence_send(component, request->contact, request->account, "unavailable",
                  STREAM_NEEDED);
}
