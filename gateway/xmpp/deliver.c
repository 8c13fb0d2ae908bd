/* deliver.c - messages to XMPP users: what a phone sent, and how their own
 * messages ended.
 *
 * The id of a message is the store's: with it a stanza error finds the row, and
 * a message that goes again after a broken stream is recognised as the same
 * (XEP-0359). XEP-0184 is never asked for: a server's answer, not the user's
 * client, ends our part. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/kind.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/store.h"
#include "xmpp/bounced.h"
#include "xmpp/component.h"
#include "xmpp/content.h"
#include "xmpp/deliver.h"
#include "xmpp/oob.h"
#include "xmpp/roster.h"

enum {
    DELAY_MS = 10000, /* younger than that is as good as now */
    RELAY_MS = 24 * 3600 * 1000,
    WORDS_MAX = 1024 * 1024,
};

/* The contact's JID; the gateway's own for an address that has none, which
 * would be a driver's mistake: the text must arrive all the same. */
static void contact_jid(const struct component *component, const char *contact,
                        char *out)
{
    if (component_jid(component, contact, out))
        return;
    log_warn("network %s: a contact has no JID: %s",
             network_name(component->network), log_number(contact).text);
    text_copy(out, JID_BARE_SIZE, component->options.jid);
}

/* XEP-0359: the id that we, and the sender, have given it. */
static void add_ids(xmpp_stanza_t *message, const char *by, const char *id)
{
    xmpp_stanza_t *stanza_id =
        stanza_add(message, "stanza-id", NS_STANZA_ID, NULL);

    stanza_set(stanza_id, "id", id);
    stanza_set(stanza_id, "by", by);
    stanza_set(stanza_add(message, "origin-id", NS_STANZA_ID, NULL), "id", id);
}

static void add_delay(xmpp_stanza_t *message, const char *from, int64_t at)
{
    xmpp_stanza_t *delay;

    if (at <= 0 || clock_wall_ms() - at < DELAY_MS)
        return;
    delay = stanza_add(message, "delay", NS_DELAY, NULL);
    stanza_set(delay, "from", from);
    stanza_set(delay, "stamp", clock_iso(at).text);
}

static char *pair_key(const char *account, const char *contact)
{
    return xasprintf("%s %s", account, contact);
}

static bool is_relayed(const struct component *component,
                       const struct delivery *delivery)
{
    char *key = pair_key(delivery->account, delivery->contact);
    bool relayed = recent_has(&component->locked, key, RELAY_MS);

    free(key);
    return relayed;
}

void deliver_relayed(struct component *component, const char *account,
                     const char *contact)
{
    char *key = pair_key(account, contact);

    if (recent_is_new(&component->locked, key, RELAY_MS))
        roster_set(component, account, contact, NULL, ROSTER_ADD);
    free(key);
}

static char *relayed_text(struct component *component,
                          const struct delivery *delivery, const char *text)
{
    char jid[JID_BARE_SIZE];

    contact_jid(component, delivery->contact, jid);
    return xasprintf("[%s] %s\n(To answer, and to get such texts directly, add "
                     "%s to your contacts.)",
                     delivery->contact, text, jid);
}

/* XEP-0444: the whole set, words for whoever knows no reactions are not worth a
 * notification. */
static void add_reactions(xmpp_stanza_t *message,
                          const struct delivery *delivery)
{
    xmpp_stanza_t *reactions =
        stanza_add(message, "reactions", NS_REACTIONS, NULL);

    stanza_set(reactions, "id", delivery->target);
    for (const char *at = delivery->text; *at; at += strspn(at, " ")) {
        size_t size = strcspn(at, " ");
        char *emoji = xstrndup(at, size);

        if (size > 0)
            stanza_add(reactions, "reaction", NULL, emoji);
        free(emoji);
        at += size;
    }
    stanza_add(message, "store", NS_HINTS, NULL);
}

/* XEP-0461. What came from the contact has an id of ours. */
static void add_reply(struct component *component, xmpp_stanza_t *message,
                      const struct delivery *delivery)
{
    xmpp_stanza_t *reply = stanza_add(message, "reply", NS_REPLY, NULL);
    char jid[JID_BARE_SIZE];
    struct id id;

    contact_jid(component, delivery->contact, jid);
    stanza_set(reply, "to",
               id_parse(delivery->target, &id) ? jid : delivery->account);
    stanza_set(reply, "id", delivery->target);
}

static void add_target(struct component *component, xmpp_stanza_t *message,
                       const struct delivery *delivery)
{
    if (delivery->kind == KIND_EDIT)
        stanza_set(stanza_add(message, "replace", NS_CORRECT, NULL), "id",
                   delivery->target);
    else if (delivery->kind != KIND_REACTION)
        add_reply(component, message, delivery);
}

/* One stanza of a delivery. */
struct saying {
    const char *id, *text; /* NULL: reactions */
    const char *url; /* of a medium: clients show it when it is all the text */
    bool relayed;
};

static void whereto(const struct component *component,
                    const struct delivery *delivery, char to[JID_SIZE])
{
    const char *resource = bounces_resource(component->bounces, &delivery->id);

    (void)snprintf(to, JID_SIZE, "%s%s%s", delivery->account,
                   resource ? "/" : "", resource ? resource : "");
}

/* What the contact is called; its JID does not tell the name of a sender that
 * has no number. NULL: nothing. */
static const char *nick_of(const struct component *component,
                           const struct delivery *delivery)
{
    bool phones = network_policy(component->network)->phone_addresses;

    if (delivery->name && delivery->name[0])
        return delivery->name;
    return phones && strncmp(delivery->contact, "name:", 5) == 0
               ? delivery->contact + 5
               : NULL;
}

static bool say(struct component *component, const struct delivery *delivery,
                const struct saying *saying)
{
    const char *domain = component->options.jid;
    char from[JID_BARE_SIZE], to[JID_SIZE];
    struct envelope envelope = {
        .from = from, .to = to, .id = saying->id, .type = "chat"
    };
    xmpp_stanza_t *message;

    whereto(component, delivery, to);
    contact_jid(component, saying->relayed ? "" : delivery->contact, from);
    message = stanza_open(component->ctx, "message", &envelope);
    if (saying->text)
        stanza_add(message, "body", NULL, saying->text);
    else
        add_reactions(message, delivery);
    if (saying->url)
        stanza_add(stanza_add(message, "x", NS_OOB, NULL), "url", NULL,
                   saying->url);
    if (saying->text && delivery->target &&
        !(saying->url && delivery->kind == KIND_EDIT))
        add_target(component, message, delivery);
    add_ids(message, domain, saying->id);
    add_delay(message, domain, delivery->at);
    if (!saying->relayed && nick_of(component, delivery))
        stanza_add(message, "nick", NS_NICK, nick_of(component, delivery));
    if (!component_send(component, message, STREAM_PATIENT))
        return false;
    if (!saying->relayed)
        roster_meet(component, delivery->account, delivery->contact,
                    delivery->name);
    return true;
}

static bool say_text(struct component *component,
                     const struct delivery *delivery, const char *text)
{
    struct id_text id = id_text(&delivery->id);
    bool relayed = is_relayed(component, delivery);
    char *whole = relayed ? relayed_text(component, delivery, text) : NULL;
    struct saying saying = { .id = id.text,
                             .text = whole ? whole : text,
                             .relayed = relayed };
    bool said = say(component, delivery, &saying);

    free(whole);
    return said;
}

/* Each medium in a stanza of its own, then the words. The last stanza has the
 * id of the message; an error that comes back for another is ignored. */
static bool say_media(struct component *component,
                      const struct delivery *delivery, const char *words)
{
    struct id_text id = id_text(&delivery->id);
    bool said = true;
    size_t left = 0;

    for (size_t i = 0; i < delivery->n_attachments; i++)
        left += delivery->attachments[i].state == ATTACHMENT_PUBLISHED;
    for (size_t i = 0; said && i < delivery->n_attachments; i++) {
        const struct attachment_row *row = &delivery->attachments[i];
        char *own = xasprintf("%s-%zu", id.text, i + 1);
        struct saying saying = { .id = own, .text = row->url, .url = row->url };

        if (row->state == ATTACHMENT_PUBLISHED) {
            if (--left == 0 && !*words)
                saying.id = id.text;
            said = say(component, delivery, &saying);
        }
        free(own);
    }
    return said && (!*words || say_text(component, delivery, words));
}

/* What it is about may not be known (any more): then it is told in words. */
static bool say_reaction(struct component *component,
                         const struct delivery *delivery)
{
    struct id_text id = id_text(&delivery->id);
    struct saying saying = { .id = id.text,
                             .relayed = is_relayed(component, delivery) };
    char *words;
    bool said;

    if (delivery->target)
        return say(component, delivery, &saying);
    words = *delivery->text ? xasprintf("[Reacted with %s]", delivery->text)
                            : xstrdup("[Took a reaction back]");
    said = say_text(component, delivery, words);
    free(words);
    return said;
}

bool deliver_text(struct component *component, const struct delivery *delivery)
{
    const char *text = delivery->text ? delivery->text : "";
    bool relayed, said;
    struct buf words;

    if (delivery->kind == KIND_REACTION)
        return say_reaction(component, delivery);
    if (delivery->n_attachments == 0)
        return say_text(component, delivery, text);
    relayed = is_relayed(component, delivery);
    buf_init(&words, WORDS_MAX);
    buf_add_text(&words, text);
    oob_words(delivery, relayed, &words);
    said = relayed ? say_text(component, delivery, buf_text(&words))
                   : say_media(component, delivery, buf_text(&words));
    buf_free(&words);
    return said;
}

/* XEP-0184: it has arrived. Servers keep it for who is offline (XEP-0334). */
static bool send_receipt(struct component *component, const char *from,
                         const struct moved *moved)
{
    struct id id = id_new();
    struct id_text text = id_text(&id);
    struct envelope envelope = {
        .from = from, .to = moved->from, .id = text.text, .type = "chat"
    };
    xmpp_stanza_t *message = stanza_open(component->ctx, "message", &envelope);
    xmpp_stanza_t *received =
        stanza_add(message, "received", NS_RECEIPTS, NULL);

    stanza_set(received, "id", moved->stanza_id);
    stanza_add(message, "store", NS_HINTS, NULL);
    return component_send(component, message, STREAM_PATIENT);
}

/* XEP-0333, to all his resources: one of them may be read by now. */
void deliver_displayed(struct component *component, const struct moved *moved)
{
    char from[JID_BARE_SIZE];
    struct envelope envelope = { .from = from,
                                 .to = moved->account,
                                 .type = "chat" };
    xmpp_stanza_t *message;

    contact_jid(component, moved->contact, from);
    message = stanza_open(component->ctx, "message", &envelope);
    stanza_set(stanza_add(message, "displayed", NS_MARKERS, NULL), "id",
               moved->stanza_id);
    stanza_add(message, "store", NS_HINTS, NULL);
    (void)component_send(component, message, STREAM_OPTIONAL);
}

static bool send_error(struct component *component, const char *from,
                       const struct moved *moved)
{
    struct envelope envelope = { .from = from,
                                 .to = moved->from,
                                 .id = moved->stanza_id };
    struct refusal refusal = refusal_of(&moved->err);
    xmpp_stanza_t *message = stanza_open(component->ctx, "message", &envelope);

    stanza_refuse(message, &refusal);
    return component_send(component, message, STREAM_PATIENT);
}

/* In the conversation itself, as a reply to what it is about (XEP-0461). */
bool deliver_remark(struct component *component, const struct remark *remark)
{
    char from[JID_BARE_SIZE];
    struct envelope envelope = { .from = from,
                                 .to = remark->account,
                                 .type = "chat" };
    xmpp_stanza_t *message;
    char *text = xasprintf("[gateway] %s", remark->text);

    contact_jid(component, remark->contact, from);
    message = stanza_open(component->ctx, "message", &envelope);
    stanza_add(message, "body", NULL, text);
    if (remark->stanza_id && remark->from) {
        xmpp_stanza_t *reply =
            stanza_add(message, "reply", "urn:xmpp:reply:0", NULL);

        stanza_set(reply, "to", remark->from);
        stanza_set(reply, "id", remark->stanza_id);
    }
    free(text);
    return component_send(component, message, STREAM_NEEDED);
}

/* The resource that would see the error is probably gone: words for the
 * others. */
static void send_late_words(struct component *component,
                            const struct moved *moved)
{
    char *text =
        xasprintf("Your message was not delivered: %s",
                  moved->err.text[0] ? moved->err.text
                                     : err_policy(moved->err.kind)->name);
    struct remark remark = {
        .account = moved->account,
        .contact = moved->contact,
        .stanza_id = moved->stanza_id,
        .from = moved->from,
        .text = text,
    };

    (void)deliver_remark(component, &remark);
    free(text);
}

/* An answer without an id would tell the sender nothing. */
bool deliver_outcome(struct component *component, const struct moved *moved,
                     bool late)
{
    bool can = moved->from && moved->stanza_id;
    char from[JID_BARE_SIZE];

    if (!stream_is_up(component->stream))
        return false;
    contact_jid(component, moved->contact, from);
    switch (moved->owed) {
    case OWED_NOTHING:
        return true;
    case OWED_RECEIPT:
        return !can || send_receipt(component, from, moved);
    case OWED_ERROR:
        if (can && !send_error(component, from, moved))
            return false;
        if (late || !can)
            send_late_words(component, moved);
        return true;
    }
    return true;
}

bool deliver_notice(struct component *component, const char *to,
                    const char *text)
{
    struct envelope envelope = { .from = component->options.jid,
                                 .to = to,
                                 .type = "chat" };
    xmpp_stanza_t *message = stanza_open(component->ctx, "message", &envelope);

    stanza_add(message, "body", NULL, text);
    return component_send(component, message, STREAM_NEEDED);
}
