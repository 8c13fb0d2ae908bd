/* component.c - puts stream, fence, presence and dispatch together and offers
 * them to the core as a front.
 *
 * Stop: ask the fence and wait for it (2 s at most), say goodbye to whoever
 * sees presence, end the stream and read it to its end, wait until all that was
 * read is decided, close the handles, call done. */
#include "xmpp/component.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "toolkit/timer.h"
#include "xmpp/adhoc.h"
#include "xmpp/bounced.h"
#include "xmpp/deliver.h"
#include "xmpp/dispatch.h"
#include "xmpp/examine.h"
#include "xmpp/fence.h"
#include "xmpp/presence.h"
#include "xmpp/prompt.h"
#include "xmpp/query.h"
#include "xmpp/roster.h"
#include "xmpp/session.h"
#include "xmpp/upload.h"

enum { FAREWELL_MS = 2000, STANZA_MAX = 65536 };

/* --- shared ------------------------------------------------------------- */

/* FNV-1a. */
static uint32_t hash_text(const char *text)
{
    uint32_t hash = 2166136261u;

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash | 1;
}

bool recent_is_new(struct recent *recent, const char *key, int64_t ms)
{
    uint32_t hash = hash_text(key);
    int64_t now = clock_mono_ms();
    size_t i = (hash >> 1) % RECENT;

    if (recent->hashes[i] == hash && now - recent->times[i] < ms)
        return false;
    recent->hashes[i] = hash;
    recent->times[i] = now;
    return true;
}

bool recent_has(const struct recent *recent, const char *key, int64_t ms)
{
    uint32_t hash = hash_text(key);
    size_t i = (hash >> 1) % RECENT;

    return recent->hashes[i] == hash && clock_mono_ms() - recent->times[i] < ms;
}

bool component_jid(const struct component *component, const char *address,
                   char *out)
{
    bool phones = network_policy(component->network)->phone_addresses;
    size_t size = 0;

    if (address[0]) {
        if (!jid_from_address(address, phones, out))
            return false;
        size = strlen(out);
        out[size++] = '@';
    }
    text_copy(out + size, JID_BARE_SIZE - size, component->options.jid);
    return true;
}

bool component_send(struct component *component, xmpp_stanza_t *stanza,
                    enum stream_class class)
{
    bool sent = stream_send(component->stream, stanza, class);

    (void)xmpp_stanza_release(stanza);
    return sent;
}

bool component_odd(struct component *component, enum oddity oddity)
{
    bool first = !component->odd[oddity];

    component->odd[oddity] = true;
    return first;
}

/* --- the end ------------------------------------------------------------ */

static void on_closed(void *arg)
{
    struct component *component = arg;

    component->closed = true;
    component->done(component->done_arg);
}

static void on_all_decided(void *arg)
{
    struct component *component = arg;

    owner_close(&component->owner, on_closed, component);
}

static void on_ended(void *arg)
{
    struct component *component = arg;

    network_after_decided(component->network, on_all_decided, component);
}

static void on_left(void *arg)
{
    struct component *component = arg;

    stream_end(component->stream);
}

static void on_farewell(void *arg)
{
    struct component *component = arg;

    timer_stop(component->farewell);
    presence_leave(component->presence, on_left, component);
}

/* --- stream events ------------------------------------------------------ */

static void on_up(void *arg)
{
    struct component *component = arg;

    component->up = true;
    component->odd[ODD_DOMAIN] = false; /* it may have been mended */
    fence_up(component->fence);
    upload_up(component->upload);
    network_front_up(component->network);
    presence_up(component->presence);
    rosters_up(component->rosters);
}

static void on_down(void *arg)
{
    struct component *component = arg;

    component->up = false;
    fence_down(component->fence);
    queries_down(component->queries);
    rosters_down(component->rosters);
    presence_down(component->presence);
    sessions_clear(component->sessions);
    component_forget_held(component);
    network_front_down(component->network);
    if (timer_active(component->farewell))
        on_farewell(component);
}

static void on_stanza(void *arg, xmpp_stanza_t *stanza)
{
    dispatch_stanza(arg, stanza);
}

static void on_oversized(void *arg, const struct stanza_head *head)
{
    dispatch_oversized(arg, head);
}

static void on_roomy(void *arg)
{
    struct component *component = arg;

    component_answer_held(component);
    network_front_ready(component->network);
}

static const struct stream_events stream_events = {
    .up = on_up,
    .down = on_down,
    .stanza = on_stanza,
    .oversized = on_oversized,
    .roomy = on_roomy,
    .ended = on_ended,
};

/* --- fence events ------------------------------------------------------- */

static void on_ping(void *arg, const char *to, const char *id)
{
    struct component *component = arg;
    struct envelope envelope = {
        .from = component->options.jid, .to = to, .id = id, .type = "get"
    };
    xmpp_stanza_t *ping = stanza_open(component->ctx, "iq", &envelope);

    stanza_add(ping, "ping", NS_PING, NULL);
    (void)component_send(component, ping, STREAM_NEEDED);
}

static void on_fenced(void *arg, uint64_t serial)
{
    struct component *component = arg;

    network_fenced(component->network, serial);
    if (timer_active(component->farewell) && fence_is_clear(component->fence))
        on_farewell(component);
}

static void on_dead(void *arg)
{
    struct component *component = arg;

    stream_reset(component->stream,
                 "the server does not answer pings: the connection is given "
                 "up as half-open (on ejabberd: is another gateway connected "
                 "for the same domain? It splits the traffic)");
}

static const struct fence_events fence_events = {
    .ping = on_ping,
    .fenced = on_fenced,
    .dead = on_dead,
};

/* --- the front ---------------------------------------------------------- */

/* What the core counts; it asks for a fence right after. */
static bool counted(struct component *component, bool written)
{
    if (written)
        fence_count(component->fence);
    return written;
}

static bool front_deliver(void *self, const struct delivery *delivery)
{
    struct component *component = self;

    fence_expect(component->fence);
    return counted(component, deliver_text(component, delivery));
}

static bool front_settle(void *self, const struct moved *moved, bool late)
{
    struct component *component = self;

    fence_expect(component->fence);
    return counted(component, deliver_outcome(component, moved, late));
}

static void front_displayed(void *self, const struct moved *moved)
{
    deliver_displayed(self, moved);
}

static bool front_notice(void *self, const char *to, const char *text)
{
    return deliver_notice(self, to, text);
}

static bool front_remark(void *self, const struct remark *remark)
{
    return deliver_remark(self, remark);
}

static void front_fence(void *self)
{
    struct component *component = self;

    fence_ask(component->fence);
}

static void front_presence(void *self)
{
    struct component *component = self;

    presence_tell_all(component->presence);
}

static void front_roster(void *self, const char *account, const char *contact,
                         const char *name, bool listed)
{
    roster_set(self, account, contact, name,
               listed ? ROSTER_ADD : ROSTER_REMOVE);
}

static void front_joined(void *self, const char *account)
{
    roster_set(self, account, "", NULL, ROSTER_JOIN);
}

static void front_pictured(void *self, const char *account)
{
    struct component *component = self;

    presence_catch_up(component->presence, account);
}

static void front_left(void *self, const char *account, const char *contact)
{
    struct component *component = self;

    if (!contact[0]) {
        (void)sessions_go(component->sessions, account, "");
        sessions_note(component->sessions, account);
    }
    roster_set(component, account, contact, NULL, ROSTER_LEAVE);
}

static bool front_online(void *self)
{
    struct component *component = self;

    return component->up;
}

static void front_examine(void *self, finding_fn *found, void *arg)
{
    examine(self, found, arg);
}

static void front_upload(void *self, const struct upload_file *file,
                         upload_fn *fn, void *arg)
{
    struct component *component = self;

    upload_ask(component->upload, file, fn, arg);
}

static struct front_status front_status(void *self)
{
    struct component *component = self;

    return stream_status(component->stream);
}

static bool front_typed_jid(const char *typed, char out[NETWORK_JID_SIZE])
{
    struct jid jid;

    if (!jid_parse(typed, &jid) || !jid.local[0] || jid.resource[0])
        return false;
    jid_bare(&jid, out);
    return true;
}

static bool front_typed_address(void *self, const struct number_plan *plan,
                                const char *typed, char out[1024],
                                struct err *err)
{
    return address_from_typed_by(self, plan, typed, out, err);
}

static bool front_contact_jid(const void *self, const char *address,
                              char out[NETWORK_JID_SIZE])
{
    return component_jid(self, address, out);
}

const struct front *component_front(void)
{
    static const struct front front = {
        .deliver = front_deliver,
        .settle = front_settle,
        .displayed = front_displayed,
        .notice = front_notice,
        .remark = front_remark,
        .fence = front_fence,
        .presence = front_presence,
        .roster = front_roster,
        .joined = front_joined,
        .pictured = front_pictured,
        .left = front_left,
        .online = front_online,
        .upload = front_upload,
        .status = front_status,
        .examine = front_examine,
        .typed_jid = front_typed_jid,
        .typed_address = front_typed_address,
        .contact_jid = front_contact_jid,
    };

    return &front;
}

/* --- life --------------------------------------------------------------- */

struct component *component_new(struct loop *loop,
                                const struct component_options *options,
                                struct network *network)
{
    struct component *component = xcalloc(1, sizeof(*component));
    struct owner *owner = &component->owner;
    const char *jid = options->jid;

    component->options = *options;
    if (component->options.stanza_max == 0)
        component->options.stanza_max = STANZA_MAX;
    component->network = network;
    component->ctx = stanza_context();
    owner_init(owner, loop);
    component->stream =
        stream_new(owner, component->ctx, &component->options,
                   network_name(network), &stream_events, component);
    component->fence = fence_new(owner, jid, options->ping_to,
                                 options->ping_every, &fence_events, component);
    component->presence = presence_new(component);
    component->queries = queries_new(component);
    component->upload = upload_new(component);
    component->rosters = rosters_new(component);
    component->adhoc = adhoc_new(component);
    component->prompt = prompt_new(component);
    component->sessions = sessions_new();
    component->bounces = bounces_new();
    component->farewell = timer_new(owner, on_farewell, component);
    return component;
}

void component_start(struct component *component)
{
    component->started = clock_mono_ms();
    stream_start(component->stream);
}

void component_stop(struct component *component, void (*done)(void *arg),
                    void *arg)
{
    component->done = done;
    component->done_arg = arg;
    if (!component->up) {
        stream_end(component->stream);
        return;
    }
    timer_start(component->farewell, FAREWELL_MS);
    fence_ask(component->fence);
}

static void component_release(void *arg)
{
    struct component *component = arg;

    component->up = false;
    queries_free(component->queries);
    upload_free(component->upload);
    rosters_free(component->rosters);
    component_forget_held(component);
    stream_free(component->stream);
    fence_free(component->fence);
    presence_free(component->presence);
    adhoc_free(component->adhoc);
    prompt_free(component->prompt);
    sessions_free(component->sessions);
    bounces_free(component->bounces);
    xmpp_ctx_free(component->ctx);
    free(component);
}

void component_free(struct component *component)
{
    if (component->closed)
        component_release(component);
    else
        owner_close(&component->owner, component_release, component);
}
