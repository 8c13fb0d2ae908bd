/* webhook.c - Telegram sends updates to us. Whoever does not know the secret is
 * refused; the answer waits for the commit, so that Telegram comes again with
 * what was not kept. Path and secret come from the token: they need no state,
 * and nobody else can know them. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/code.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "telegram/api.h"
#include "telegram/telegram.h"

enum {
    BODY_MAX = 1024 * 1024,
    ARRIVALS_MAX = 1000,
    CONNECTIONS = 40,
    SECRET_SIZE = 41,
    WARN_MS = 10000,
    PATH_ROOM = 512,
};

static const char secret_header[] = "X-Telegram-Bot-Api-Secret-Token";

/* A request that waits for its ack. */
struct arrival {
    struct arrival *prev, *next;
    struct hook_call *call;
    uint64_t token;
};

static void make_secret(const struct telegram *t, const char *purpose,
                        char out[SECRET_SIZE])
{
    unsigned char digest[HASH_MAX];

    (void)hash_hmac(HASH_SHA256, t->token, strlen(t->token), purpose,
                    strlen(purpose), digest);
    for (size_t i = 0; i < SECRET_SIZE / 2; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

static bool is_telegram(const struct telegram *t,
                        const struct hook_request *request)
{
    const char *given = hook_header(request->call, secret_header);
    char secret[SECRET_SIZE];

    make_secret(t, "header", secret);
    return given && strlen(given) == strlen(secret) &&
           secret_equal(given, secret, strlen(secret));
}

static void refuse(struct telegram *t, const struct hook_request *request)
{
    int64_t now = clock_mono_ms();

    t->refused++;
    if (t->warned == 0 || now - t->warned > WARN_MS) {
        log_warn("line %s: a request to its webhook from %s without the "
                 "secret was refused",
                 line_name(t->line), request->peer);
        t->warned = now;
    }
    hook_answer(request->call, 403, NULL, NULL, 0);
}

static void take(struct telegram *t, const struct hook_request *request,
                 const struct update *update)
{
    struct arrival *arrival = xcalloc(1, sizeof(*arrival));

    arrival->call = request->call;
    arrival->token = ++t->last_token;
    DL_APPEND(t->arrivals, arrival);
    t->n_arrivals++;
    if (!telegram_take(t, update, 1, arrival->token, NULL))
        webhook_ack(t, arrival->token, ACK_STORED);
}

static void on_request(void *arg, const struct hook_request *request)
{
    struct telegram *t = arg;
    struct json_object *json;
    struct update update;

    if (!is_telegram(t, request)) {
        refuse(t, request);
        return;
    }
    if (t->n_arrivals >= ARRIVALS_MAX) {
        hook_answer(request->call, 503, NULL, NULL, 0);
        return;
    }
    json = api_parse(request->body, request->size);
    if (update_read(json, t->bot, &update)) {
        take(t, request, &update);
        update_free(&update);
    } else { /* nor could it be read the next time */
        t->ignored++;
        hook_answer(request->call, 200, NULL, NULL, 0);
    }
    json_object_put(json);
}

void webhook_ack(struct telegram *t, uint64_t token, enum ack ack)
{
    struct arrival *arrival;

    DL_FOREACH (t->arrivals, arrival) {
        if (arrival->token == token)
            break;
    }
    if (!arrival)
        return;
    hook_answer(arrival->call, ack == ACK_RETRY ? 503 : 200, NULL, NULL, 0);
    DL_DELETE(t->arrivals, arrival);
    t->n_arrivals--;
    free(arrival);
}

static void on_set(struct telegram *t, void *arg,
                   const struct api_answer *answer)
{
    struct err err = answer->err;

    (void)arg;
    if (answer->end == API_DONE) {
        telegram_online(t);
        return;
    }
    if (err.kind == ERR_REJECTED)
        err_set(&err, ERR_CONFIG, "Telegram does not take the webhook: %.180s",
                answer->err.text);
    telegram_trouble(t, &err);
}

static bool open_hook(struct telegram *t, struct err *err)
{
    char secret[SECRET_SIZE];
    struct buf path;

    make_secret(t, "path", secret);
    log_hide(secret);
    buf_init(&path, PATH_ROOM);
    buf_add_text(&path, "/hook/");
    code_percent(&path, line_name(t->line), strlen(line_name(t->line)));
    buf_addf(&path, "/%s", secret);
    t->hook = hook_open(line_owner(t->line), buf_text(&path), BODY_MAX,
                        on_request, t, err);
    buf_free(&path);
    return t->hook != NULL;
}

bool webhook_start(struct telegram *t, struct err *err)
{
    struct json_object *params;
    char secret[SECRET_SIZE];

    if (!open_hook(t, err))
        return false;
    make_secret(t, "header", secret);
    log_hide(secret);
    params = json_object_new_object();
    json_object_object_add(params, "url",
                           json_object_new_string(hook_url(t->hook)));
    json_object_object_add(params, "secret_token",
                           json_object_new_string(secret));
    json_object_object_add(params, "max_connections",
                           json_object_new_int(CONNECTIONS));
    json_object_object_add(params, "allowed_updates", telegram_wanted());
    line_state_put(t->line, "webhook", "ours");
    return api_call(t, "setWebhook", params, true, 0, on_set, NULL, err);
}

/* Their calls were answered when the hook was closed. */
void webhook_forget(struct telegram *t)
{
    struct arrival *arrival, *next;

    DL_FOREACH_SAFE (t->arrivals, arrival, next)
        free(arrival);
    t->arrivals = NULL;
}
