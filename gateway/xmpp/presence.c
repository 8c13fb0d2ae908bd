/* presence.c - subscriptions, probes, and telling subscribers of changes.
 *
 * The gateway looks as healthy as the network's lines: available, or dnd with
 * the reason as text; a contact is available while one line works that carries
 * its address. Nothing is said before the lines have started, since all are
 * told of the outcome anyway. Who is told is in the store; the answer comes row
 * by row into a queue, and a timer sends it on in small bites, so that a
 * thousand contacts do not flood the server (and nothing is lost when the
 * output is full). Whoever knows already is left out. A change meanwhile makes
 * one more round afterwards.
 *
 * XEP-0100: a request for subscription is granted, never offered unasked; the
 * gateway asks back for its own JID only, to see when the user is there. Those
 * who see the gateway are probed when the stream comes up. */
#include "xmpp/presence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/mem.h"
#include "toolkit/timer.h"
#include "xmpp/avatar.h"
#include "xmpp/component.h"
#include "xmpp/disco.h"
#include "xmpp/dispatch.h"
#include "xmpp/roster.h"
#include "xmpp/session.h"
#include "xmpp/told.h"

enum {
    BITE = 50,
    BITE_MS = 20,
    PRESENT_MS = 10000, /* one login gives many stanzas */
};

enum what {
    TELL_STATE,
    TELL_STATE_AND_PROBE,
};

struct row {
    struct row *prev, *next;
    enum what what;
    char *account, *contact;
};

enum phase {
    TELLING,
    LEAVING, /* a list that was asked for before is still to come */
    GOODBYE, /* the list that is asked for is told that we are gone */
};

struct presence {
    struct component *component;
    struct timer *timer;
    struct row *rows;
    struct told *told;
    enum phase phase;
    bool asking; /* the store is listing subscriptions */
    bool again;  /* something changed since */
    bool probe;  /* in this round, or the next that takes place */
    void (*done)(void *arg);
    void *arg;
};

/* --- one presence ------------------------------------------------------- */

static xmpp_stanza_t *presence_open(struct component *component,
                                    const char *contact, const char *to,
                                    const char *type)
{
    char from[JID_BARE_SIZE];
    struct envelope envelope = { .from = from, .to = to, .type = type };

    if (!component_jid(component, contact, from))
        return NULL;
    return stanza_open(component->ctx, "presence", &envelope);
}

/* Sends presence of that type and no content. */
static void send_plain(struct component *component, const char *contact,
                       const char *to, const char *type,
                       enum stream_class class)
{
    xmpp_stanza_t *presence = presence_open(component, contact, to, type);

    if (presence)
        (void)component_send(component, presence, class);
}

/* Is it other than what the account was told last? What one resource is told
 * tells the account nothing. */
static bool is_news(struct component *component, const char *contact,
                    const char *to, const char *state)
{
    return strchr(to, '/') ||
           told_note(component->presence->told, to, contact, state);
}

/* `again`: he asked, or comes anew, and is told what he may know already. */
static void send_state(struct component *component, const char *contact,
                       const char *to, bool again)
{
    xmpp_stanza_t *presence;
    enum health health;
    char text[256], state[300];

    health =
        network_contact_health(component->network, contact, text, sizeof(text));
    if (health == HEALTH_UNKNOWN)
        return;
    (void)snprintf(state, sizeof(state), "%d %d %s", health == HEALTH_GOOD,
                   network_policy(component->network)->receipts, text);
    if (!is_news(component, contact, to, state) && !again)
        return;
    presence = presence_open(component, contact, to, NULL);
    if (!presence)
        return;
    if (health != HEALTH_GOOD) {
        stanza_add(presence, "show", NULL, "dnd");
        stanza_add(presence, "status", NULL, text);
    }
    disco_add_caps(component, contact, presence);
    avatar_add_update(presence, contact);
    if (!component_send(component, presence, STREAM_OPTIONAL))
        (void)is_news(component, contact, to, "not reached");
}

void presence_tell_one(struct component *component, const char *contact,
                       const char *account)
{
    send_state(component, contact, account, true);
}

/* --- telling all -------------------------------------------------------- */

static void row_free(struct presence *presence, struct row *row)
{
    DL_DELETE(presence->rows, row);
    free(row->account);
    free(row->contact);
    free(row);
}

static void forget_rows(struct presence *presence)
{
    struct row *row, *next;

    DL_FOREACH_SAFE (presence->rows, row, next) {
        row_free(presence, row);
    }
}

static void add_row(struct presence *presence, enum what what,
                    const char *account, const char *contact)
{
    struct row *row;

    if (!presence->component->up || presence->phase != TELLING)
        return;
    row = xcalloc(1, sizeof(*row));
    row->what = what;
    row->account = xstrdup(account);
    row->contact = xstrdup(contact);
    DL_APPEND(presence->rows, row);
    if (!timer_active(presence->timer))
        timer_repeat(presence->timer, BITE_MS);
}

static void on_row(void *arg, const char *account, const char *contact)
{
    struct presence *presence = arg;
    struct component *component = presence->component;

    if (!account || !component->up)
        return;
    switch (presence->phase) {
    case TELLING:
        add_row(presence,
                presence->probe && !contact[0] ? TELL_STATE_AND_PROBE
                                               : TELL_STATE,
                account, contact);
        break;
    case LEAVING:
        break;
    case GOODBYE:
        send_plain(component, contact, account, "unavailable", STREAM_OPTIONAL);
        break;
    }
}

static void ask(struct presence *presence);

/* One round is over when the store has listed all and all are told. */
static void round_ended(struct presence *presence)
{
    if (presence->asking || presence->rows)
        return;
    timer_stop(presence->timer);
    presence->probe = presence->probe && presence->again;
    if (presence->again)
        ask(presence);
}

static void on_listed(void *arg)
{
    struct presence *presence = arg;

    presence->asking = false;
    switch (presence->phase) {
    case TELLING:
        round_ended(presence);
        break;
    case LEAVING:
        presence->phase = GOODBYE;
        ask(presence);
        break;
    case GOODBYE:
        presence->done(presence->arg);
        break;
    }
}

static void ask(struct presence *presence)
{
    struct network *network = presence->component->network;

    presence->asking = true;
    presence->again = false;
    network_each_subscription(network, NULL, on_row, presence);
    network_after_decided(network, on_listed, presence);
}

static void send_row(struct component *component, const struct row *row)
{
    switch (row->what) {
    case TELL_STATE_AND_PROBE:
        send_plain(component, "", row->account, "probe", STREAM_OPTIONAL);
        send_state(component, row->contact, row->account, false);
        break;
    case TELL_STATE:
        send_state(component, row->contact, row->account, false);
        break;
    }
}

static void on_bite(void *arg)
{
    struct presence *presence = arg;
    struct component *component = presence->component;

    for (unsigned n = 0; n < BITE && presence->rows; n++) {
        struct row *row = presence->rows;

        if (stream_is_full(component->stream))
            return;
        send_row(component, row);
        row_free(presence, row);
    }
    round_ended(presence);
}

void presence_probe_one(struct component *component, const char *account)
{
    send_plain(component, "", account, "probe", STREAM_OPTIONAL);
}

void presence_up(struct presence *presence)
{
    presence->probe = true;
    presence_tell_all(presence);
}

void presence_tell_all(struct presence *presence)
{
    const struct component *component = presence->component;
    char text[256];

    if (!component->up || presence->phase != TELLING ||
        network_health(component->network, text, sizeof(text)) ==
            HEALTH_UNKNOWN)
        return;
    if (presence->asking || presence->rows)
        presence->again = true;
    else
        ask(presence);
}

void presence_leave(struct presence *presence, void (*done)(void *arg),
                    void *arg)
{
    forget_rows(presence);
    timer_stop(presence->timer);
    presence->done = done;
    presence->arg = arg;
    presence->phase = presence->asking ? LEAVING : GOODBYE;
    if (!presence->asking)
        ask(presence);
}

void presence_down(struct presence *presence)
{
    forget_rows(presence);
    timer_stop(presence->timer);
    told_forget(presence->told);
    presence->again = false;
}

struct presence *presence_new(struct component *component)
{
    struct presence *presence = xcalloc(1, sizeof(*presence));

    presence->component = component;
    presence->told = told_new();
    presence->timer = timer_new(&component->owner, on_bite, presence);
    return presence;
}

void presence_free(struct presence *presence)
{
    forget_rows(presence);
    told_free(presence->told);
    free(presence);
}

/* --- from users --------------------------------------------------------- */

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
    struct denial denial;

    if (!request_allowed(request, &denial))
        return;
    if (request->from.resource[0])
        roster_seen(component, request->account,
                    xmpp_stanza_get_from(request->stanza));
    user_is_there(request);
    if (is_session(request) &&
        sessions_come(component->sessions, request->account,
                      request->from.resource))
        send_state(component, "", request->account, true);
}

/* Servers send it without resource, too, when they answer a probe. */
void presence_unavailable(struct request *request)
{
    struct component *component = request->component;

    if (!request->to.local[0] &&
        sessions_go(component->sessions, request->account,
                    request->from.resource))
        send_plain(component, "", xmpp_stanza_get_from(request->stanza),
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
    send_state(component, request->contact,
               xmpp_stanza_get_from(request->stanza), true);
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
    send_plain(component, request->contact, request->account, "subscribed",
               STREAM_NEEDED);
    send_state(component, request->contact, request->account, true);
    if (!request->contact[0])
        send_plain(component, "", request->account, "subscribe", STREAM_NEEDED);
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
    send_plain(component, request->contact, request->account, "unsubscribed",
               STREAM_NEEDED);
    send_plain(component, request->contact, request->account, "unavailable",
               STREAM_NEEDED);
}
