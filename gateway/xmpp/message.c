/* message.c - messages from XMPP users: texts to contacts, and the few words
 * the gateway itself says.
 *
 * Only what its sender wrote counts: the body that is a direct child in the
 * stanza's own namespace. Whatever is forwarded, carbon-copied or marked up
 * inside is not looked at (reliability reference A2), so a message without such
 * a body (chat states, receipts, markers) is taken in silence. */

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "xmpp/content.h"
#include "xmpp/deliver.h"
#include "xmpp/dispatch.h"
#include "xmpp/multicast.h"
#include "xmpp/oob.h"
#include "xmpp/prompt.h"
#include "xmpp/roster.h"

enum { TEXT_MAX = 1024 * 1024 };

/* Encryption leaves a body that only says so: not worth a paid text. */
static const char *const encrypted[] = {
    "urn:xmpp:eme:0",     "eu.siacs.conversations.axolotl",
    "urn:xmpp:omemo:2",   "urn:xmpp:openpgp:0",
    "jabber:x:encrypted",
};
enum { ENCRYPTIONS = sizeof(encrypted) / sizeof(encrypted[0]) };

/* --- refusing later ----------------------------------------------------- */

/* What the refusal of a message needs; strings in one block behind it. */
struct pending {
    struct component *component;
    const char *from, *to, *id; /* of the message; id may be NULL */
};

static const char *pack(char **at, const char *text)
{
    size_t size = text ? strlen(text) + 1 : 0;
    char *copy = *at;

    if (!text)
        return NULL;
    memcpy(copy, text, size);
    *at += size;
    return copy;
}

/* `to`: whom it was for. */
static struct pending *pending_new(const struct request *request,
                                   const char *to)
{
    const char *from = xmpp_stanza_get_from(request->stanza);
    const char *id = xmpp_stanza_get_id(request->stanza);
    size_t size = strlen(from) + strlen(to) + (id ? strlen(id) : 0) + 3;
    struct pending *pending = xmalloc(sizeof(*pending) + size);
    char *at = (char *)(pending + 1);

    pending->component = request->component;
    pending->from = pack(&at, from);
    pending->to = pack(&at, to);
    pending->id = pack(&at, id);
    return pending;
}

static void on_decided(void *arg, const struct id *id, const struct err *err)
{
    struct pending *pending = arg;
    struct component *component = pending->component;

    (void)id;
    if (err) {
        struct envelope envelope = { .from = pending->to,
                                     .to = pending->from,
                                     .id = pending->id };
        struct refusal refusal = refusal_of(err);
        xmpp_stanza_t *answer =
            stanza_open(component->ctx, "message", &envelope);

        stanza_refuse(answer, &refusal);
        (void)component_send(component, answer, STREAM_NEEDED);
    }
    free(pending);
}

/* --- texts -------------------------------------------------------------- */

static bool is_encrypted(xmpp_stanza_t *stanza)
{
    for (xmpp_stanza_t *child = stanza_first(stanza); child;
         child = stanza_after(child)) {
        const char *ns = xmpp_stanza_get_ns(child);

        for (size_t i = 0; ns && i < ENCRYPTIONS; i++) {
            if (strcmp(ns, encrypted[i]) == 0)
                return true;
        }
    }
    return false;
}

static const char *origin_id(xmpp_stanza_t *stanza)
{
    xmpp_stanza_t *origin = stanza_find(stanza, "origin-id", NS_STANZA_ID);

    return origin ? xmpp_stanza_get_id(origin) : NULL;
}

static bool may_send(struct request *request, struct denial *denial)
{
    if (!request_allowed(request, denial))
        return false;
    if (is_encrypted(request->stanza))
        (void)err_set(&denial->err, ERR_UNSUPPORTED,
                      "phones cannot read encrypted messages: switch "
                      "encryption off for this contact");
    else if (!network_refuses(request->component->network, &denial->err))
        return true;
    denial->refusal = refusal_of(&denial->err);
    return false;
}

/* Admins may ask the gateway, also where they may not text. */
static bool may_ask(struct request *request, struct denial *denial)
{
    return network_is_admin(request->component->network, request->account) ||
           request_allowed(request, denial);
}

/* What a message says; the URL of its medium is in the text, too. */
struct said {
    struct content content;
    const char *text, *url;
};

static void accept_text(struct request *request, const struct said *said)
{
    char from[JID_SIZE];
    struct user_text text = {
        .account = request->account,
        .from = from,
        .contact = request->contact,
        .stanza_id = xmpp_stanza_get_id(request->stanza),
        .origin_id = origin_id(request->stanza),
        .kind = said->content.kind,
        .target = said->content.target,
        .text = said->text,
        .attachment = said->url,
        .receipt = stanza_find(request->stanza, "request", NS_RECEIPTS),
        .markable = stanza_find(request->stanza, "markable", NS_MARKERS),
    };

    jid_full(&request->from, from);
    inbox_user_text(request->component->network, &text, on_decided,
                    pending_new(request, xmpp_stanza_get_to(request->stanza)));
}

/* Each receiver has a conversation, and maybe a refusal, of its own. */
static void accept_copy(struct request *request, const char *contact,
                        const struct said *said)
{
    const char *origin = origin_id(request->stanza);
    char *key = origin ? xasprintf("%s %s", origin, contact) : NULL;
    char from[JID_SIZE], to[JID_BARE_SIZE];
    struct user_text text = {
        .account = request->account,
        .from = from,
        .contact = contact,
        .stanza_id = xmpp_stanza_get_id(request->stanza),
        .origin_id = key,
        .kind = said->content.kind,
        .text = said->text,
        .attachment = said->url,
        .receipt = stanza_find(request->stanza, "request", NS_RECEIPTS),
        .markable = stanza_find(request->stanza, "markable", NS_MARKERS),
    };

    jid_full(&request->from, from);
    (void)component_jid(request->component, contact, to);
    inbox_user_text(request->component->network, &text, on_decided,
                    pending_new(request, to));
    free(key);
}

static void accept_multicast(struct request *request, const struct said *said)
{
    struct multicast multicast;
    struct denial denial;

    if (!multicast_read(request, &multicast, &denial)) {
        request_refuse(request, &denial.refusal);
        return;
    }
    for (size_t i = 0; i < multicast.n; i++)
        accept_copy(request, multicast.contacts[i], said);
    multicast_free(&multicast);
}

/* What the network can carry of it. Phones take plain words. */
static bool read_content(struct request *request, struct content *content,
                         struct buf *text, struct denial *denial)
{
    const struct network_policy *policy =
        network_policy(request->component->network);
    bool good;

    *content = (struct content){ KIND_TEXT, NULL };
    if (policy->phone_addresses)
        good = content_plain(request->stanza, text, &denial->err);
    else
        good =
            content_rich(request->stanza, policy, content, text, &denial->err);
    if (!good)
        denial->refusal = refusal_of(&denial->err);
    return good;
}

static void route_text(struct request *request, const struct said *said)
{
    bool multicast = multicast_is(request);
    struct denial denial;

    if (!may_ask(request, &denial) ||
        (!multicast && !request_resolve(request, &denial)))
        request_refuse(request, &denial.refusal);
    else if (!request->contact[0] && !multicast)
        prompt_text(request, said->text);
    else if (!may_send(request, &denial))
        request_refuse(request, &denial.refusal);
    else if (multicast)
        accept_multicast(request, said);
    else
        accept_text(request, said);
}

/* XEP-0085: only whether somebody writes is of use elsewhere. */
static void tell_typing(struct request *request)
{
    struct network *network = request->component->network;
    struct denial denial;
    bool on = stanza_find(request->stanza, "composing", NS_CHATSTATES);

    if (network_policy(network)->typing &&
        (on || stanza_find(request->stanza, "paused", NS_CHATSTATES)) &&
        request_allowed(request, &denial) &&
        request_resolve(request, &denial) && request->contact[0])
        network_typing(network, request->account, request->contact, on);
}

/* The URL of a medium stands in the text, wherever that goes; a medium is what
 * is nothing else. */
static bool said_is_empty(struct said *said, struct buf *text)
{
    bool words = said->content.kind != KIND_RETRACTION &&
                 said->content.kind != KIND_REACTION;

    if (said->url && words)
        oob_append(text, said->url);
    if (said->url && said->content.kind == KIND_TEXT)
        said->content.kind = KIND_MEDIA;
    else
        said->url = NULL;
    said->text = buf_text(text);
    return content_is_empty(&said->content, text);
}

void message_text(struct request *request)
{
    struct denial denial;
    struct said said;
    struct buf text;

    if (roster_privileges(request))
        return;
    said.url = oob_url(request->stanza, request->from.domain);
    buf_init(&text, TEXT_MAX);
    if (!read_content(request, &said.content, &text, &denial))
        request_refuse(request, &denial.refusal);
    else if (said_is_empty(&said, &text))
        tell_typing(request);
    else
        route_text(request, &said);
    buf_free(&text);
}

void message_groupchat(struct request *request)
{
    request_refuse_plain(request, "service-unavailable", "cancel",
                         "there are no group chats here");
}
