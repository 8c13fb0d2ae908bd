/* media_fetch.c - an attachment comes into a draft: where it is, the bytes, and
 * whether it may stay. */
#include "core/media_item.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/option.h"
#include "core/core.h"
#include "core/line.h"
#include "core/media_files.h"
#include "core/network.h"
#include "toolkit/http.h"

enum { DRAFT_MODE = 0600, IDLE_S = 15, WORDS_MAX = 65536, URL_MAX = 4096 };

static struct media *media_of(const struct media_item *item)
{
    return item->network->core->media;
}

static void give_up(struct media_item *item, const char *why)
{
    log_warn("network %s: an attachment could not be fetched: %s",
             network_name(item->network), why);
    media_settle(item, ATTACHMENT_LOST, NULL);
}

static void fail(struct media_item *item, const struct err *err)
{
    if (err_policy(err->kind)->retry || err->kind == ERR_LINK)
        media_again(item, err);
    else
        give_up(item, err->text);
}

/* "": not known, which fits. */
static bool type_is_taken(const struct media *media, const char *type)
{
    size_t n = settings_list_size(media->settings, "types");

    for (size_t i = 0; i < n; i++) {
        if (media_type_fits(type,
                            settings_list_item(media->settings, "types", i)))
            return true;
    }
    return false;
}

/* --- bytes ---------------------------------------------------------------- */

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);

        if (n <= 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

static bool on_data(void *arg, const void *bytes, size_t size)
{
    struct media_item *item = arg;

    item->size += (int64_t)size;
    item->too_big = item->size > media_of(item)->most;
    return !item->too_big && write_all(item->fd, bytes, size);
}

static void keep(struct media_item *item, const char *answered_type)
{
    if (!item->type[0])
        media_type_clean(answered_type, item->type);
    item->complete = true;
    if (item->size == 0)
        give_up(item, "it is empty");
    else if (!type_is_taken(media_of(item), item->type))
        media_settle(item, ATTACHMENT_BAD_TYPE, NULL);
    else
        media_publish(item);
}

static void get(struct media_item *item, const struct http_request *from);

/* A service sends us on to where its files are: a URL like any other, to which
 * our credentials do not go. */
static bool follows(struct media_item *item, const struct http_answer *answer)
{
    char url[URL_MAX];
    struct http_request request = { .profile = HTTP_MEDIA, .url = url };

    if (!item->own || answer->status / 100 != 3 ||
        !http_answer_header(answer, "location", url, sizeof(url)))
        return false;
    (void)unlink(item->draft);
    free(item->draft);
    get(item, &request);
    return true;
}

static bool may_come_later(int status)
{
    return status >= 500 || status == 408 || status == 425 || status == 429;
}

static void on_got(void *arg, const struct http_answer *answer,
                   const struct err *failed)
{
    struct media_item *item = arg;
    struct err err;

    item->http = NULL;
    (void)close(item->fd);
    item->fd = -1;
    if (item->too_big) {
        media_settle(item, ATTACHMENT_TOO_BIG, NULL);
    } else if (failed) {
        fail(item, failed);
    } else if (answer->status / 100 == 2) {
        keep(item, answer->type);
    } else if (!follows(item, answer)) {
        err_set(&err, may_come_later(answer->status) ? ERR_LINK : ERR_REJECTED,
                "the answer was %d", answer->status);
        err.retry_after = answer->retry_after;
        fail(item, &err);
    }
}

static void get(struct media_item *item, const struct http_request *from)
{
    struct http_request request = *from;
    int64_t left = item->deadline - clock_mono_ms();
    struct err err;

    item->draft = media_files_draft(media_of(item)->files);
    item->fd =
        open(item->draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, DRAFT_MODE);
    if (item->fd < 0) {
        err_errno(&err, ERR_TEMPORARY, "cannot write %s", item->draft);
        media_again(item, &err);
        return;
    }
    item->own = from->profile == HTTP_API;
    item->size = 0;
    item->too_big = false;
    request.total_ms = left > 1 ? (unsigned)left : 1;
    request.idle_s = IDLE_S;
    request.answer_max = WORDS_MAX;
    request.repeatable = true;
    request.allow = media_of(item)->networks;
    request.data = on_data;
    item->http =
        http_send(&item->network->core->owner, &request, on_got, item, &err);
    if (!item->http)
        give_up(item, err.text);
}

/* --- where it is ---------------------------------------------------------- */

void media_located(struct media_item *item, const struct http_request *request,
                   const struct err *err)
{
    if (request)
        get(item, request);
    else
        fail(item, err);
}

static struct line *line_of(const struct media_item *item, const char *name)
{
    struct line *line = NULL;

    while (name && (line = network_line_next(item->network, line))) {
        if (strcmp(line_name(line), name) == 0)
            return line;
    }
    return NULL;
}

static void locate(struct media_item *item, struct line *line,
                   const char *source)
{
    uint64_t call = ++item->network->core->last_call;
    struct err err;

    if (!line_is_online(line)) {
        err_set(&err, ERR_LINK, "line %s is not online", line_name(line));
        media_again(item, &err);
        return;
    }
    item->call = call;
    if (!line->driver->locate(line, source, call, &err))
        media_again(item, &err);
}

void media_way_found(struct media_item *item, bool found)
{
    const struct attachment_row *row = media_row(item);
    struct line *line = line_of(item, row->line);
    struct http_request request = { .profile = HTTP_MEDIA, .url = row->url };

    if (!found)
        media_settle(item, ATTACHMENT_OFF, NULL);
    else if (!line)
        give_up(item, "its line is not configured any more");
    else if (line->driver->locate)
        locate(item, line, row->url);
    else
        get(item, &request);
}

static void wait_for_room(struct media_item *item)
{
    struct err err;

    err_set(&err, ERR_TEMPORARY, "the disk is full");
    media_again(item, &err);
}

void media_fetch(struct media_item *item)
{
    const struct media *media = media_of(item);
    const struct attachment_row *row = media_row(item);

    media_type_clean(row->type, item->type);
    item->complete = false;
    if (!media || !media->files)
        media_settle(item, ATTACHMENT_OFF, NULL);
    else if (row->size > media->most)
        media_settle(item, ATTACHMENT_TOO_BIG, NULL);
    else if (item->type[0] && !type_is_taken(media, item->type))
        media_settle(item, ATTACHMENT_BAD_TYPE, NULL);
    else if (store_is_full(item->network->core->store))
        wait_for_room(item);
    else
        media_find_way(item);
}
