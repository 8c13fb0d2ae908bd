/* command_words.c - calls as people type them, and answers as they read them.
 */
#include <ctype.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/command_inside.h"
#include "toolkit/suggest.h"

enum {
    NAME_MAX_BYTES = 64,
    USAGE_MAX = 1024,
    WORDS_MAX = 48 * 1024,
    NUMBER_WHOLE = 10, /* digits of nearly every number with its country */
};

/* --- commands by their words ---------------------------------------------- */

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

static size_t word_length(const char *text)
{
    return strcspn(text, " \t\r\n");
}

/* The word in lower case; "" when it is too long for a name. */
static size_t take_word(const char *text, char out[NAME_MAX_BYTES])
{
    size_t n = word_length(text);

    out[0] = '\0';
    if (n < NAME_MAX_BYTES) {
        for (size_t i = 0; i < n; i++)
            out[i] = (char)tolower((unsigned char)text[i]);
        out[n] = '\0';
    }
    return n;
}

const struct command *command_of_words(const char *words, const char **rest)
{
    char first[NAME_MAX_BYTES], second[NAME_MAX_BYTES];
    const char *at = skip_blanks(words), *after = at + take_word(at, first);
    const char *next = skip_blanks(after);
    size_t n = take_word(next, second);
    char *both = xasprintf("%s-%s", first, second);
    const struct command *command = n > 0 ? commands_find(both) : NULL;

    *rest = command ? next + n : after;
    free(both);
    return command || !*first ? command : commands_find(first);
}

const char *command_suggest(const char *word, const struct network *network,
                            const char *who)
{
    const char *best = NULL;
    unsigned distance = SUGGEST_FAR;

    for (const struct command *const *c = commands_all(); *c; c++) {
        if (command_is_for(*c, network, who))
            suggest(word, (*c)->name, &best, &distance);
    }
    return best;
}

static void usage_field(struct buf *out, const struct field *field, bool shell)
{
    char name[NAME_MAX_BYTES];

    text_copy(name, sizeof(name), field->name);
    for (char *c = name; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    if (!field->named)
        buf_addf(out, field->required ? " %s" : " [%s]", name);
    else if (shell)
        buf_addf(out, field->required ? " --%s %s" : " [--%s %s]", field->name,
                 name);
    else
        buf_addf(out, field->required ? " %s=%s" : " [%s=%s]", field->name,
                 name);
}

void command_usage(const struct command *command, bool shell, char *out,
                   size_t size)
{
    struct buf usage;

    buf_init(&usage, USAGE_MAX);
    buf_add_text(&usage, command->name);
    for (const struct field *f = command->fields; f && f->name; f++)
        usage_field(&usage, f, shell);
    text_copy(out, size, buf_text(&usage));
    buf_free(&usage);
}

/* --- values by their words ------------------------------------------------ */

static bool is_set(const struct call *call, const struct field *field)
{
    for (size_t i = 0; i < call->n_values; i++) {
        if (strcmp(call->values[i].field->name, field->name) == 0)
            return !call->values[i].offered;
    }
    return false;
}

/* The field that the next word belongs to by position; NULL: all are set. */
static const struct field *next_field(const struct call *call)
{
    for (const struct field *f = call->fields; f->name; f++) {
        if (!f->named && !is_set(call, f))
            return f;
    }
    return NULL;
}

static bool is_last(const struct field *field)
{
    for (field++; field->name; field++) {
        if (!field->named)
            return false;
    }
    return true;
}

/* The field whose name and '=' stand at `words`; *value: behind it. */
static const struct field *named_field(const struct call *call,
                                       const char *words, const char **value)
{
    size_t n = strcspn(words, "= \t\r\n");

    if (words[n] != '=')
        return NULL;
    for (const struct field *f = call->fields; f->name; f++) {
        if (strlen(f->name) == n && strncasecmp(f->name, words, n) == 0 &&
            !is_set(call, f)) {
            *value = words + n + 1;
            return f;
        }
    }
    return NULL;
}

/* Without the zero of "+44 (0)7700". */
static size_t count_digits(const char *at, size_t n)
{
    size_t digits = 0;

    for (size_t i = 0; i < n; i++)
        digits += at[i] >= '0' && at[i] <= '9' &&
                  (at[i] != '0' || i == 0 || at[i - 1] != '(');
    return digits;
}

/* The length of the group of digits after `at`, with the blanks before it; 0:
 * there comes something else. */
static size_t group_length(const char *at)
{
    const char *next = skip_blanks(at);
    size_t n = word_length(next);

    if (strspn(next, "0123456789()-./") < n || count_digits(next, n) == 0)
        return 0;
    return (size_t)(next - at) + n;
}

/* Words that are one number, as people write it: "+44 7700 900123". Only what
 * begins like a full number has groups: behind a short one the text begins.
 * False: digits follow a number that is whole, and nobody can tell whether they
 * are part of it. */
static bool number_length(const char *at, size_t *length, struct err *err)
{
    size_t first = word_length(at), n = first, more = 0;

    if (strspn(at, "+0123456789()-./") >= n && *at && strchr("+0(", *at))
        more = group_length(at + n);
    while (more > 0 && count_digits(at, n) < NUMBER_WHOLE) {
        n += more;
        more = group_length(at + n);
    }
    *length = n;
    return n == first || more == 0 ||
           err_set(err, ERR_UNSUPPORTED,
                   "where does the number end? Put it in quotes, like "
                   "\"%.*s\"",
                   (int)n, at);
}

/* One word, or what is in quotes, or a number, or everything for the last field
 * (`rest`): into *value, fresh memory. */
static bool cut_value(const struct field *field, const char *at, bool rest,
                      char **value, const char **after, struct err *err)
{
    const char *quote = !rest && *at == '"' ? strchr(at + 1, '"') : NULL;
    size_t n = rest ? strlen(at) : word_length(at);

    if (quote) {
        *value = xstrndup(at + 1, (size_t)(quote - at - 1));
        *after = quote + 1;
        return true;
    }
    if (!rest && field->type == FIELD_ADDRESS && !number_length(at, &n, err))
        return false;
    *after = at + n;
    while (rest && n > 0 && isspace((unsigned char)at[n - 1]))
        n--;
    *value = xstrndup(at, n);
    return true;
}

bool call_set_words(struct call *call, const char *words, struct err *err)
{
    const char *at = skip_blanks(words);

    while (*at) {
        const char *from = at;
        const struct field *field = named_field(call, at, &from);
        bool named = field && field->named;
        char *value;
        bool good;

        if (!field)
            field = next_field(call);
        if (!field)
            return err_set(err, ERR_UNSUPPORTED, "%s does not take \"%.*s\"",
                           call->command->name, (int)word_length(at), at);
        if (!cut_value(field, from, !named && is_last(field), &value, &at, err))
            return false;
        good = call_set(call, field->name, value, err);
        free(value);
        if (!good)
            return false;
        at = skip_blanks(at);
    }
    return true;
}

/* --- answers -------------------------------------------------------------- */

static void add_member(struct buf *out, const char *key,
                       struct json_object *value)
{
    const char *text = value ? json_object_get_string(value) : "";

    if (!*text || json_object_is_type(value, json_type_array) ||
        json_object_is_type(value, json_type_object))
        return;
    buf_addf(out, "%s%s %s", out->len ? ", " : "", key, text);
}

/* "id 0a1b2c3d, state queued" */
static void add_row(struct buf *out, struct json_object *row)
{
    struct buf line;

    buf_init(&line, WORDS_MAX);
    json_object_object_foreach(row, key, value) add_member(&line, key, value);
    buf_addf(out, "%s%s", out->len ? "\n" : "", buf_text(&line));
    buf_free(&line);
}

char *call_words(const struct call *call, size_t max)
{
    size_t n = json_object_array_length(call->rows);
    struct buf out;

    if (call->text.len > 0)
        return xstrdup(buf_text(&call->text));
    buf_init(&out, WORDS_MAX);
    for (size_t i = 0; i < n && i < max; i++)
        add_row(&out, json_object_array_get_idx(call->rows, i));
    if (n > max)
        buf_addf(&out, "\nand %zu more", n - max);
    return buf_take(&out);
}
