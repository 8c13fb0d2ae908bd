/* bounced.c - what a stanza error means for the text that it is about: it is
 * tried again when the user shows up, after a while, at once by another way, or
 * never.
 *
 * A user who is there, but whose bare JID takes nothing, may have a resource
 * that does (negative priority; a client that fails): each is tried once. If
 * none does, he may have blocked the contact, which servers do not tell apart
 * from his absence (XEP-0191 3.6): he is tried more and more rarely. */
#include "xmpp/bounced.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "xmpp/deliver.h"
#include "xmpp/dispatch.h"
#include "xmpp/session.h"

enum {
    BOUNCES = 64,         /* messages whose resources are being tried */
    RESOURCES_MAX = 4,    /* of one account */
    FAR_AWAY_S = 15 * 60, /* a server that does not exist for now */
};

struct verdict {
    const char *condition;
    enum err_kind kind;
    int after_s; /* 0: as the kind has it */
};

/* What is not here is a rejection, unless its type is "wait". */
static const struct verdict verdicts[] = {
    { "service-unavailable", ERR_UNREACHABLE, 0 }, /* offline, not kept */
    { "recipient-unavailable", ERR_TEMPORARY, 0 },
    { "remote-server-timeout", ERR_TEMPORARY, 0 },
    { "remote-server-not-found", ERR_TEMPORARY, FAR_AWAY_S },
    { "resource-constraint", ERR_TEMPORARY, 0 },
    { "internal-server-error", ERR_TEMPORARY, 0 },
    { "item-not-found", ERR_NO_RECIPIENT, 0 },
    { "jid-malformed", ERR_NO_RECIPIENT, 0 },
    { "gone", ERR_NO_RECIPIENT, 0 },
    { "redirect", ERR_NO_RECIPIENT, 0 },
    { "forbidden", ERR_STRANGER, 0 },
    { "not-allowed", ERR_STRANGER, 0 },
    { "not-acceptable", ERR_STRANGER, 0 },
    { "policy-violation", ERR_STRANGER, 0 },
    { "subscription-required", ERR_STRANGER, 0 },
};

static struct verdict verdict_of(xmpp_stanza_t *error, const char *condition)
{
    static const struct verdict wait = { "wait", ERR_TEMPORARY, 0 };
    static const struct verdict never = { "never", ERR_REJECTED, 0 };
    const char *type = error ? xmpp_stanza_get_type(error) : NULL;

    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
        if (strcmp(verdicts[i].condition, condition) == 0)
            return verdicts[i];
    return type && strcmp(type, "wait") == 0 ? wait : never;
}

/* --- other resources ----------------------------------------------------- */

struct bounce {
    struct id id;
    size_t tried;   /* resources of the account, in the order of its session */
    char *resource; /* the last of them; NULL: all were */
};

struct bounces {
    struct bounce all[BOUNCES]; /* round and round */
    size_t next;
};

struct bounces *bounces_new(void)
{
    return xcalloc(1, sizeof(struct bounces));
}

void bounces_free(struct bounces *bounces)
{
    for (size_t i = 0; i < BOUNCES; i++)
        free(bounces->all[i].resource);
    free(bounces);
}

static const struct bounce *find(const struct bounces *bounces,
                                 const struct id *id)
{
    for (size_t i = 0; i < BOUNCES; i++)
        if (memcmp(&bounces->all[i].id, id, sizeof(*id)) == 0)
            return &bounces->all[i];
    return NULL;
}

const char *bounces_resource(const struct bounces *bounces, const struct id *id)
{
    const struct bounce *bounce = find(bounces, id);

    return bounce ? bounce->resource : NULL;
}

static struct bounce *find_or_make(struct bounces *bounces, const struct id *id)
{
    struct bounce *bounce = (struct bounce *)find(bounces, id);

    if (bounce)
        return bounce;
    bounce = &bounces->all[bounces->next++ % BOUNCES];
    free(bounce->resource);
    *bounce = (struct bounce){ .id = *id };
    return bounce;
}

/* Is there a resource that was not tried yet? Then it is the next. */
static bool try_another(const struct request *request, const struct id *id)
{
    struct component *component = request->component;
    const char *resources[SESSION_RESOURCES];
    size_t n =
        sessions_resources(component->sessions, request->account, resources);
    struct bounce *bounce;

    if (n == 0)
        return false;
    bounce = find_or_make(component->bounces, id);
    free(bounce->resource);
    bounce->resource = NULL;
    while (bounce->tried < n && bounce->tried < RESOURCES_MAX) {
        const char *next = resources[bounce->tried++];

        if (strcmp(next, request->from.resource) == 0)
            continue;
        bounce->resource = xstrdup(next);
        return true;
    }
    return false;
}

/* --- judging ------------------------------------------------------------- */

static bool is_for_nobody_there(const char *condition)
{
    return strcmp(condition, "service-unavailable") == 0 ||
           strcmp(condition, "recipient-unavailable") == 0;
}

/* A stranger's text is tried once more, from the gateway's own JID; not that of
 * a contact whom the user has blocked (XEP-0191 3.6). */
static struct verdict judge_stranger(struct request *request,
                                     xmpp_stanza_t *error,
                                     struct verdict verdict)
{
    struct denial denial;

    if (stanza_find(error, "blocked", "urn:xmpp:blocking:errors") ||
        !request->to.local[0] || !request_resolve(request, &denial)) {
        verdict.kind = ERR_REJECTED;
        return verdict;
    }
    deliver_relayed(request->component, request->account, request->contact);
    return verdict;
}

static struct verdict judge(struct request *request, const struct id *id,
                            xmpp_stanza_t *error, const char *condition)
{
    struct sessions *sessions = request->component->sessions;
    struct verdict verdict = verdict_of(error, condition);

    if (verdict.kind == ERR_STRANGER)
        return judge_stranger(request, error, verdict);
    if (!is_for_nobody_there(condition))
        return verdict;
    if (try_another(request, id))
        verdict.kind = ERR_STRANGER;
    else if (sessions_has(sessions, request->account))
        verdict.kind = ERR_TEMPORARY; /* he is there, but not for this one */
    return verdict;
}

void message_bounced(struct request *request)
{
    const char *text = xmpp_stanza_get_id(request->stanza);
    xmpp_stanza_t *error = stanza_find(request->stanza, "error", NS_COMPONENT);
    struct condition condition = { "undefined-condition", "" };
    struct verdict verdict;
    struct err err;
    struct id id;

    if (!text || !id_parse(text, &id))
        return;
    if (error)
        condition = stanza_condition(error, NS_STANZA_ERRORS);
    verdict = judge(request, &id, error, condition.name);
    (void)err_set(&err, verdict.kind, "%.100s answered %s%s%s",
                  request->account, condition.name,
                  condition.text[0] ? ": " : "", condition.text);
    text_copy(err.code, sizeof(err.code), condition.name);
    err.retry_after = verdict.after_s;
    network_bounced(request->component->network, &id, &err);
}
