/* api.h - calls of the Telegram Bot API, and what their answers mean. */
#ifndef MOONGATE_TELEGRAM_API_H
#define MOONGATE_TELEGRAM_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct json_object;
struct telegram;

/* One whole JSON value, at most 32 deep, with valid UTF-8; NULL when it is not.
 * The caller puts it. Pure. */
struct json_object *api_parse(const char *text, size_t size);

/* Members of an object; NULL, 0 and false when there is none of that type. The
 * text is borrowed. Pure. */
struct json_object *api_get(struct json_object *object, const char *key);
const char *api_text(struct json_object *object, const char *key);
int64_t api_int(struct json_object *object, const char *key);
bool api_bool(struct json_object *object, const char *key);

/* How a call ended. */
enum api_end {
    API_DONE,   /* `result` is there */
    API_FAILED, /* nothing was done; `err` says why */
    API_UNSURE, /* it may have been done; `err` says why we do not know */
};

struct api_answer {
    enum api_end end;
    struct json_object *result; /* API_DONE; borrowed */
    struct err err;
    int code;         /* error_code, else the HTTP status; 0: no answer */
    bool unchanged;   /* it was so already: as good as done */
    bool gone;        /* what should be edited is not there, or too old */
    int64_t moved_to; /* parameters.migrate_to_chat_id; 0: none */
};

/* What an answer of the far side means; `status` 0: none came, and `reached`
 * whether the request may have. The caller puts *root, which keeps `result`.
 * Pure. Source: "Making requests" of the Bot API; tdlib/telegram-bot-api. */
void api_read(int status, const char *body, size_t size, bool whole,
              bool reached, struct api_answer *answer,
              struct json_object **root);

/* The error of an {"ok":false} answer. Pure. */
void api_error(int code, const char *description, int64_t retry_after,
               struct err *err);

typedef void api_fn(struct telegram *telegram, void *arg,
                    const struct api_answer *answer);

/* Calls `method`; `params` (an object, or NULL) is put. The function is called
 * once, never from within, unless the line ends before. False with an error: it
 * can never work. `repeatable`: see struct http_request. total_ms 0: 30 s. */
bool api_call(struct telegram *telegram, const char *method,
              struct json_object *params, bool repeatable, unsigned total_ms,
              api_fn *fn, void *arg, struct err *err);

void api_forget(struct telegram *telegram); /* frees what never ended */

#endif
