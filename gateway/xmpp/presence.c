/* presence.c - telling subscribers how the gateway and its contacts are.
 *
 * The gateway looks as healthy as the network's lines: available, or dnd with
 * the reason as text; a contact is available while one line works that carries
 * its address. Nothing is said before the lines have started, since all are
 * told of the outcome anyway.
 *
 * A change makes a round: who is to be told is read from the store a page at a
 * time, and a timer sends it on in small bites, so that ten thousand contacts
 * neither flood the server nor fill our memory (and nothing is lost when the
 * output is full). Left out is who knows already, and who is known to be away:
 * he is told when he comes back. Changes meanwhile make one more round; the
 * more rounds there were of late, the longer that waits, so that a line that
 * comes and goes is not told each time.
 *
 * When the stream comes up, a round of probes goes first (XEP-0100 4.8.1): the
 * answers tell who is there. */
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
#include "xmpp/session.h"
#include "xmpp/told.h"

enum {
    BITE = 20, /* a thousand in a second */
    BITE_MS = 20,
    ROWS_MAX = 20000,
    ANSWERS_MS = 1000, /* to probes */
    COOL_MS = 30000,
};

/* Wait before a round, in ms, by the number of rounds of late. */
static const unsigned waits[] = {
    0, 1000, 2000, 4000, 8000, 15000, 30000, 60000
};
enum { HOTTEST = sizeof(waits) / sizeof(waits[0]) - 1 };

struct row {
    struct row *prev, *next;
    char *account, *contact;
};

enum phase {
    PROBING,
    TELLING,
    LEAVING, /* a page that was asked for before is still to come */
    GOODBYE, /* the list that is asked for is told that we are gone */
};

struct presence {
    struct component *component;
    struct timer *timer; /* while there are rows */
    struct timer *wait;  /* until the next round */
    struct timer *cool;
    struct row *rows;
    size_t n_rows;
    struct told *told;
    enum phase phase;
    bool round;              /* one is under way */
    bool asking;             /* the store is reading a page, or the goodbyes */
    bool all_read;           /* there is no further page in this round */
    bool again;              /* something changed since it began */
    char *account, *contact; /* the last row of the last page; NULL: none */
    unsigned heat;           /* rounds of late */
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

void presence_send(struct component *component, const char *contact,
                   const char *to, const char *type, enum stream_class class)
{
    xmpp_stanza_t *presence = presence_open(component, contact, to, type);

    if (presence)
        (void)component_send(component, presence, class);
}

/* What one resource is told the account knows if it is the only one. */
static const char *who_knows(struct component *component, const char *to,
                             char account[JID_BARE_SIZE])
{
    const char *slash = strchr(to, '/');
    const char *resources[SESSION_RESOURCES];

    if (!slash)
        return to;
    text_copy(account, JID_BARE_SIZE, to);
    if ((size_t)(slash - to) < JID_BARE_SIZE)
        account[slash - to] = '\0';
    return sessions_resources(component->sessions, account, resources) == 1 &&
                   strcmp(resources[0], slash + 1) == 0
               ? account
               : NULL;
}

/* How a contact is now; false: nobody knows yet. `state` is what of it makes a
 * difference to others. */
struct state {
    enum health health;
    char text[256], words[350];
    const char *picture; /* its hash */
};

static bool look(const struct component *component, const char *account,
                 const char *contact, struct state *state)
{
    const struct network *network = component->network;

    state->health = network_contact_health(network, contact, state->text,
                                           sizeof(state->text));
    state->picture = avatar_sha1(network, account, contact);
    (void)snprintf(state->words, sizeof(state->words), "%d %d %s %s",
                   state->health == HEALTH_GOOD,
                   network_policy(network)->receipts, state->picture,
                   state->text);
    return state->health != HEALTH_UNKNOWN;
}

static bool write_state(struct component *component, const char *contact,
                        const char *to, const struct state *state)
{
    xmpp_stanza_t *presence = presence_open(component, contact, to, NULL);

    if (!presence)
        return true;
    if (state->health != HEALTH_GOOD) {
        stanza_add(presence, "show", NULL, "dnd");
        stanza_add(presence, "status", NULL, state->text);
    }
    disco_add_caps(component, contact, presence);
    avatar_add_update(presence, state->picture);
    return component_send(component, presence, STREAM_OPTIONAL);
}

/* `again`: he asked, or comes anew, and is told what he may know already. True
 * when something was sent. */
static bool send_state(struct component *component, const char *contact,
                       const char *to, bool again)
{
    struct told *told = component->presence->told;
    char bare[JID_BARE_SIZE];
    const char *account = who_knows(component, to, bare);
    struct state state;
    bool news;

    if (!look(component, strchr(to, '/') ? bare : to, contact, &state))
        return false;
    news = !account || told_note(told, account, contact, state.words);
    if (!news && !again)
        return false;
    if (!write_state(component, contact, to, &state) && account)
        (void)told_note(told, account, contact, "not reached");
    return true;
}

void presence_tell_one(struct component *component, const char *contact,
                       const char *to)
{
    (void)send_state(component, contact, to, true);
}

/* --- rounds -------------------------------------------------------------- */

static void row_free(struct presence *presence, struct row *row)
{
    DL_DELETE(presence->rows, row);
    presence->n_rows--;
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

static void remember(struct presence *presence, const char *account,
                     const char *contact)
{
    free(presence->account);
    free(presence->contact);
    presence->account = xstrdup(account);
    presence->contact = xstrdup(contact);
}

static void end_round(struct presence *presence)
{
    forget_rows(presence);
    timer_stop(presence->timer);
    timer_stop(presence->wait);
    remember(presence, NULL, NULL);
    presence->round = presence->again = false;
}

static void add_row(struct presence *presence, const char *account,
                    const char *contact)
{
    struct row *row = xcalloc(1, sizeof(*row));

    row->account = xstrdup(account);
    row->contact = xstrdup(contact);
    DL_APPEND(presence->rows, row);
    presence->n_rows++;
    if (!timer_active(presence->timer))
        timer_repeat(presence->timer, BITE_MS);
}

/* Is there anything to tell him, and is he there to hear it? */
static bool is_wanted(const struct presence *presence, const char *account,
                      const char *contact)
{
    const struct component *component = presence->component;
    struct state state;

    if (presence->phase == PROBING)
        return contact[0] == '\0';
    return !sessions_absent(component->sessions, account) &&
           look(component, account, contact, &state) &&
           !told_is(presence->told, account, contact, state.words);
}

static void ask_page(struct presence *presence);

/* The page was empty, or all of it is told. */
static void go_on(struct presence *presence)
{
    if (presence->rows || presence->asking)
        return;
    timer_stop(presence->timer);
    if (!presence->round)
        return;
    if (!presence->all_read) {
        ask_page(presence);
        return;
    }
    presence->round = false;
    remember(presence, NULL, NULL);
    if (presence->phase == PROBING) {
        presence->phase = TELLING;
        timer_start(presence->wait, ANSWERS_MS);
    } else if (presence->again) {
        presence_tell_all(presence);
    }
}

static void say_goodbye(struct presence *presence);

static void page_ended(struct presence *presence)
{
    presence->asking = false;
    if (presence->phase == LEAVING)
        say_goodbye(presence);
    else
        go_on(presence);
}

static void on_row(void *arg, const char *account, const char *contact)
{
    struct presence *presence = arg;

    if (!account) {
        page_ended(presence);
        return;
    }
    presence->all_read = false;
    if (!presence->round || presence->phase == LEAVING)
        return;
    remember(presence, account, contact);
    if (is_wanted(presence, account, contact))
        add_row(presence, account, contact);
}

static void ask_page(struct presence *presence)
{
    presence->asking = true;
    presence->all_read = true; /* unless a row comes */
    network_page_subscriptions(presence->component->network, presence->account,
                               presence->contact, on_row, presence);
}

static void begin_round(void *arg)
{
    struct presence *presence = arg;

    if (presence->asking) { /* a page for a stream that has died */
        timer_start(presence->wait, BITE_MS);
        return;
    }
    presence->round = true;
    presence->again = false;
    ask_page(presence);
}

/* True when something was sent. */
static bool send_row(struct presence *presence, const struct row *row)
{
    struct component *component = presence->component;

    if (presence->phase == PROBING) {
        presence_probe_one(component, row->account);
        return true;
    }
    return send_state(component, row->contact, row->account, false);
}

static void on_bite(void *arg)
{
    struct presence *presence = arg;
    struct component *component = presence->component;

    for (unsigned n = 0; n < BITE && presence->rows;) {
        struct row *row = presence->rows;

        if (stream_is_full(component->stream))
            return;
        n += send_row(presence, row);
        row_free(presence, row);
    }
    go_on(presence);
}

static void on_cooler(void *arg)
{
    struct presence *presence = arg;

    if (presence->heat > 0)
        presence->heat--;
    if (presence->heat == 0)
        timer_stop(presence->cool);
}

void presence_tell_all(struct presence *presence)
{
    const struct component *component = presence->component;
    char text[256];

    if (!component->up || presence->phase > TELLING ||
        network_health(component->network, text, sizeof(text)) ==
            HEALTH_UNKNOWN)
        return;
    if (presence->round) {
        presence->again = true;
        return;
    }
    if (timer_active(presence->wait))
        return;
    if (waits[presence->heat] > 0)
        timer_start(presence->wait, waits[presence->heat]);
    else
        begin_round(presence);
    presence->heat += presence->heat < HOTTEST;
    if (!timer_active(presence->cool))
        timer_repeat(presence->cool, COOL_MS);
}

/* --- one account --------------------------------------------------------- */

void presence_probe_one(struct component *component, const char *account)
{
    sessions_probed(component->sessions, account);
    presence_send(component, "", account, "probe", STREAM_OPTIONAL);
}

static void on_missed(void *arg, const char *account, const char *contact)
{
    struct presence *presence = arg;

    if (!account || !presence->component->up || presence->phase != TELLING ||
        !is_wanted(presence, account, contact))
        return;
    if (presence->n_rows < ROWS_MAX)
        add_row(presence, account, contact);
    else
        presence_tell_all(presence);
}

void presence_catch_up(struct presence *presence, const char *account)
{
    network_each_subscription(presence->component->network, account, on_missed,
                              presence);
}

/* --- the stream ---------------------------------------------------------- */

void presence_up(struct presence *presence)
{
    if (presence->phase > TELLING)
        return;
    presence->phase = PROBING;
    begin_round(presence);
}

static void on_parting(void *arg, const char *account, const char *contact)
{
    struct presence *presence = arg;
    struct component *component = presence->component;

    if (account && component->up &&
        !sessions_absent(component->sessions, account))
        presence_send(component, contact, account, "unavailable",
                      STREAM_OPTIONAL);
}

static void on_parted(void *arg)
{
    struct presence *presence = arg;

    presence->done(presence->arg);
}

static void say_goodbye(struct presence *presence)
{
    struct network *network = presence->component->network;

    presence->phase = GOODBYE;
    network_each_subscription(network, NULL, on_parting, presence);
    network_after_decided(network, on_parted, presence);
}

void presence_leave(struct presence *presence, void (*done)(void *arg),
                    void *arg)
{
    end_round(presence);
    presence->done = done;
    presence->arg = arg;
    presence->phase = LEAVING;
    if (!presence->asking)
        say_goodbye(presence);
}

void presence_down(struct presence *presence)
{
    end_round(presence);
    told_forget(presence->told);
}

struct presence *presence_new(struct component *component)
{
    struct presence *presence = xcalloc(1, sizeof(*presence));
    struct owner *owner = &component->owner;

    presence->component = component;
    presence->phase = TELLING;
    presence->told = told_new();
    presence->timer = timer_new(owner, on_bite, presence);
    presence->wait = timer_new(owner, begin_round, presence);
    presence->cool = timer_new(owner, on_cooler, presence);
    return presence;
}

void presence_free(struct presence *presence)
{
    forget_rows(presence);
    remember(presence, NULL, NULL);
    told_free(presence->told);
    free(presence);
}
