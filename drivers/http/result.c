/* result.c - rules over an answer. Status first, then what the body says; the
 * first rule that fits decides. */
#include "http/result.h"
#include "http/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "driver.h"

enum { RULES_MAX = 24, VALUES_MAX = 64, TEXT_MAX = 160, RETRY_MAX = 86400 };

struct rule {
    const char *status, *is, *not ; /* borrowed from the tree; NULL: any */
    struct pick *at;
    enum verdict verdict;
    enum err_kind kind;
};

struct rules {
    struct rule items[RULES_MAX];
    size_t n;
};

struct result {
    struct pick *id, *parts, *code, *text, *retry_after;
    bool own_id;
    struct rules *rules;
};

static bool one_status_fits(const char *word, size_t size, int status)
{
    char text[16];
    char *dash;

    if (size >= sizeof(text))
        return false;
    memcpy(text, word, size);
    text[size] = '\0';
    dash = strchr(text, '-');
    if (size == 3 && text[1] == 'x' && text[2] == 'x')
        return status / 100 == text[0] - '0';
    if (dash)
        return status >= strtol(text, NULL, 10) &&
               status <= strtol(dash + 1, NULL, 10);
    return status == strtol(text, NULL, 10);
}

bool status_fits(const char *set, int status)
{
    for (;;) {
        size_t size = strcspn(set, "|");

        if (one_status_fits(set, size, status))
            return true;
        if (!set[size])
            return false;
        set += size + 1;
    }
}

/* --- parsing ------------------------------------------------------------- */

/* The kinds that a far side can cause. */
static const char kinds[] =
    "accepted|unsure|temporary|limited|rejected|no-recipient|unreachable|"
    "expired|bad-address|not-allowed|forbidden|too-long|auth|config|"
    "unsupported";

static bool parse_then(struct rule *rule, const struct tree *group,
                       struct err *err)
{
    const char *word;
    int index;

    if (!tree_choice(group, "then", kinds, -1, &index, err) ||
        !tree_text(group, "then", true, &word, err))
        return false;
    rule->verdict = index == 0   ? VERDICT_ACCEPTED
                    : index == 1 ? VERDICT_UNSURE
                                 : VERDICT_FAILED;
    rule->kind = index > 1 ? err_kind_parse(word) : ERR_UNKNOWN;
    return true;
}

static bool status_set_valid(const char *set)
{
    return strspn(set, "0123456789x-|") == strlen(set) && *set;
}

static bool parse_rule(struct rule *rule, const struct tree *group,
                       struct err *err)
{
    if (!tree_check(group, "status|at|is|not|then", err) ||
        !tree_text(group, "status", false, &rule->status, err) ||
        !tree_text(group, "is", false, &rule->is, err) ||
        !tree_text(group, "not", false, &rule->not, err) ||
        !read_pick(group, "at", false, &rule->at, err))
        return false;
    if (rule->status && !status_set_valid(rule->status))
        return tree_mistake(group, err,
                            "status: expected something like \"2xx|409|"
                            "500-599\"");
    if (!rule->at != !(rule->is || rule->not ))
        return tree_mistake(group, err,
                            "at (where) and is or not (what) belong together");
    if (!rule->at && !rule->status)
        return tree_mistake(group, err, "expected status, or at and is");
    return parse_then(rule, group, err);
}

bool result_rules_parse(const struct tree *group, const char *key,
                        struct rules **out, struct err *err)
{
    const struct tree *list = tree_get(group, key);

    if (!list)
        return true;
    if (list->type != TREE_LIST || list->n > RULES_MAX)
        return tree_mistake(list, err, "expected at most %d rules: ( { ... } )",
                            (int)RULES_MAX);
    *out = xcalloc(1, sizeof(**out));
    for (size_t i = 0; i < list->n; i++) {
        (*out)->n = i + 1;
        if (!parse_rule(&(*out)->items[i], &list->items[i], err))
            return false;
    }
    return true;
}

void result_rules_free(struct rules *rules)
{
    for (size_t i = 0; rules && i < rules->n; i++)
        pick_free(rules->items[i].at);
    free(rules);
}

static bool parse_id(struct result *result, const struct tree *group,
                     struct err *err)
{
    const char *id;

    if (!tree_text(group, "id", false, &id, err))
        return false;
    result->own_id = id && strcmp(id, "own") == 0;
    return !id || result->own_id ||
           read_pick(group, "id", false, &result->id, err);
}

struct result *result_parse(const struct tree *group, struct err *err)
{
    struct result *result = xcalloc(1, sizeof(*result));

    if (!group ||
        (tree_check(group, "id|parts|code|text|retry_after|rules", err) &&
         parse_id(result, group, err) &&
         read_pick(group, "parts", false, &result->parts, err) &&
         read_pick(group, "code", false, &result->code, err) &&
         read_pick(group, "text", false, &result->text, err) &&
         read_pick(group, "retry_after", false, &result->retry_after, err) &&
         result_rules_parse(group, "rules", &result->rules, err)))
        return result;
    result_free(result);
    return NULL;
}

void result_free(struct result *result)
{
    if (!result)
        return;
    pick_free(result->id);
    pick_free(result->parts);
    pick_free(result->code);
    pick_free(result->text);
    pick_free(result->retry_after);
    result_rules_free(result->rules);
    free(result);
}

bool result_own_id(const struct result *result)
{
    return result->own_id;
}

/* --- mapping ------------------------------------------------------------- */

/* Does one of the values fit? With `not`: is one of them something else? */
static bool rule_fits(const struct rule *rule, int status,
                      const struct payload *payload)
{
    bool fits = false;

    if (rule->status && !status_fits(rule->status, status))
        return false;
    if (!rule->at)
        return true;
    for (size_t i = 0; i < VALUES_MAX && !fits; i++) {
        struct buf value;
        bool there;

        buf_init(&value, TEXT_MAX);
        there = pick_value(rule->at, payload, i, &value);
        fits = there && (rule->is ? word_among(buf_text(&value), rule->is)
                                  : !word_among(buf_text(&value), rule->not ));
        buf_free(&value);
        if (!there)
            break;
    }
    return fits;
}

bool result_rules_map(const struct rules *rules, int status,
                      const struct payload *payload, enum verdict *verdict,
                      enum err_kind *kind)
{
    for (size_t i = 0; rules && i < rules->n; i++) {
        if (!rule_fits(&rules->items[i], status, payload))
            continue;
        *verdict = rules->items[i].verdict;
        *kind = rules->items[i].kind;
        return true;
    }
    return false;
}

/* What HTTP itself says (RFC 9110 15). */
static void map_status(int status, enum verdict *verdict, enum err_kind *kind)
{
    *verdict = VERDICT_FAILED;
    if (status >= 200 && status < 300)
        *verdict = VERDICT_ACCEPTED;
    else if (status == 429)
        *kind = ERR_LIMITED;
    else if (status == 408 || status == 425 || status >= 500)
        *kind = ERR_TEMPORARY;
    else if (status == 401 || status == 403)
        *kind = ERR_AUTH;
    else if (status < 400)
        *kind = ERR_CONFIG; /* a redirect: the URL is not right */
    else
        *kind = ERR_REJECTED;
}

static void copy_clean(char *out, size_t size, const struct pick *pick,
                       const struct payload *payload)
{
    char *text = pick_text(pick, payload);
    struct buf clean;

    buf_init(&clean, size - 1);
    if (text)
        (void)utf8_clean(&clean, text, strnlen(text, size - 1));
    text_copy(out, size, buf_text(&clean));
    buf_free(&clean);
    free(text);
}

/* All ids; one with a blank in it would be two and is left out. */
static void copy_parts(const struct result *result,
                       const struct payload *payload, struct outcome *out)
{
    struct buf all, one;

    buf_init(&all, sizeof(out->parts) - 1);
    for (size_t i = 0; i < VALUES_MAX; i++) {
        bool there;

        buf_init(&one, TEXT_MAX);
        there = pick_value(result->parts, payload, i, &one);
        if (there && one.len > 0 && !strpbrk(one.data, " \n"))
            buf_addf(&all, "%s%s", all.len > 0 ? " " : "", one.data);
        buf_free(&one);
        if (!there)
            break;
    }
    text_copy(out->parts, sizeof(out->parts), buf_text(&all));
    buf_free(&all);
}

static int find_retry_after(const struct result *result, int header,
                            const struct payload *payload)
{
    char text[32];
    double seconds;

    copy_clean(text, sizeof(text), result->retry_after, payload);
    seconds = strtod(text, NULL);
    if (!(seconds > 0))
        return header;
    return seconds > RETRY_MAX ? RETRY_MAX : (int)seconds + 1;
}

static void fill_err(const struct result *result, enum err_kind kind,
                     int status, int retry_after, const struct payload *payload,
                     struct err *err)
{
    char text[TEXT_MAX], code[sizeof(err->code)];

    copy_clean(code, sizeof(code), result->code, payload);
    copy_clean(text, sizeof(text), result->text, payload);
    err_set(err, kind, "the provider answered %d%s%s%s%s", status,
            *code ? " " : "", code, *text ? ": " : "", text);
    if (*code)
        text_copy(err->code, sizeof(err->code), code);
    else
        snprintf(err->code, sizeof(err->code), "HTTP %d", status);
    err->retry_after = find_retry_after(result, retry_after, payload);
    if (kind == ERR_AUTH || kind == ERR_CONFIG || kind == ERR_LIMITED)
        err->scope = SCOPE_LINE;
}

void result_map(const struct result *result, int status, int retry_after,
                const struct payload *payload, struct outcome *out)
{
    enum err_kind kind = ERR_UNKNOWN;

    *out = (struct outcome){ 0 };
    if (!result_rules_map(result->rules, status, payload, &out->verdict, &kind))
        map_status(status, &out->verdict, &kind);
    copy_parts(result, payload, out);
    if (out->verdict == VERDICT_ACCEPTED)
        copy_clean(out->remote_id, sizeof(out->remote_id), result->id, payload);
    else
        fill_err(result, kind, status, retry_after, payload, &out->err);
}
