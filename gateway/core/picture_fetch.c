/* picture_fetch.c - a picture that a line tells is fetched, unless it is the
 * one that is known. What a later try might mend is left to the line, which
 * tells it again some day; what no try mends is remembered as not to be shown.
 */
#include "core/picture.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/line.h"
#include "core/network.h"
#include "toolkit/http.h"
#include "toolkit/timer.h"

enum { AT_ONCE = 16, WAIT_MS = 60000, GET_MS = 30000, ID_MAX = 256 };

struct picture_fetch {
    struct picture_fetch *prev, *next; /* network->pictures */
    struct line *line;
    char *contact, *token, *source;
    uint64_t call; /* the driver was asked to locate; 0: not, or answered */
    struct timer *timer; /* first its begin, then its end */
    struct http *http;
    bool begun;
};

static void fetch_free(struct picture_fetch *fetch)
{
    free(fetch->contact);
    free(fetch->token);
    free(fetch->source);
    free(fetch);
}

void picture_fetches_forget(struct network *network)
{
    while (network->pictures) {
        struct picture_fetch *fetch = network->pictures;
        DL_DELETE(network->pictures, fetch);
        fetch_free(fetch);
    }
}

static void fetch_end(struct picture_fetch *fetch)
{
    DL_DELETE(fetch->line->network->pictures, fetch);
    http_cancel(fetch->http);
    timer_free(fetch->timer);
    fetch_free(fetch);
}

/* --- bytes --------------------------------------------------------------- */

/* What everybody can show, by its first octets: a service may call it
 * anything. NULL: something else. */
static const char *type_of(const void *bytes, size_t size)
{
    static const struct {
        const char *start, *type;
    } types[] = { { "\xff\xd8\xff", "image/jpeg" },
                  { "\x89PNG\r\n\x1a\n", "image/png" },
                  { "GIF8", "image/gif" } };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        size_t n = strlen(types[i].start);
        if (size > n && memcmp(bytes, types[i].start, n) == 0)
            return types[i].type;
    }
    return NULL;
}

static bool may_come_later(const struct http_answer *answer,
                           const struct err *failed)
{
    int status = answer ? answer->status : 0;
    if (failed)
        return err_policy(failed->kind)->retry || failed->kind == ERR_LINK;
    return status >= 500 || status == 408 || status == 429;
}

static void on_got(void *arg, const struct http_answer *answer,
                   const struct err *failed)
{
    struct picture_fetch *fetch = arg;
    bool whole = !failed && answer->status / 100 == 2;
    const char *type = whole ? type_of(answer->body, answer->size) : NULL;
    fetch->http = NULL;
    if (!type)
        log_info("line %s: a contact's picture is left out: %s",
                 line_name(fetch->line),
                 failed  ? failed->text
                 : whole ? "it is neither JPEG nor PNG nor GIF"
                         : "it could not be fetched");
    if (fetch->line->network->core->stopping) {
        fetch_end(fetch);
        return;
    }
    if (type)
        picture_keep(fetch->line, fetch->contact, fetch->token, type,
                     answer->body, answer->size);
    else if (!may_come_later(answer, failed))
        picture_keep(fetch->line, fetch->contact, fetch->token, "", NULL, 0);
    fetch_end(fetch);
}

void picture_located(struct network *network, uint64_t call,
                     const struct http_request *from, const struct err *why)
{
    struct core *core = network->core;
    struct picture_fetch *fetch;
    struct http_request request;
    struct err err;
    DL_SEARCH_SCALAR(network->pictures, fetch, call, call);
    if (call == 0 || !fetch)
        return;
    fetch->call = 0;
    if (!from) {
        on_got(fetch, &(struct http_answer){ .status = 0 }, why);
        return;
    }
    request = *from;
    request.total_ms = GET_MS;
    request.answer_max = PICTURE_MAX;
    request.repeatable = true;
    fetch->http = http_send(&core->owner, &request, on_got, fetch, &err);
    if (!fetch->http)
        fetch_end(fetch);
}

/* --- what a line tells --------------------------------------------------- */

static void on_timer(void *arg)
{
    struct picture_fetch *fetch = arg;
    struct line *line = fetch->line;
    struct err err;
    if (fetch->begun || !line_is_online(line)) {
        fetch_end(fetch);
        return;
    }
    fetch->begun = true;
    fetch->call = ++line->network->core->last_call;
    timer_start(fetch->timer, WAIT_MS);
    if (!line->driver->locate(line, fetch->source, fetch->call, &err))
        fetch_end(fetch);
}

static bool has_room(const struct line *line, const char *contact)
{
    const struct picture_fetch *fetch;
    size_t n = 0;
    DL_FOREACH (line->network->pictures, fetch) {
        n++;
        if (fetch->line == line && strcmp(fetch->contact, contact) == 0)
            return false;
    }
    return n < AT_ONCE;
}

static void fetch_new(struct line *line, const char *contact, const char *token,
                      const char *source)
{
    struct network *network = line->network;
    struct picture_fetch *fetch = xcalloc(1, sizeof(*fetch));
    fetch->line = line;
    fetch->contact = xstrdup(contact);
    fetch->token = xstrdup(token);
    fetch->source = xstrdup(source);
    fetch->timer = timer_new(&network->core->owner, on_timer, fetch);
    DL_APPEND(network->pictures, fetch);
    timer_start(fetch->timer, 0);
}

void line_contact_picture(struct line *line, const char *chat, const char *id,
                          const char *source)
{
    char contact[1024];
    struct err err;
    if (!line->driver->locate || line->network->core->stopping ||
        !network_address(line->network, chat, contact, &err) ||
        picture_is_settled(line, contact, id ? id : ""))
        return;
    if (!id)
        picture_keep(line, contact, "", "", NULL, 0);
    else if (strlen(id) <= ID_MAX && strlen(source) <= ATTACHMENT_SOURCE_MAX &&
             has_room(line, contact))
        fetch_new(line, contact, id, source);
}
