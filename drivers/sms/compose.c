/* compose.c - a text as it is takes the encoding with the fewest parts. Where
 * only UCS-2 is left and approximating is allowed, the tables are tried again
 * with what they lack replaced: fewest parts first, then fewest changes. */
#include "sms/compose.h"

#include <string.h>

#include "base/option.h"
#include "base/utf8.h"

enum { TEXT_GROWTH = 4 }; /* the longest likeness, of one octet */

static bool try_shift(const char *text, size_t size, struct gsm7_shift shift,
                      const struct concat_options *options,
                      struct composed *out)
{
    buf_init(&out->text, TEXT_GROWTH * size + 1);
    if (approximate(text, size, shift, &out->text, &out->made) &&
        concat_cut(buf_text(&out->text), out->text.len, PDU_GSM7, shift,
                   options, &out->plan))
        return true;
    buf_free(&out->text);
    return false;
}

static bool is_better(const struct composed *a, const struct composed *b)
{
    if (b->made.letters == 0) /* b is UCS-2 */
        return a->plan.total <= b->plan.total;
    return a->plan.total < b->plan.total || (a->plan.total == b->plan.total &&
                                             a->made.letters < b->made.letters);
}

static void approximate_best(const char *text, size_t size,
                             struct composed *best)
{
    struct concat_options options = best->plan.options;
    unsigned as_it_is = best->plan.total;
    struct gsm7_shift shift;
    struct composed other;

    for (unsigned n = 0; concat_shift(options.languages, n, &shift); n++) {
        if (!try_shift(text, size, shift, &options, &other))
            continue;
        if (!is_better(&other, best)) {
            buf_free(&other.text);
            continue;
        }
        buf_free(&best->text);
        other.saved = as_it_is - other.plan.total;
        other.odd = 0;
        *best = other;
    }
}

static bool is_in_any(uint16_t languages, uint32_t cp)
{
    struct gsm7_shift shift;
    uint8_t pair[2];

    for (unsigned n = 0; concat_shift(languages, n, &shift); n++)
        if (gsm7_shift_char(shift, cp, pair) > 0)
            return true;
    return false;
}

/* What no table has; where each has its own gaps, what the default one lacks.
 */
static uint32_t first_odd(const char *text, size_t size, uint16_t languages)
{
    for (size_t pos = 0; pos < size;) {
        uint32_t cp = utf8_next(text, size, &pos);

        if (!is_in_any(languages, cp))
            return cp;
    }
    return languages != 0 ? first_odd(text, size, 0) : 0;
}

bool compose(const char *text, size_t size,
             const struct compose_options *options, struct composed *out,
             struct err *err)
{
    size_t most = (size_t)concat_limit(&options->concat) * GSM7_SEPTETS_MAX;

    memset(&out->made, 0, sizeof out->made);
    out->saved = 0;
    out->odd = 0;
    concat_choose(text, size, &options->concat, &out->plan);
    buf_init(&out->text, size + 1);
    (void)buf_add(&out->text, text, size);
    if (out->plan.alphabet == PDU_UCS2) {
        out->odd = first_odd(text, size, options->concat.languages);
        if (options->approximate && utf8_length(text, size) <= most)
            approximate_best(text, size, out);
    }
    if (concat_check(&out->plan, err))
        return true;
    composed_free(out);
    return false;
}

void composed_free(struct composed *composed)
{
    buf_free(&composed->text);
}

static const char *plural(unsigned n)
{
    return n == 1 ? "" : "s";
}

static void describe_encoding(const struct composed *composed, struct buf *out)
{
    const struct gsm7_shift *shift = &composed->plan.shift;
    char octets[4];

    if (composed->plan.alphabet == PDU_GSM7) {
        (void)buf_add_text(out, "GSM 7-bit");
        if (shift->locking != 0 || shift->single != 0)
            (void)buf_addf(
                out, " with %s letters",
                gsm7_language(shift->locking ? shift->locking : shift->single));
        return;
    }
    (void)buf_add_text(out, "UCS-2");
    if (composed->odd > 0x20) {
        (void)buf_add_text(out, " because of ");
        (void)buf_add(out, octets, utf8_put(octets, composed->odd));
    }
}

void compose_describe(const struct composed *composed, struct buf *out)
{
    unsigned left = concat_room_left(&composed->plan);

    describe_encoding(composed, out);
    (void)buf_addf(out, ", %u character%s left in the %spart", left,
                   plural(left), composed->plan.total > 1 ? "last " : "");
}

void compose_remark(const struct composed *composed, struct buf *out)
{
    unsigned letters = composed->made.letters, saved = composed->saved;

    if (letters == 0)
        return;
    (void)buf_addf(out, "Sent with %u letter%s changed", letters,
                   plural(letters));
    if (saved > 0)
        (void)buf_addf(out, " to save %u part%s", saved, plural(saved));
    (void)buf_add_text(out, ": ");
    approximate_list(&composed->made, out);
}

bool compose_language(const char *name, uint16_t *languages, struct err *err)
{
    unsigned id = gsm7_find_language(name);
    struct buf all;

    if (id != 0) {
        *languages |= (uint16_t)(1U << id);
        return true;
    }
    buf_init(&all, 512);
    for (unsigned i = 1; i < GSM7_LANGUAGES; i++)
        (void)buf_addf(&all, "%s%s", i > 1 ? ", " : "", gsm7_language(i));
    err_set(err, ERR_CONFIG, "there are no tables for \"%.40s\", only for %s",
            name, buf_text(&all));
    buf_free(&all);
    return false;
}

bool compose_languages(const struct settings *s, const char *key,
                       uint16_t *languages, struct err *err)
{
    uint16_t found = 0;

    for (size_t i = 0; i < settings_list_size(s, key); i++)
        if (!compose_language(settings_list_item(s, key, i), &found, err))
            return false;
    *languages = found;
    return true;
}
