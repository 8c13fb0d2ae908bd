/* inbox.c - accepts messages of both directions: one store job each decides
 * and inserts. What comes from a line needs its account first: those to whom
 * the line belongs (people.h), else the newest that talked with this contact
 * (remembered in a small cache), else the network's `inbox`, else nobody: then
 * it is held and the admins are told. What one of a team writes is accepted
 * together with its copies for the others. */
#include "core/inbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/account.h"
#include "core/core.h"
#include "core/known.h"
#include "core/line.h"
#include "core/media.h"
#include "core/network.h"
#include "core/outbox.h"
#include "core/parts.h"
#include "core/watch.h"
#include "store/store.h"

enum { INBOX_MAX = 32 };

/* --- from XMPP
 * ----------------------------------------------------------------- */

struct user_entry {
    struct network *network;
    struct id id;
    struct offer offer;
    char *contact, *account;
    char *stanza_id, *from; /* only with a remark to it */
    inbox_done_fn *done;
    void *arg;
};

static void user_free(struct user_entry *user)
{
    free(user->contact);
    free(user->account);
    free(user->stanza_id);
    free(user->from);
    free(user->offer.remark);
    free(user);
}

/* Tells the sender what the plan of his text has changed. */
static void user_remark(const struct user_entry *user)
{
    struct network *network = user->network;
    struct remark remark = {
        .account = user->account,
        .contact = user->contact,
        .stanza_id = user->stanza_id,
        .from = user->from,
        .text = user->offer.remark,
    };
    log_info("network %s: letters were changed in a text to %s",
             network_name(network), log_number(user->contact).text);
    if (network->front_state == FRONT_UP)
        (void)network->front->remark(network->self, &remark);
}

static void on_user_text(void *arg, struct entry_result *results, size_t n,
                         const struct err *err)
{
    struct user_entry *user = arg;
    struct network *network = user->network;
    struct entry_result *result = n > 0 ? &results[0] : NULL;
    bool failed = core_failed(network->core, err);
    bool refused = !failed && result->outcome == ENTRY_REFUSED;
    bool queued = !failed && result->outcome == ENTRY_QUEUED;
    bool taken = !failed && result->outcome == ENTRY_TAKEN;
    user->done(user->arg, &user->id,
               failed    ? err
               : refused ? &result->err
                         : NULL);
    if (refused && result->paused)
        watch_tell_pause(network, user->account);
    /* What comes in over lines of others' is not for him. */
    if (!failed && !refused &&
        !(user->offer.line && user->offer.line->own_settings))
        known_note_account(network, user->contact, user->account);
    if ((queued || taken) && user->offer.remark)
        user_remark(user);
    if (!failed && result->delivery && user->offer.line)
        known_note_line(user->offer.line, user->contact);
    sink_line_accept(network, &user->offer, failed ? NULL : result->delivery);
    if (queued)
        lane_has_backlog(&network->to_line);
    for (size_t i = 1; i < n; i++)
        inbox_hand_over(network, &results[i]);
    if (n > 1)
        lane_pump(&network->to_xmpp);
    user_free(user);
}

static int64_t expiry(const struct network *network)
{
    const struct line *line = network_line_next(network, NULL);
    int64_t ttl = network->ttl_ms;
    if (ttl == 0 && line)
        ttl = (int64_t)line->driver->limits.ttl_s * 1000;
    return ttl ? clock_wall_ms() + ttl : 0;
}

static struct user_entry *user_new(struct network *network,
                                   const struct user_text *text,
                                   inbox_done_fn *done, void *arg)
{
    struct user_entry *user = xcalloc(1, sizeof(*user));
    user->network = network;
    user->id = id_new();
    user->contact = xstrdup(text->contact);
    user->account = xstrdup(text->account);
    user->done = done;
    user->arg = arg;
    return user;
}

/* Borrows from all three. */
static struct entry entry_of(const struct user_entry *user,
                             const struct user_text *text,
                             const struct attachment_row *own)
{
    struct network *network = user->network;
    const struct line *line = user->offer.line;
    bool intent = user->offer.intent;
    return (struct entry){
        .id = user->id,
        .direction = TO_LINE,
        .kind = text->kind,
        .target = text->target,
        .network = network_name(network),
        .contact = text->contact,
        .account = text->account,
        .text = text->text,
        .attachments = text->attachment ? own : NULL,
        .n_attachments = text->attachment != NULL,
        .stanza_id = text->stanza_id,
        .from = text->from,
        .source = text->account,
        .key = text->origin_id,
        .manner = text->manner,
        .receipt = text->receipt,
        .markable = text->markable,
        .make_account = account_is_made(network, text->account),
        .allowance = &network->limits.allowance,
        .answers_only = destination_answers_only(
            &network->limits.destinations, text->contact,
            network->policy.phone_addresses),
        .cost = user->offer.cost,
        .expires = expiry(network),
        .take = line != NULL,
        .line = line ? line_name(line) : NULL,
        .sim = line ? line->sim : NULL,
        .reference = user->offer.reference,
        .parts = intent ? user->offer.parts : NULL,
        .n_parts = intent ? user->offer.n : 0,
        .spend = user->offer.spend,
    };
}

/* With copies for a team behind it. */
static void user_accept(struct user_entry *user, const struct user_text *text)
{
    struct network *network = user->network;
    struct attachment_row own = { .state = ATTACHMENT_PUBLISHED,
                                  .url = (char *)text->attachment };
    struct entry entries[1 + PEOPLE_MAX];
    struct acceptance acceptance = { .entries = entries };
    char *marked = NULL;
    entries[0] = entry_of(user, text, &own);
    acceptance.n =
        1 + inbox_copies(network, text, user->offer.line, &marked, entries + 1);
    store_accept(network->core->store, &acceptance, on_user_text, user);
    free(marked);
}

void inbox_user_text(struct network *network, const struct user_text *text,
                     inbox_done_fn *done, void *arg)
{
    struct user_entry *user = user_new(network, text, done, arg);
    struct err err = { 0 };
    if (network_refuses(network, &err) || !watch_out(network, text, &err) ||
        !sink_line_offer(network, text, known_line(network, text->contact),
                         &user->id, &user->offer, &err)) {
        done(arg, &user->id, &err);
        user_free(user);
        return;
    }
    if (user->offer.remark) {
        user->stanza_id = xstrdup(text->stanza_id);
        user->from = xstrdup(text->from);
    }
    user_accept(user, text);
}

void network_typing(struct network *network, const char *account,
                    const char *contact, bool on)
{
    const struct line *last = known_line(network, contact);
    struct line *line = route_next(network, account, contact, NULL);
    struct line *other = line;
    for (; other; other = route_next(network, account, contact, other))
        if (other == last)
            line = other;
    if (line && line_is_online(line) && (line->caps & CAP_TYPING))
        line->driver->typing(line, contact, on);
}

/* --- from a line
 * ----------------------------------------------------------------- */

/* Messages of one token on their way in, copied from the driver. */
struct arrival {
    struct receipt receipt;
    struct line *line;
    struct incoming *messages;
    struct attachment_row **rows; /* of each message: n_attachments */
    size_t n, at; /* messages; the one whose account is looked for */
    int64_t set;  /* fragments that these messages replace */
    size_t set_n;
    char *key, *value; /* the line's state from then on; or NULL */
    struct entry *entries;
    size_t n_entries;
};

static char *copy_chat(struct network *network, const char *chat)
{
    char address[1024];
    struct err err;
    bool good = network_address(network, chat, address, &err);
    return xstrdup(good ? address : chat);
}

enum receiver { RECEIVER_KNOWN, RECEIVER_INBOX, RECEIVER_INBOX_TOO };

static void arrival_add(struct arrival *arrival, const char *account,
                        enum receiver receiver)
{
    struct line *line = arrival->line;
    struct network *network = line->network;
    const struct incoming *message = &arrival->messages[arrival->at];
    bool several = network_line_next(network, NULL) != line ||
                   network_line_next(network, line);
    size_t size = (arrival->n_entries + 1) * sizeof(*arrival->entries);
    arrival->entries = xrealloc(arrival->entries, size);
    arrival->entries[arrival->n_entries++] = (struct entry){
        .id = id_new(),
        .direction = TO_XMPP,
        .kind = message->n_attachments ? KIND_MEDIA : message->kind,
        .network = network_name(network),
        .contact = message->chat,
        .account = xstrdup(account),
        .text = message->text,
        .author = message->author,
        .name = message->name,
        .slot = message->slot,
        .target = message->target_id,
        .target_sim = message->target_id ? line->sim : NULL,
        .source = line_name(line),
        .key = message->remote_id,
        .line = several ? line_name(line) : NULL,
        .sim = several && line->sim[0] ? line->sim : NULL,
        .with_first = receiver == RECEIVER_INBOX_TOO,
        .make_account = receiver != RECEIVER_KNOWN,
        .at = message->at,
        .expires = inbox_keep_until(),
        .take = sink_stream_is_open(network),
        .attachments = arrival->rows[arrival->at],
        .n_attachments = message->n_attachments,
    };
}

static void arrival_free(struct arrival *arrival)
{
    for (size_t i = 0; i < arrival->n; i++) {
        free((char *)arrival->messages[i].chat);
        free((char *)arrival->messages[i].author);
        free((char *)arrival->messages[i].text);
        free((char *)arrival->messages[i].remote_id);
        free((char *)arrival->messages[i].name);
        free((char *)arrival->messages[i].slot);
        media_rows_free(arrival->rows[i], arrival->messages[i].n_attachments);
        free((char *)arrival->messages[i].target_id);
        free((char *)arrival->messages[i].account);
    }
    for (size_t i = 0; i < arrival->n_entries; i++)
        free((char *)arrival->entries[i].account);
    free(arrival->messages);
    free(arrival->rows);
    free(arrival->entries);
    free(arrival->key);
    free(arrival->value);
    free(arrival);
}

static void tell_about_nobody(struct network *network)
{
    network_tell_admins(network,
                        "A text arrived that belongs to nobody. It is held: "
                        "see `moongate queue`, and set `inbox` for this "
                        "network.");
}

static void on_arrived(void *arg, struct entry_result *results, size_t n,
                       const struct err *err)
{
    struct arrival *arrival = arg;
    struct network *network = arrival->line->network;
    bool failed = core_failed(network->core, err);
    bool nobody = false;
    for (size_t i = 0; i < n; i++) {
        if (results[i].outcome == ENTRY_REFUSED)
            log_warn("line %s: a text from %s was refused: %s",
                     line_name(arrival->line),
                     log_number(arrival->entries[i].contact).text,
                     results[i].err.text);
        nobody |= results[i].nobody && results[i].outcome == ENTRY_QUEUED;
        known_note_line(arrival->line, arrival->entries[i].contact);
        watch_in(network, &arrival->entries[i], &results[i]);
        inbox_hand_over(network, &results[i]);
    }
    if (!failed && arrival->key)
        line_state_stored(arrival->line, arrival->key, arrival->value);
    line_acknowledge(&arrival->receipt, failed ? ACK_RETRY : ACK_STORED);
    lane_pump(&network->to_xmpp);
    if (nobody && !failed)
        tell_about_nobody(network);
    arrival_free(arrival);
}

static void arrival_commit(struct arrival *arrival)
{
    struct acceptance acceptance = {
        .entries = arrival->entries,
        .n = arrival->n_entries,
        .forget_set = arrival->set,
        .forget_n = arrival->set_n,
        .state_owner = line_name(arrival->line),
        .state_key = arrival->key,
        .state_value = arrival->value,
    };
    store_accept(arrival->line->core->store, &acceptance, on_arrived, arrival);
}

/* It is for those to whom the line belongs; false: to nobody in particular. */
static bool arrival_to_people(struct arrival *arrival)
{
    const char *chat = arrival->messages[arrival->at].chat;
    const char *jids[PEOPLE_MAX];
    size_t n = people_seeing(arrival->line, chat, jids);
    for (size_t i = 0; i < n; i++)
        arrival_add(arrival, jids[i],
                    i == 0 ? RECEIVER_INBOX : RECEIVER_INBOX_TOO);
    return n > 0;
}

/* Nobody talked with this contact yet. */
static void arrival_to_inbox(struct arrival *arrival)
{
    const struct settings *s = arrival->line->network->settings;
    size_t n = settings_list_size(s, "inbox");
    for (size_t i = 0; i < n && i < INBOX_MAX; i++)
        arrival_add(arrival, settings_list_item(s, "inbox", i),
                    i == 0 ? RECEIVER_INBOX : RECEIVER_INBOX_TOO);
    if (n == 0)
        arrival_add(arrival, NULL, RECEIVER_INBOX);
}

static void arrival_address(struct arrival *arrival)
{
    struct network *network = arrival->line->network;
    const struct incoming *message = &arrival->messages[arrival->at];
    const char *account;
    if (arrival_to_people(arrival))
        return;
    if (message->account)
        known_note_account(network, message->chat, message->account);
    account = known_account(network, message->chat);
    if (account)
        arrival_add(arrival, account, RECEIVER_KNOWN);
    else
        arrival_to_inbox(arrival);
}

static void arrival_next(struct arrival *arrival);

static void on_account(void *arg, const char *account, const struct err *err)
{
    struct arrival *arrival = arg;
    struct network *network = arrival->line->network;
    const char *chat = arrival->messages[arrival->at].chat;
    if (account) {
        known_note_account(network, chat, account);
        return;
    }
    network->lookups--;
    if (core_failed(network->core, err)) {
        line_acknowledge(&arrival->receipt, ACK_RETRY);
        arrival_free(arrival);
        return;
    }
    arrival_address(arrival);
    arrival->at++;
    arrival_next(arrival);
}

/* What comes later must not overtake: neither look-ups, nor segments that may
 * complete a long text. A joined text is in its place already. */
static bool must_queue(const struct arrival *arrival)
{
    const struct network *network = arrival->line->network;
    return arrival->set == 0 && (network->lookups > 0 || network->pieces > 0);
}

static void arrival_next(struct arrival *arrival)
{
    struct network *network = arrival->line->network;
    for (; arrival->at < arrival->n; arrival->at++) {
        const char *chat = arrival->messages[arrival->at].chat;
        bool known = arrival->messages[arrival->at].account ||
                     arrival->line->people.n > 0 ||
                     known_account(network, chat);
        if (!known || must_queue(arrival)) {
            network->lookups++;
            store_find_accounts(network->core->store, network_name(network),
                                chat, 1, on_account, arrival);
            return;
        }
        arrival_address(arrival);
    }
    arrival_commit(arrival);
}

static struct arrival *arrival_new(struct line *line,
                                   const struct incoming *messages, size_t n,
                                   uint64_t token)
{
    struct arrival *arrival = xcalloc(1, sizeof(*arrival));
    arrival->line = line;
    arrival->receipt = line_receipt(line, token);
    arrival->n = n;
    arrival->messages = xcalloc(n, sizeof(*arrival->messages));
    arrival->rows = xcalloc(n, sizeof(*arrival->rows));
    for (size_t i = 0; i < n; i++) {
        struct incoming *copy = &arrival->messages[i];
        *copy = messages[i];
        copy->chat = copy_chat(line->network, messages[i].chat);
        copy->author = xstrdup(messages[i].author);
        copy->text = xstrdup(messages[i].text ? messages[i].text : "");
        copy->remote_id = xstrdup(messages[i].remote_id);
        copy->target_id = xstrdup(messages[i].target_id);
        copy->account = xstrdup(messages[i].account);
        copy->name = xstrdup(messages[i].name);
        copy->slot = xstrdup(messages[i].slot);
        copy->attachments = NULL;
        arrival->rows[i] =
            media_rows(line, messages[i].attachments, &copy->n_attachments);
    }
    return arrival;
}

void inbox_line_messages(struct line *line, const struct incoming *messages,
                         size_t n, uint64_t token, const char *key,
                         const char *value)
{
    struct arrival *arrival = arrival_new(line, messages, n, token);
    arrival->key = xstrdup(key);
    arrival->value = xstrdup(value);
    arrival_next(arrival);
}

void inbox_line_joined(struct line *line, const struct incoming *message,
                       int64_t set, size_t n)
{
    struct arrival *arrival = arrival_new(line, message, 1, 0);
    arrival->set = set;
    arrival->set_n = n;
    arrival_next(arrival);
}
