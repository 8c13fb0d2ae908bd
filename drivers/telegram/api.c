/* api.c - calls of the Telegram Bot API. The token is part of every URL, so
 * that no URL may be shown. */
#include "telegram/api.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "telegram/telegram.h"

/* An answer to getUpdates has about 4 MiB at most. */
enum { DEPTH_MAX = 32, ANSWER_MAX = 8 * 1024 * 1024, PAUSE_MAX_S = 3600 };

struct json_object *api_parse(const char *text, size_t size)
{
    struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
    struct json_object *value = NULL;

    if (!tokener)
        abort();
    json_tokener_set_flags(tokener,
                           JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    if (size <= ANSWER_MAX)
        value = json_tokener_parse_ex(tokener, text, (int)size);
    if (json_tokener_get_error(tokener) != json_tokener_success ||
        json_tokener_get_parse_end(tokener) != size ||
        !json_object_is_type(value, json_type_object)) {
        json_object_put(value);
        value = NULL;
    }
    json_tokener_free(tokener);
    return value;
}

struct json_object *api_get(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;

    if (json_object_is_type(object, json_type_object))
        (void)json_object_object_get_ex(object, key, &value);
    return value;
}

const char *api_text(struct json_object *object, const char *key)
{
    struct json_object *value = api_get(object, key);

    return json_object_is_type(value, json_type_string)
               ? json_object_get_string(value)
               : NULL;
}

int64_t api_int(struct json_object *object, const char *key)
{
    struct json_object *value = api_get(object, key);

    return json_object_is_type(value, json_type_int)
               ? json_object_get_int64(value)
               : 0;
}

bool api_bool(struct json_object *object, const char *key)
{
    return json_object_get_boolean(api_get(object, key));
}

/* --- what an error means ------------------------------------------------- */

/* The first row that fits: the code (0: any), and a piece of the description,
 * which Telegram does not translate. */
static const struct trouble {
    int code;
    const char *piece;
    enum err_kind kind;
    enum err_scope scope;
    const char *text; /* NULL: Telegram's own words will do */
} troubles[] = {
    { 401, "", ERR_AUTH, SCOPE_LINE,
      "Telegram refuses the bot's token: get a new one from @BotFather" },
    { 404, "", ERR_AUTH, SCOPE_LINE,
      "Telegram knows no bot with this token: check it with @BotFather" },
    { 409, "", ERR_CONFIG, SCOPE_LINE,
      "somebody else reads this bot's messages: another program with the same "
      "token, or a webhook; stop it, or make a bot of its own" },
    { 403, "blocked by the user", ERR_FORBIDDEN, SCOPE_CONTACT,
      "this Telegram user has blocked the bot" },
    { 403, "user is deactivated", ERR_NO_RECIPIENT, SCOPE_CONTACT,
      "this Telegram user has deleted the account" },
    { 403, "can't initiate", ERR_FORBIDDEN, SCOPE_CONTACT,
      "a bot may only answer: this Telegram user has to write to it first" },
    { 403, "kicked", ERR_FORBIDDEN, SCOPE_CONTACT,
      "the bot was removed from this Telegram group" },
    { 403, "not a member", ERR_FORBIDDEN, SCOPE_CONTACT,
      "the bot is not in this Telegram group" },
    { 403, "", ERR_FORBIDDEN, SCOPE_CONTACT, NULL },
    { 400, "chat not found", ERR_NO_RECIPIENT, SCOPE_CONTACT,
      "Telegram does not show this chat to the bot: its user has to write to "
      "the bot first" },
    { 400, "PEER_ID_INVALID", ERR_NO_RECIPIENT, SCOPE_CONTACT,
      "Telegram has no such chat" },
    { 400, "not enough rights", ERR_FORBIDDEN, SCOPE_CONTACT, NULL },
    { 400, "have no rights", ERR_FORBIDDEN, SCOPE_CONTACT, NULL },
    { 400, "too long", ERR_TOO_LONG, SCOPE_MESSAGE, NULL },
    { 413, "", ERR_TOO_LONG, SCOPE_MESSAGE, NULL },
    { 400, "", ERR_REJECTED, SCOPE_MESSAGE, NULL },
    { 429, "", ERR_LIMITED, SCOPE_CONTACT,
      "Telegram asks for a pause in this chat" },
};

static const struct trouble *find_trouble(int code, const char *description)
{
    for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
        if (troubles[i].code == code && strstr(description, troubles[i].piece))
            return &troubles[i];
    }
    return NULL;
}

void api_error(int code, const char *description, int64_t retry_after,
               struct err *err)
{
    const struct trouble *trouble = find_trouble(code, description);

    if (!*description)
        description = "Telegram gives no reason";
    if (trouble)
        err_set(err, trouble->kind, "%s",
                trouble->text ? trouble->text : description);
    else
        err_set(err, code >= 500 ? ERR_TEMPORARY : ERR_REJECTED,
                "Telegram answered: %.180s", description);
    err->scope = trouble ? trouble->scope : SCOPE_MESSAGE;
    snprintf(err->code, sizeof(err->code), "%d", code);
    if (retry_after > 0)
        err->retry_after =
            (int)(retry_after < PAUSE_MAX_S ? retry_after : PAUSE_MAX_S);
}

/* --- answers ------------------------------------------------------------- */

static void read_error(struct json_object *root, int status,
                       struct api_answer *answer)
{
    struct json_object *parameters = api_get(root, "parameters");
    int64_t code = api_int(root, "error_code");
    const char *text = api_text(root, "description");

    answer->unchanged = text && strstr(text, "is not modified");
    answer->gone = text && (strstr(text, "message to edit not found") ||
                            strstr(text, "message can't be edited"));
    answer->code = code >= 100 && code < 1000 ? (int)code : status;
    /* Its own front servers say so when they lost what is behind them. */
    answer->end =
        answer->code == 502 || answer->code == 504 ? API_UNSURE : API_FAILED;
    answer->moved_to = api_int(parameters, "migrate_to_chat_id");
    api_error(answer->code, text ? text : "",
              api_int(parameters, "retry_after"), &answer->err);
}

/* Not an answer of the Bot API: of a proxy in front of it, or a broken one. A
 * proxy's 4xx is its own; after a 2xx or 5xx the call may have been made. */
static void read_stranger(int status, bool reached, struct api_answer *answer)
{
    bool refused = status >= 300 && status < 500;

    answer->end = reached && !refused ? API_UNSURE : API_FAILED;
    answer->code = status;
    err_set(&answer->err, ERR_TEMPORARY,
            "what answered is not the Bot API (HTTP %d)", status);
    if (status == 429)
        answer->err.retry_after = 1;
    answer->err.scope = SCOPE_LINE;
}

void api_read(int status, const char *body, size_t size, bool whole,
              bool reached, struct api_answer *answer,
              struct json_object **root)
{
    *answer = (struct api_answer){ .code = status };
    *root = status && whole ? api_parse(body, size) : NULL;
    if (!*root || !api_get(*root, "ok")) {
        read_stranger(status, reached, answer);
    } else if (api_bool(*root, "ok")) {
        answer->end = API_DONE;
        answer->result = api_get(*root, "result");
    } else {
        read_error(*root, status, answer);
    }
}

/* --- calls --------------------------------------------------------------- */

struct call {
    struct call *prev, *next;
    struct telegram *telegram;
    api_fn *fn;
    void *arg;
};

static void on_answer(void *arg, const struct http_answer *http,
                      const struct err *err)
{
    struct call call = *(struct call *)arg;
    struct api_answer answer;
    struct json_object *root;

    DL_DELETE(call.telegram->calls, (struct call *)arg);
    free(arg);
    api_read(http->status, http->body, http->size, !err, http->reached, &answer,
             &root);
    if (err) {
        answer.err = *err;
        answer.err.scope = SCOPE_LINE;
    }
    call.fn(call.telegram, call.arg, &answer);
    json_object_put(root);
}

bool api_call(struct telegram *t, const char *method,
              struct json_object *params, bool repeatable, unsigned total_ms,
              api_fn *fn, void *arg, struct err *err)
{
    static const struct http_header headers[] = {
        { "Content-Type", "application/json" },
    };
    const char *body = params ? json_object_to_json_string_ext(
                                    params, JSON_C_TO_STRING_PLAIN |
                                                JSON_C_TO_STRING_NOSLASHESCAPE)
                              : "{}";
    char *url = xasprintf("%s/bot%s/%s", t->api, t->token, method);
    struct call *call = xmalloc(sizeof(*call));
    struct http_request request = {
        .profile = HTTP_API,
        .url = url,
        .headers = headers,
        .n_headers = 1,
        .body = body,
        .body_size = strlen(body),
        .total_ms = total_ms,
        .answer_max = ANSWER_MAX,
        .repeatable = repeatable,
    };
    struct http *http;

    *call = (struct call){ .telegram = t, .fn = fn, .arg = arg };
    http = http_send(line_owner(t->line), &request, on_answer, call, err);
    if (http)
        DL_APPEND(t->calls, call);
    else
        free(call);
    free(url);
    json_object_put(params);
    return http != NULL;
}

void api_forget(struct telegram *t)
{
    struct call *call, *next;

    DL_FOREACH_SAFE (t->calls, call, next)
        free(call);
    t->calls = NULL;
}
