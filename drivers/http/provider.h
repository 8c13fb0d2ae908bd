/* provider.h - a provider file, parsed: what conf/providers/ holds. Pure but
 * for the reading of the file. */
#ifndef MOONGATE_HTTP_PROVIDER_H
#define MOONGATE_HTTP_PROVIDER_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "driver.h"
#include "http/pick.h"
#include "http/request.h"
#include "http/result.h"
#include "http/template.h"
#include "http/verify.h"

enum {
    SENDS_MAX = 4,
    HOOKS_MAX = 8,
    VERIFIES_MAX = 4,
    EVENTS_MAX = 8,
    WHENS_MAX = 3,
    VARIABLES_MAX = 24,
};

/* The values that every template may use, before the file's own variables. */
enum value {
    VALUE_TO,
    VALUE_TEXT,
    VALUE_FROM,     /* the line's own number or name */
    VALUE_ID,       /* ours: 32 hex digits, "-N" behind them for part N > 1 */
    VALUE_CALLBACK, /* URL of the hook `callback`, with ?id=ID */
    VALUE_CALLBACK_URL, /* the same without the id */
    VALUE_PART,
    VALUE_PARTS,
    VALUE_ALPHABET, /* the file's word for GSM 7-bit or UCS-2 */
    VALUE_MEDIA,    /* URL of a medium */
    VALUES_OWN,
    VALUES_MAX = VALUES_OWN + VARIABLES_MAX,
};

struct variable {
    const char *name, *help, *fallback; /* fallback NULL: required */
    bool secret;
};

struct send {
    regex_t to; /* which addresses it is for */
    bool any;   /* all of them */
    struct request *request;
};

struct when {
    struct pick *at;
    const char *is, *not ;
};

enum event_kind { EVENT_MESSAGE, EVENT_REPORT, EVENT_IGNORE };

/* What to make of a hook's request, or of one member of its `each`. */
struct event {
    enum event_kind kind;
    struct when whens[WHENS_MAX];
    size_t n_whens;
    /* message: chat and text are required; set, part, parts: a segment */
    struct pick *chat, *text, *id, *author, *name, *at, *charset;
    struct pick *set, *part, *parts;
    struct pick *media, *media_type, *media_name; /* each has several values */
    const char *chat_prefix;
    /* report: id and status are required, chat helps */
    struct pick *status, *sms, *code, *reason; /* sms: which of result.parts */
    const char *delivered, *read, *failed;     /* words; others are pending */
    struct rules *rules;                       /* kinds of failure */
};

struct hook_spec {
    const char *name;
    bool json; /* else a form; the query counts in both */
    struct verify *verifies[VERIFIES_MAX];
    size_t n_verifies;
    const char *each; /* pointer to an array of events; NULL: the body is one */
    struct event events[EVENTS_MAX];
    size_t n_events;
    int status; /* the answer */
    const char *type, *answer;
};

struct provider {
    struct tree *tree; /* all `const char *` above are borrowed from it */
    const char *title;
    const char *gateway_type; /* static: a driver's description keeps it */
    struct template *account; /* identity of the subscription; NULL: the line */
    bool phones;              /* addresses are phone numbers */
    bool idempotent;          /* the far side takes {id} as a key */
    const char *gsm7, *ucs2;  /* VALUE_ALPHABET */
    struct variable variables[VARIABLES_MAX];
    size_t n_variables;
    const char *names[VALUES_MAX + 1]; /* of values, ended by NULL */
    struct send sends[SENDS_MAX];
    size_t n_sends;
    struct result *result;
    struct hook_spec hooks[HOOKS_MAX];
    size_t n_hooks;
    const struct hook_spec *callback; /* whose URL is {callback}; NULL: none */
    long long length, parts, per_minute; /* defaults of a line's options */
    long long in_flight, settle, timeout;
};

/* `name` is a path with a '/', or the name of a file in one of the folders of
 * provider files. ERR_CONFIG says file, line and what was expected. */
struct provider *provider_load(const char *name, struct err *err);
void provider_free(struct provider *provider); /* NULL is fine */

/* The file's variables, and text_length, max_parts and per_minute, as options
 * of a line; freed in one piece. */
struct option *provider_options(const struct provider *provider);

/* The request for an address; NULL when none is for it. */
const struct send *provider_send(const struct provider *provider,
                                 const char *to);

/* Does any hook report delivery, or reading? Bring segments? Does any request
 * take a medium? */
unsigned provider_caps(const struct provider *provider);
bool provider_takes_media(const struct provider *provider);

/* For provider.c and provider_hook.c. */
bool provider_parse_hooks(struct provider *provider, struct err *err);
void provider_free_hooks(struct provider *provider);

#endif
