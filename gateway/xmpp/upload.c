/* upload.c - XEP-0363: discovery and slots. */
#include "xmpp/upload.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "xmpp/form.h"
#include "xmpp/query.h"

#define NS_UPLOAD "urn:xmpp:http:upload:0"

enum { ITEMS_MAX = 32, NONE_MS = 600000, UNSURE_MS = 30000 };

/* Somebody who asks. */
struct waiter {
    struct waiter *prev, *next;
    struct upload *upload;
    char *name, *type; /* NULL: only whether there is one */
    int64_t size;
    upload_fn *fn;
    void *arg;
};

struct upload {
    struct component *component;
    enum { UPLOAD_UNKNOWN, UPLOAD_LOOKING, UPLOAD_NONE, UPLOAD_FOUND } state;
    char *service;
    int64_t most;      /* bytes of a file; 0: no limit is known */
    int64_t looked_at; /* clock_mono_ms */
    unsigned open;     /* questions out */
    bool silent;       /* the server itself gave no answer */
    bool unsure;       /* one of its services gave none */
    struct waiter *waiters;
};

/* A question to one entity. */
struct look {
    struct upload *upload;
    char *jid;
};

/* --- those who ask -------------------------------------------------------- */

static void waiter_end(struct waiter *waiter, const struct upload_slot *slot,
                       const struct err *err)
{
    waiter->fn(waiter->arg, slot, err);
    free(waiter->name);
    free(waiter->type);
    free(waiter);
}

static void waiter_fail(struct waiter *waiter, enum err_kind kind,
                        const char *why)
{
    struct err err;

    err_set(&err, kind, "%s", why);
    waiter_end(waiter, NULL, &err);
}

/* --- slots ---------------------------------------------------------------- */

struct refused {
    const char *condition;
    enum err_kind kind;
    const char *why;
};

static const struct refused refusals[] = {
    { "not-acceptable", ERR_TOO_LONG, "the server takes no file of that size" },
    { "forbidden", ERR_NOT_ALLOWED,
      "the server lets the gateway upload nothing: see conf/servers" },
    { "not-allowed", ERR_NOT_ALLOWED,
      "the server lets the gateway upload nothing: see conf/servers" },
    { "not-authorized", ERR_NOT_ALLOWED,
      "the server lets the gateway upload nothing: see conf/servers" },
    { "resource-constraint", ERR_TEMPORARY, "the upload service is busy" },
    { "remote-server-timeout", ERR_TEMPORARY,
      "the upload service does not answer" },
};

static void waiter_refused(struct waiter *waiter, const char *condition)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (strcmp(refusals[i].condition, condition) == 0) {
            waiter_fail(waiter, refusals[i].kind, refusals[i].why);
            return;
        }
    }
    waiter_fail(waiter, ERR_REJECTED, "the upload service refuses");
}

/* XEP-0363 5: no other header may be sent. */
static void read_headers(xmpp_stanza_t *put, struct upload_slot *slot)
{
    static const char *const names[] = { "Authorization", "Cookie", "Expires" };

    for (xmpp_stanza_t *child = stanza_first(put); child;
         child = stanza_after(child)) {
        const char *name = stanza_is(child, "header", NS_UPLOAD)
                               ? xmpp_stanza_get_attribute(child, "name")
                               : NULL;

        for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++) {
            if (strcasecmp(name, names[i]) != 0 ||
                slot->n_headers == UPLOAD_HEADERS)
                continue;
            slot->headers[slot->n_headers].name = names[i];
            slot->headers[slot->n_headers++].value = stanza_text(child);
        }
    }
}

static bool is_url(const char *text)
{
    return text && (strncmp(text, "https://", 8) == 0 ||
                    strncmp(text, "http://", 7) == 0);
}

static bool read_slot(xmpp_stanza_t *answer, struct upload_slot *slot)
{
    xmpp_stanza_t *found = stanza_find(answer, "slot", NS_UPLOAD);
    xmpp_stanza_t *put = found ? stanza_find(found, "put", NS_UPLOAD) : NULL;
    xmpp_stanza_t *get = found ? stanza_find(found, "get", NS_UPLOAD) : NULL;

    if (!put || !get)
        return false;
    *slot = (struct upload_slot){
        .put = xmpp_stanza_get_attribute(put, "url"),
        .get = xmpp_stanza_get_attribute(get, "url"),
    };
    read_headers(put, slot);
    return is_url(slot->put) && is_url(slot->get);
}

static void on_slot(void *arg, xmpp_stanza_t *answer, const char *condition)
{
    struct waiter *waiter = arg;
    struct upload_slot slot;

    if (!answer)
        waiter_refused(waiter, condition);
    else if (read_slot(answer, &slot))
        waiter_end(waiter, &slot, NULL);
    else
        waiter_fail(waiter, ERR_PROTOCOL, "the upload service gave no slot");
}

static void ask_slot(struct upload *upload, struct waiter *waiter)
{
    struct component *component = upload->component;
    xmpp_stanza_t *request = stanza_new(component->ctx, "request", NS_UPLOAD);
    char size[24];

    snprintf(size, sizeof(size), "%" PRId64, waiter->size);
    stanza_set(request, "filename", waiter->name);
    stanza_set(request, "size", size);
    if (waiter->type[0])
        stanza_set(request, "content-type", waiter->type);
    query_send(component, upload->service, "get", request, on_slot, waiter);
}

/* It is known where: a slot, or just the good news. */
static void serve(struct upload *upload, struct waiter *waiter)
{
    struct upload_slot none = { 0 };

    if (!waiter->name)
        waiter_end(waiter, &none, NULL);
    else if (upload->most > 0 && waiter->size > upload->most)
        waiter_fail(waiter, ERR_TOO_LONG,
                    "the server takes no file of that size");
    else
        ask_slot(upload, waiter);
}

/* --- where it is ---------------------------------------------------------- */

static void tell_waiters(struct upload *upload)
{
    while (upload->waiters) {
        struct waiter *waiter = upload->waiters;

        DL_DELETE(upload->waiters, waiter);
        if (upload->state == UPLOAD_FOUND)
            serve(upload, waiter);
        else if (upload->state == UPLOAD_NONE)
            waiter_fail(waiter, ERR_UNSUPPORTED,
                        "the server has no upload service (XEP-0363)");
        else
            waiter_fail(waiter, ERR_TEMPORARY,
                        "the server does not say where files are uploaded");
    }
}

static void look_ended(struct upload *upload)
{
    upload->open--;
    if (upload->state == UPLOAD_LOOKING && upload->open == 0) {
        upload->state = upload->silent ? UPLOAD_UNKNOWN : UPLOAD_NONE;
        upload->looked_at = clock_mono_ms();
    }
    if (upload->state != UPLOAD_LOOKING)
        tell_waiters(upload);
}

static bool is_no_answer(const char *condition)
{
    return strcmp(condition, "remote-server-timeout") == 0 ||
           strcmp(condition, "resource-constraint") == 0;
}

static bool has_upload(xmpp_stanza_t *query)
{
    for (xmpp_stanza_t *child = stanza_first(query); child;
         child = stanza_after(child)) {
        const char *var = stanza_is(child, "feature", NS_DISCO_INFO)
                              ? xmpp_stanza_get_attribute(child, "var")
                              : NULL;

        if (var && strcmp(var, NS_UPLOAD) == 0)
            return true;
    }
    return false;
}

/* The form of the service among those of its disco#info. */
static int64_t read_most(xmpp_stanza_t *query)
{
    for (xmpp_stanza_t *form = stanza_first(query); form;
         form = stanza_after(form)) {
        const char *type, *most;

        if (!stanza_is(form, "x", NS_DATA))
            continue;
        type = form_get(form, "FORM_TYPE");
        most = form_get(form, "max-file-size");
        if (type && most && strcmp(type, NS_UPLOAD) == 0)
            return strtoll(most, NULL, 10);
    }
    return 0;
}

static void on_info(void *arg, xmpp_stanza_t *answer, const char *condition)
{
    struct look *look = arg;
    struct upload *upload = look->upload;
    xmpp_stanza_t *query =
        answer ? stanza_find(answer, "query", NS_DISCO_INFO) : NULL;

    upload->unsure |= is_no_answer(condition);
    if (query && has_upload(query) && upload->state == UPLOAD_LOOKING) {
        upload->state = UPLOAD_FOUND;
        upload->most = read_most(query);
        free(upload->service);
        upload->service = xstrdup(look->jid);
        log_info("network %s: files are uploaded to %s",
                 network_name(upload->component->network), look->jid);
    }
    free(look->jid);
    free(look);
    look_ended(upload);
}

static void ask_info(struct upload *upload, const char *jid)
{
    struct component *component = upload->component;
    struct look *look = xcalloc(1, sizeof(*look));

    look->upload = upload;
    look->jid = xstrdup(jid);
    upload->open++;
    query_send(component, jid, "get",
               stanza_new(component->ctx, "query", NS_DISCO_INFO), on_info,
               look);
}

static void on_items(void *arg, xmpp_stanza_t *answer, const char *condition)
{
    struct upload *upload = arg;
    const char *own = upload->component->options.jid;
    xmpp_stanza_t *query =
        answer ? stanza_find(answer, "query", NS_DISCO_ITEMS) : NULL;
    xmpp_stanza_t *item = query ? stanza_first(query) : NULL;

    upload->silent |= is_no_answer(condition);
    for (size_t n = 0; item && n < ITEMS_MAX; item = stanza_after(item), n++) {
        const char *jid = stanza_is(item, "item", NS_DISCO_ITEMS)
                              ? xmpp_stanza_get_attribute(item, "jid")
                              : NULL;

        if (jid && strcmp(jid, own) != 0)
            ask_info(upload, jid);
    }
    look_ended(upload);
}

static void look(struct upload *upload)
{
    struct component *component = upload->component;
    const char *service = component->options.upload;
    const char *dot = strchr(component->options.jid, '.');
    const char *domain = dot ? dot + 1 : component->options.jid;

    upload->state = UPLOAD_LOOKING;
    upload->silent = upload->unsure = false;
    if (service) {
        ask_info(upload, service);
        return;
    }
    upload->open++; /* both are asked before any answer counts */
    upload->open++;
    query_send(component, domain, "get",
               stanza_new(component->ctx, "query", NS_DISCO_ITEMS), on_items,
               upload);
    ask_info(upload, domain);
    look_ended(upload);
}

void upload_ask(struct upload *upload, const struct upload_file *file,
                upload_fn *fn, void *arg)
{
    struct waiter *waiter = xcalloc(1, sizeof(*waiter));

    waiter->upload = upload;
    waiter->fn = fn;
    waiter->arg = arg;
    if (file) {
        waiter->name = xstrdup(file->name);
        waiter->type = xstrdup(file->type ? file->type : "");
        waiter->size = file->size;
    }
    DL_APPEND(upload->waiters, waiter);
    if (upload->state == UPLOAD_NONE &&
        clock_mono_ms() - upload->looked_at >
            (upload->unsure ? UNSURE_MS : NONE_MS))
        upload->state = UPLOAD_UNKNOWN;
    if (upload->state == UPLOAD_UNKNOWN && upload->open == 0)
        look(upload);
    else if (upload->state != UPLOAD_LOOKING)
        tell_waiters(upload);
}

/* --- life ----------------------------------------------------------------- */

struct upload *upload_new(struct component *component)
{
    struct upload *upload = xcalloc(1, sizeof(*upload));

    upload->component = component;
    return upload;
}

void upload_up(struct upload *upload)
{
    upload->state = UPLOAD_UNKNOWN;
}

void upload_free(struct upload *upload)
{
    free(upload->service);
    free(upload);
}
