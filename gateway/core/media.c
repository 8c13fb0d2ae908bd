/* media.c - who is held by the media step, and who may go on: in the order of
 * each conversation. */
#include "core/media.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/option.h"
#include "core/core.h"
#include "core/line.h"
#include "core/media_files.h"
#include "core/media_item.h"
#include "core/network.h"
#include "core/outbox.h"
#include "core/picture.h"
#include "toolkit/http.h"
#include "toolkit/timer.h"

/* So many are fetched at once on a network. */
enum { AT_ONCE = 32, AGAIN_MS = 1000, AGAIN_MAX_MS = 16000 };
enum { MIB = 1024 * 1024, NETWORKS_MAX = 4096 };

/* --- what is configured --------------------------------------------------- */

static void read_ways(struct media *media)
{
    size_t n = settings_list_size(media->settings, "ways");

    for (size_t i = 0; i < n && i < MEDIA_WAYS; i++) {
        const char *way = settings_list_item(media->settings, "ways", i);

        media->ways[media->n_ways++] =
            strcmp(way, "upload") == 0 ? MEDIA_UPLOAD : MEDIA_FILES;
    }
}

static void read_networks(struct media *media)
{
    size_t n = settings_list_size(media->settings, "networks");
    struct buf list;

    buf_init(&list, NETWORKS_MAX);
    for (size_t i = 0; i < n; i++)
        buf_addf(&list, "%s ",
                 settings_list_item(media->settings, "networks", i));
    media->networks = buf_take(&list);
}

static bool make_files(struct media *media, const char *state_dir,
                       struct err *err)
{
    char *dir = xasprintf("%s/media", state_dir);
    struct media_files_options options = {
        .dir = dir,
        .keep_ms = settings_int(media->settings, "keep") * 3600000,
        .most = settings_int(media->settings, "space") * MIB,
    };

    if (media->n_ways > 0)
        media->files = media_files_new(&options, err);
    free(dir);
    return media->n_ways == 0 || media->files;
}

struct media *media_new(struct core *core, const struct settings *settings,
                        const char *state_dir, struct err *err)
{
    struct media *media = xcalloc(1, sizeof(*media));

    media->core = core;
    media->settings = settings;
    media->most = settings_int(settings, "max_size") * MIB;
    media->wait_ms = settings_int(settings, "wait") * 1000;
    read_ways(media);
    read_networks(media);
    if (make_files(media, state_dir, err))
        return media;
    media_free(media);
    return NULL;
}

void media_free(struct media *media)
{
    if (!media)
        return;
    media_files_free(media->files);
    free(media->networks);
    free(media);
}

bool media_serve(struct media *media, struct err *err)
{
    for (size_t i = 0; i < media->n_ways; i++) {
        if (media->ways[i] == MEDIA_FILES)
            return media_files_serve(media->files, &media->core->owner, err);
    }
    return true;
}

void media_sweep(struct media *media, int64_t now)
{
    if (media->files)
        media_files_sweep(media->files, now);
}

const char *line_media_networks(const struct line *line)
{
    return line->core->media ? line->core->media->networks : "";
}

int64_t line_media_max(const struct line *line)
{
    return line->core->media ? line->core->media->most : 0;
}

/* --- what the front and drivers answer ------------------------------------ */

struct media_asked *media_ask(struct media_item *item)
{
    item->asked = xmalloc(sizeof(*item->asked));
    item->asked->item = item;
    return item->asked;
}

struct media_item *media_answered(struct media_asked *asked)
{
    struct media_item *item = asked->item;

    free(asked);
    if (item)
        item->asked = NULL;
    return item;
}

void line_located(struct line *line, uint64_t call,
                  const struct http_request *request, const struct err *err)
{
    struct media_item *item;

    DL_FOREACH (line->network->media, item) {
        if (call != 0 && item->call == call) {
            item->call = 0;
            media_located(item, request, err);
            return;
        }
    }
    picture_located(line->network, call, request, err);
}

/* --- an item -------------------------------------------------------------- */

struct attachment_row *media_row(struct media_item *item)
{
    return &item->delivery->attachments[item->n];
}

void media_drop(struct media_item *item)
{
    http_cancel(item->http);
    item->http = NULL;
    if (item->asked)
        item->asked->item = NULL;
    item->asked = NULL;
    item->call = 0;
    if (item->fd >= 0)
        (void)close(item->fd);
    item->fd = -1;
    if (item->draft)
        (void)unlink(item->draft);
    free(item->draft);
    item->draft = NULL;
    free(item->url);
    item->url = NULL;
    timer_stop(item->timer);
}

static void item_remove(struct media_item *item)
{
    DL_DELETE(item->network->media, item);
    media_drop(item);
    timer_free(item->timer);
    timer_free(item->end);
    free(item);
}

static bool conversation_is_held(const struct network *network,
                                 const struct media_item *until,
                                 int64_t conversation)
{
    const struct media_item *item;

    for (item = network->media; item && item != until; item = item->next) {
        if (item->delivery->conversation == conversation)
            return true;
    }
    return false;
}

/* Those that are settled, and have nobody of their conversation in front. On a
 * stop nothing new is written: the rest goes back with the stream. */
static void release(struct network *network)
{
    struct media_item *item, *next;

    if (network->core->stopping)
        return;
    DL_FOREACH_SAFE (network->media, item, next) {
        struct delivery *delivery = item->delivery;

        if (!item->settled ||
            conversation_is_held(network, item, delivery->conversation))
            continue;
        item_remove(item);
        sink_stream_pass(network, delivery);
    }
}

static bool same_source(const struct media_item *a, const struct media_item *b)
{
    const struct attachment_row *x = &a->delivery->attachments[a->n];
    const struct attachment_row *y = &b->delivery->attachments[b->n];

    return x->line && y->line && strcmp(x->url, y->url) == 0 &&
           strcmp(x->line, y->line) == 0;
}

/* Several receivers of one message: it is fetched once. */
static bool is_fetched_by_another(const struct media_item *item)
{
    const struct media_item *other;

    DL_FOREACH (item->network->media, other) {
        if (other != item && !other->settled && !other->rides &&
            same_source(other, item))
            return true;
    }
    return false;
}

static void item_next(struct media_item *item)
{
    const struct delivery *delivery = item->delivery;

    item->tries = 0;
    item->rides = false;
    while (item->n < delivery->n_attachments &&
           delivery->attachments[item->n].state != ATTACHMENT_WAITING)
        item->n++;
    item->settled = item->n == delivery->n_attachments;
    if (item->settled)
        return;
    item->rides = is_fetched_by_another(item);
    if (!item->rides)
        media_fetch(item);
}

static void on_kept(void *arg, const struct err *err)
{
    core_lost(arg, err);
}

static void settle_one(struct media_item *item, enum attachment_state state,
                       const char *url, const char *type, int64_t size)
{
    struct attachment_row *row = media_row(item);
    struct core *core = item->network->core;

    row->state = state;
    if (url)
        row->url = xstrdup(url);
    if (!row->type && type[0])
        row->type = xstrdup(type);
    if (size > 0)
        row->size = size;
    store_attachment(core->store, item->delivery->row, item->n, row, on_kept,
                     core);
}

/* The first that rides with `item`; NULL: none. */
static struct media_item *rider_of(const struct media_item *item)
{
    struct media_item *other;

    DL_FOREACH (item->network->media, other) {
        if (other->rides && same_source(other, item))
            return other;
    }
    return NULL;
}

void media_settle(struct media_item *item, enum attachment_state state,
                  const char *url)
{
    struct network *network = item->network;
    int64_t size = item->complete ? item->size : 0;
    struct media_item *rider;

    media_drop(item);
    while (!item->rides && (rider = rider_of(item))) {
        rider->rides = false;
        settle_one(rider, state, url, item->type, size);
        item_next(rider);
    }
    settle_one(item, state, url, item->type, size);
    item_next(item);
    release(network);
    lane_pump(&network->to_xmpp);
}

void media_again(struct media_item *item, const struct err *err)
{
    int64_t wait = (int64_t)AGAIN_MS << (item->tries < 4 ? item->tries : 4);
    int64_t left = item->deadline - clock_mono_ms();

    media_drop(item);
    item->tries++;
    if (err->retry_after > 0)
        wait = (int64_t)err->retry_after * 1000;
    log_info("network %s: an attachment could not be fetched yet: %s",
             network_name(item->network), err->text);
    if (wait < left && wait <= AGAIN_MAX_MS)
        timer_start(item->timer, (uint64_t)wait);
    else
        media_settle(item, ATTACHMENT_LOST, NULL);
}

static void on_again(void *arg)
{
    media_fetch(arg);
}

/* Who rides may have less time than who fetches: then it ends alone. */
static void on_end(void *arg)
{
    struct media_item *item = arg;

    if (item->settled)
        return;
    log_warn("network %s: an attachment did not come in time",
             network_name(item->network));
    media_settle(item, ATTACHMENT_LOST, NULL);
}

/* --- the step ------------------------------------------------------------- */

static bool waits(const struct delivery *delivery)
{
    for (size_t i = 0; i < delivery->n_attachments; i++) {
        if (delivery->attachments[i].state == ATTACHMENT_WAITING)
            return true;
    }
    return false;
}

static struct media_item *item_new(struct network *network,
                                   struct delivery *delivery)
{
    struct media_item *item = xcalloc(1, sizeof(*item));
    struct owner *owner = &network->core->owner;

    item->network = network;
    item->delivery = delivery;
    item->fd = -1;
    item->settled = true;
    item->timer = timer_new(owner, on_again, item);
    item->end = timer_new(owner, on_end, item);
    DL_APPEND(network->media, item);
    return item;
}

bool media_holds(struct network *network, struct delivery *delivery)
{
    bool pending = waits(delivery);
    struct media_item *item;

    if (!pending &&
        !conversation_is_held(network, NULL, delivery->conversation))
        return false;
    item = item_new(network, delivery);
    if (!pending)
        return true;
    int64_t wait = network->core->media ? network->core->media->wait_ms : 0;
    item->deadline = clock_mono_ms() + wait;
    timer_start(item->end, (uint64_t)wait);
    item_next(item);
    release(network);
    return true;
}

size_t media_held(const struct network *network)
{
    const struct media_item *item;
    size_t n = 0;

    DL_COUNT(network->media, item, n);
    return n;
}

bool media_has_room(const struct network *network)
{
    const struct media_item *item;
    size_t busy = 0;

    DL_FOREACH (network->media, item)
        busy += !item->settled;
    return busy < AT_ONCE;
}

void media_let_go(struct network *network)
{
    while (network->media) {
        struct delivery *delivery = network->media->delivery;

        item_remove(network->media);
        lane_give_back(&network->to_xmpp, delivery, 0);
    }
}

void media_forget(struct network *network)
{
    while (network->media) {
        struct media_item *item = network->media;

        DL_DELETE(network->media, item);
        if (item->fd >= 0)
            (void)close(item->fd);
        free(item->draft);
        free(item->url);
        free(item->asked);
        delivery_free(item->delivery);
        free(item);
    }
}

/* --- rows and texts ------------------------------------------------------- */

struct attachment_row *media_rows(const struct line *line,
                                  const struct attachment *attachments,
                                  size_t *n)
{
    struct attachment_row *rows;

    if (*n > ATTACHMENTS_MAX)
        *n = ATTACHMENTS_MAX;
    rows = *n ? xcalloc(*n, sizeof(*rows)) : NULL;
    for (size_t i = 0; i < *n; i++) {
        const struct attachment *from = &attachments[i];
        bool good = from->source && from->source[0] &&
                    strlen(from->source) <= ATTACHMENT_SOURCE_MAX;

        rows[i] = (struct attachment_row){
            .state = good ? ATTACHMENT_WAITING : ATTACHMENT_LOST,
            .url = xstrdup(good ? from->source : ""),
            .type = xstrdup(from->type),
            .name = xstrdup(from->name),
            .line = xstrdup(line_name(line)),
            .size = from->size > 0 ? from->size : 0,
        };
    }
    return rows;
}

void media_rows_free(struct attachment_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(rows[i].url);
        free(rows[i].type);
        free(rows[i].name);
        free(rows[i].line);
    }
    free(rows);
}

size_t media_caption(const char *text, const char *url)
{
    size_t size = strlen(text), end = strlen(url);

    if (end > size || strcmp(text + size - end, url) != 0)
        return size;
    size -= end;
    while (size > 0 && strchr(" \r\n", text[size - 1]))
        size--;
    return size;
}
