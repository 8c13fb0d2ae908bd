/* verify.c - the checks of a hook's request: a table of kinds, and the pieces
 * of which signers make what they sign. */
#include "http/verify.h"
#include "http/read.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/code.h"
#include "base/mem.h"
#include "base/secret.h"
#include "driver.h"
#include "http/template.h"

enum {
    PIECES = 8,
    SIGNED_MAX = 2 * 1024 * 1024,
    LEEWAY_S = 60,
    KEY_MAX = 4096
};

/* In the order of the words of `kind`. */
enum kind { SECRET, BEARER, BASIC, ADDRESS, HMAC, DIGEST, JWT };
static const char kinds[] = "secret|bearer|basic|address|hmac|hash|jwt";

struct verify {
    enum kind kind;
    struct template *key, *user; /* user: the other half of basic */
    struct pick *at;             /* where the secret or signature stands */
    char *pieces[PIECES];
    size_t n_pieces;
    enum hash hash;
    bool base64, body_hash, audience;
    char *prefix;
    struct pick *time;
    long long skew;
};

static bool no(struct err *err, const char *why)
{
    return err_set(err, ERR_FORBIDDEN, "%s", why);
}

/* --- parsing ------------------------------------------------------------- */

static bool piece_valid(const char *text)
{
    static const char *const words[] = {
        "url",    "url-noquery", "url-sortedquery", "body",
        "method", "params",      "params-amp",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i], text) == 0)
            return true;
    }
    return *text == '=' || strncmp(text, "header:", 7) == 0 ||
           strncmp(text, "field:", 6) == 0;
}

static bool parse_pieces(struct verify *verify, const struct tree *group,
                         struct err *err)
{
    const struct tree *list = tree_get(group, "input");

    if (!list || list->type != TREE_LIST || list->n == 0 || list->n > PIECES)
        return tree_mistake(group, err,
                            "input = [ ... ] is missing: what is signed");
    for (size_t i = 0; i < list->n; i++) {
        const struct tree *item = &list->items[i];

        if (item->type != TREE_TEXT || !piece_valid(item->text))
            return tree_mistake(
                list, err,
                "item %zu: expected url, url-noquery, url-sortedquery, body, "
                "method, params, params-amp, header:NAME, field:NAME or =TEXT",
                i + 1);
        verify->pieces[verify->n_pieces++] = xstrdup(item->text);
    }
    return true;
}

static bool parse_signature(struct verify *verify, const struct tree *group,
                            struct err *err)
{
    const char *prefix;
    int hash, encoding;

    if (!tree_choice(group, "hash", "md5|sha1|sha256|sha512", HASH_SHA256,
                     &hash, err) ||
        !tree_choice(group, "encoding", "hex|base64", 0, &encoding, err) ||
        !tree_text(group, "prefix", false, &prefix, err) ||
        !read_pick(group, "time", false, &verify->time, err) ||
        !tree_number(group, "skew", 1, 86400, 300, &verify->skew, err))
        return false;
    verify->hash = (enum hash)hash;
    verify->base64 = encoding == 1;
    verify->prefix = xstrdup(prefix);
    return parse_pieces(verify, group, err);
}

/* What each kind takes, and where it looks when `at` is not given. */
static const struct {
    const char *keys, *at;
} shapes[] = {
    [SECRET] = { "kind|key|at", NULL },
    [BEARER] = { "kind|key", "header:Authorization" },
    [BASIC] = { "kind|user|key", "header:Authorization" },
    [ADDRESS] = { "kind|key", "header:Host" },
    [HMAC] = { "kind|key|at|hash|encoding|prefix|time|skew|input", NULL },
    [DIGEST] = { "kind|key|at|hash|encoding|prefix|time|skew|input", NULL },
    [JWT] = { "kind|key|at|audience|body_hash|skew", "header:Authorization" },
};

static bool parse_group(struct verify *verify, const struct tree *group,
                        const char *const *names, struct err *err)
{
    int kind;

    if (group->type != TREE_GROUP)
        return tree_mistake(group, err, "expected { kind = ...; }");
    if (!tree_choice(group, "kind", kinds, -1, &kind, err) ||
        !tree_check(group, shapes[kind].keys, err))
        return false;
    verify->kind = (enum kind)kind;
    if (!read_template(group, "key", names, true, &verify->key, err) ||
        !read_template(group, "user", names, kind == BASIC, &verify->user,
                       err) ||
        !read_pick(group, "at", !shapes[kind].at, &verify->at, err))
        return false;
    if (!verify->at)
        verify->at = pick_parse(shapes[kind].at, err);
    if (kind == HMAC || kind == DIGEST)
        return parse_signature(verify, group, err);
    return tree_bool(group, "audience", false, &verify->audience, err) &&
           tree_bool(group, "body_hash", false, &verify->body_hash, err) &&
           tree_number(group, "skew", 1, 86400, LEEWAY_S, &verify->skew, err);
}

struct verify *verify_parse(const struct tree *group, const char *const *names,
                            struct err *err)
{
    struct verify *verify = xcalloc(1, sizeof(*verify));

    if (parse_group(verify, group, names, err))
        return verify;
    verify_free(verify);
    return NULL;
}

void verify_free(struct verify *verify)
{
    if (!verify)
        return;
    template_free(verify->key);
    template_free(verify->user);
    pick_free(verify->at);
    pick_free(verify->time);
    for (size_t i = 0; i < verify->n_pieces; i++)
        free(verify->pieces[i]);
    free(verify->prefix);
    free(verify);
}

/* --- what is signed ------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
    const struct param *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order ? order : strcmp(x->value, y->value);
}

static struct param *sorted(const struct params *form)
{
    struct param *fields = xmemdup(form->items, form->n * sizeof(*fields));

    if (form->n > 0)
        qsort(fields, form->n, sizeof(*fields), by_name);
    return fields;
}

/* Twilio, Plivo V3: names and values, sorted, nothing between. */
static void add_params(struct buf *out, const struct payload *payload)
{
    struct param *fields = sorted(&payload->form);

    for (size_t i = 0; i < payload->form.n; i++)
        buf_addf(out, "%s%s", fields[i].name, fields[i].value);
    free(fields);
}

/* Vonage: &name=value, sorted, without the signature, & and = in values as _.
 */
static void add_params_amp(struct buf *out, const struct payload *payload)
{
    const struct params *form =
        payload->form.n > 0 ? &payload->form : &payload->query;
    struct param *fields = sorted(form);

    for (size_t i = 0; i < form->n; i++) {
        if (strcmp(fields[i].name, "sig") == 0)
            continue;
        buf_addf(out, "&%s=", fields[i].name);
        for (const char *p = fields[i].value; *p; p++)
            buf_add_char(out, *p == '&' || *p == '=' ? '_' : *p);
    }
    free(fields);
}

/* Plivo V3: a question mark in any case, and a point behind a query. */
static void add_sorted_url(struct buf *out,
                           const struct signed_request *request)
{
    const struct params *query = &request->payload->query;
    struct param *fields = sorted(query);

    buf_add(out, request->url, strcspn(request->url, "?"));
    buf_add_char(out, '?');
    for (size_t i = 0; i < query->n; i++)
        buf_addf(out, "%s%s=%s", i ? "&" : "", fields[i].name, fields[i].value);
    if (query->n > 0)
        buf_add_char(out, '.');
    free(fields);
}

static const char *header_of(const struct payload *payload, const char *name)
{
    const char *value =
        payload->header ? payload->header(payload->arg, name) : NULL;

    return value ? value : "";
}

static void add_piece(struct buf *out, const char *piece,
                      const struct signed_request *request)
{
    const struct payload *payload = request->payload;
    const char *value = NULL;

    if (strcmp(piece, "url") == 0) {
        buf_add_text(out, request->url);
    } else if (strcmp(piece, "url-noquery") == 0) {
        buf_add(out, request->url, strcspn(request->url, "?"));
    } else if (strcmp(piece, "url-sortedquery") == 0) {
        add_sorted_url(out, request);
    } else if (strcmp(piece, "body") == 0) {
        buf_add(out, payload->body, payload->size);
    } else if (strcmp(piece, "method") == 0) {
        buf_add_text(out, request->method);
    } else if (strcmp(piece, "params") == 0) {
        add_params(out, payload);
    } else if (strcmp(piece, "params-amp") == 0) {
        add_params_amp(out, payload);
    } else if (*piece == '=') {
        buf_add_text(out, piece + 1);
    } else if (strncmp(piece, "header:", 7) == 0) {
        buf_add_text(out, header_of(payload, piece + 7));
    } else {
        value = params_get(&payload->form, piece + 6);
        value = value ? value : params_get(&payload->query, piece + 6);
        buf_add_text(out, value ? value : "");
    }
}

/* --- the checks ---------------------------------------------------------- */

static bool same(const char *a, size_t size, const char *b)
{
    return strlen(b) == size && secret_equal(a, b, size);
}

/* One of the signatures, which a comma separates, must be the one. */
static bool one_fits(const char *given, const struct verify *verify,
                     const struct buf *expected)
{
    size_t prefix = verify->prefix ? strlen(verify->prefix) : 0;

    for (;;) {
        size_t size;

        given += strspn(given, " ,");
        size = strcspn(given, ", ");
        if (size == 0)
            return false;
        if (size >= prefix &&
            strncmp(given, verify->prefix ? verify->prefix : "", prefix) == 0 &&
            size - prefix == expected->len &&
            secret_equal(given + prefix, expected->data, expected->len))
            return true;
        given += size;
    }
}

static bool in_time(const struct verify *verify,
                    const struct signed_request *request)
{
    char *text = pick_text(verify->time, request->payload);
    long long at = text ? strtoll(text, NULL, 10) : 0;
    long long now = request->now / 1000;

    free(text);
    if (at > 100000000000)
        at /= 1000; /* in milliseconds */
    return !verify->time ||
           (at >= now - verify->skew && at <= now + verify->skew);
}

static bool check_signature(const struct verify *verify, const char *key,
                            const char *given,
                            const struct signed_request *request,
                            struct err *err)
{
    unsigned char sum[HASH_MAX];
    struct buf text, expected;
    size_t size;
    bool good;

    buf_init(&text, SIGNED_MAX);
    buf_init(&expected, (size_t)HASH_MAX * 2);
    for (size_t i = 0; i < verify->n_pieces; i++)
        add_piece(&text, verify->pieces[i], request);
    if (verify->kind == DIGEST)
        buf_add_text(&text, key);
    size = verify->kind == HMAC
               ? hash_hmac(verify->hash, key, strlen(key), buf_text(&text),
                           text.len, sum)
               : hash_bytes(verify->hash, buf_text(&text), text.len, sum);
    (void)(verify->base64 ? code_base64(&expected, sum, size)
                          : code_hex(&expected, sum, size));
    good = !text.over && one_fits(given, verify, &expected);
    buf_free(&text);
    buf_free(&expected);
    if (!good)
        return no(err, "the signature is wrong: are key and public_url right?");
    return in_time(verify, request) ||
           no(err, "it is too old, or the clock is wrong");
}

/* What is behind "Bearer " or "Basic ". */
static const char *credentials(const char *header, const char *scheme)
{
    size_t len = strlen(scheme);

    if (strncasecmp(header, scheme, len) != 0 || header[len] != ' ')
        return NULL;
    return header + len + strspn(header + len, " ");
}

static bool check_basic(const char *given, const char *user, const char *key)
{
    const char *text = credentials(given, "Basic");
    char *expected = xasprintf("%s:%s", user, key);
    struct buf decoded;
    bool good;

    buf_init(&decoded, KEY_MAX);
    good = text && code_base64_parse(&decoded, text, strlen(text)) &&
           same(buf_text(&decoded), decoded.len, expected);
    buf_free(&decoded);
    secret_free(expected);
    return good;
}

static bool check_jwt(const struct verify *verify, const char *key,
                      const char *given, const struct signed_request *request,
                      struct err *err)
{
    const char *token = credentials(given, "Bearer");
    const struct jwt_rules rules = {
        .key = key,
        .audience = verify->audience ? request->url : NULL,
        .body_hash = verify->body_hash,
        .now = request->now / 1000,
        .leeway = verify->skew,
    };

    token = token ? token : given;
    return jwt_check(token, strlen(token), &rules, request->payload->body,
                     request->payload->size, err);
}

static bool check(const struct verify *verify, const char *user,
                  const char *key, const char *given,
                  const struct signed_request *request, struct err *err)
{
    const char *token;

    switch (verify->kind) {
    case SECRET:
        return same(given, strlen(given), key) || no(err, "a wrong secret");
    case BEARER:
        token = credentials(given, "Bearer");
        return (token && same(token, strlen(token), key)) ||
               no(err, "a wrong bearer token");
    case BASIC:
        return check_basic(given, user, key) ||
               no(err, "a wrong user or password");
    case HMAC:
    case DIGEST:
        return check_signature(verify, key, given, request, err);
    case JWT:
        return check_jwt(verify, key, given, request, err);
    case ADDRESS:
        break;
    }
    return address_text_in(request->peer, key) ||
           no(err, "it comes from an address that is not allowed");
}

static char *render(const struct template *template, const char *const *values)
{
    struct buf out;

    buf_init(&out, KEY_MAX);
    if (template)
        (void)template_render(template, values, PLACE_TEXT, &out);
    return buf_take(&out);
}

bool verify_request(const struct verify *verify, const char *const *values,
                    const struct signed_request *request, struct err *err)
{
    char *key = render(verify->key, values);
    char *user = render(verify->user, values);
    char *given = pick_text(verify->at, request->payload);
    bool good =
        !*key || check(verify, user, key, given ? given : "", request, err);

    free(given);
    secret_free(key);
    secret_free(user);
    return good;
}
