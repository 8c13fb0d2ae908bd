/* media_publish.c - a draft goes to the server (XEP-0363), or into the folder
 * that hook_listen serves: whichever way works first. */
#include "core/media_item.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/media_files.h"
#include "core/network.h"
#include "toolkit/http.h"

enum { HEADERS_MAX = UPLOAD_HEADERS + 1, IDLE_S = 15 };

static const struct media *media_of(const struct media_item *item)
{
    return item->network->core->media;
}

static bool has_way(const struct media *media, enum media_way way)
{
    for (size_t i = 0; i < media->n_ways; i++) {
        if (media->ways[i] == way)
            return true;
    }
    return false;
}

/* --- is there a way? ------------------------------------------------------ */

static void on_service(void *arg, const struct upload_slot *slot,
                       const struct err *err)
{
    struct media_item *item = media_answered(arg);

    if (!item)
        return;
    if (!slot && err->kind == ERR_TEMPORARY)
        media_again(item, err);
    else
        media_way_found(item, slot != NULL);
}

void media_find_way(struct media_item *item)
{
    const struct media *media = media_of(item);
    const struct network *network = item->network;

    if (has_way(media, MEDIA_FILES) && media_files_are_served(media->files))
        media_way_found(item, true);
    else if (has_way(media, MEDIA_UPLOAD) && network->front->upload)
        network->front->upload(network->self, NULL, on_service,
                               media_ask(item));
    else
        media_way_found(item, false);
}

/* --- the ways ------------------------------------------------------------- */

static void try_way(struct media_item *item);

static void next_way(struct media_item *item, const struct err *err)
{
    item->why = *err;
    item->way++;
    try_way(item);
}

static void on_put(void *arg, const struct http_answer *answer,
                   const struct err *failed)
{
    struct media_item *item = arg;
    struct err err;

    item->http = NULL;
    if (!failed && answer->status / 100 == 2) {
        char *url = item->url;

        item->url = NULL;
        media_settle(item, ATTACHMENT_PUBLISHED, url);
        free(url);
        return;
    }
    if (failed)
        err = *failed;
    else
        err_set(&err, ERR_TEMPORARY, "the server's upload service answered %d",
                answer->status);
    next_way(item, &err);
}

static void put(struct media_item *item, const struct upload_slot *slot)
{
    int64_t left = item->deadline - clock_mono_ms();
    struct http_header headers[HEADERS_MAX];
    struct http_request request = {
        .profile = HTTP_API,
        .url = slot->put,
        .method = "PUT",
        .headers = headers,
        .body_path = item->draft,
        .total_ms = left > 1 ? (unsigned)left : 1,
        .idle_s = IDLE_S,
        .repeatable = true,
    };
    struct err err;

    headers[request.n_headers++] = (struct http_header){
        "Content-Type",
        item->type[0] ? item->type : "application/octet-stream",
    };
    for (size_t i = 0; i < slot->n_headers; i++)
        headers[request.n_headers++] =
            (struct http_header){ slot->headers[i].name,
                                  slot->headers[i].value };
    free(item->url);
    item->url = xstrdup(slot->get);
    item->http =
        http_send(&item->network->core->owner, &request, on_put, item, &err);
    if (!item->http)
        next_way(item, &err);
}

static void on_slot(void *arg, const struct upload_slot *slot,
                    const struct err *err)
{
    struct media_item *item = media_answered(arg);

    if (item && slot)
        put(item, slot);
    else if (item)
        next_way(item, err);
}

static void ask_slot(struct media_item *item, const char *name)
{
    struct network *network = item->network;
    struct upload_file file = { .name = name,
                                .type = item->type,
                                .size = item->size };
    struct err err;

    if (network->front->upload) {
        network->front->upload(network->self, &file, on_slot, media_ask(item));
        return;
    }
    err_set(&err, ERR_UNSUPPORTED, "there is no upload");
    next_way(item, &err);
}

static void move_in(struct media_item *item, const char *name)
{
    struct media_files *files = media_of(item)->files;
    struct err err;
    char *url = NULL;

    if (media_files_are_served(files))
        url = media_files_publish(files, item->draft, name, &err);
    else
        err_set(&err, ERR_UNSUPPORTED, "nothing is served");
    if (url)
        media_settle(item, ATTACHMENT_PUBLISHED, url);
    else
        next_way(item, &err);
    free(url);
}

/* No way is left. */
static void end(struct media_item *item)
{
    enum err_kind kind = item->why.kind;

    if (kind == ERR_TEMPORARY || kind == ERR_LINK) {
        media_again(item, &item->why);
        return;
    }
    log_warn("network %s: an attachment could not be published: %s",
             network_name(item->network), item->why.text);
    media_settle(item,
                 kind == ERR_TOO_LONG      ? ATTACHMENT_TOO_BIG
                 : kind == ERR_UNSUPPORTED ? ATTACHMENT_OFF
                                           : ATTACHMENT_LOST,
                 NULL);
}

static void try_way(struct media_item *item)
{
    const struct media *media = media_of(item);
    char name[MEDIA_NAME_MAX];

    if (item->way == media->n_ways) {
        end(item);
        return;
    }
    media_name(media_row(item)->name, item->type, name);
    if (media->ways[item->way] == MEDIA_UPLOAD)
        ask_slot(item, name);
    else
        move_in(item, name);
}

void media_publish(struct media_item *item)
{
    item->way = 0;
    try_way(item);
}
