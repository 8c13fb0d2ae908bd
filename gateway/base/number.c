/* number.c - from what people type to E.164.
 *
 * Typed text is first reduced to digits with a possible leading plus; whatever
 * only separates is dropped, whatever is not part of a number is an error.
 * Then the plan's prefixes decide, the longest claim first: plus,
 * international prefix, short code, trunk prefix, plain national number. */
#include "base/number.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/utf8.h"

enum {
    E164_MIN = 7,
    E164_MAX = 15,
    SHORT_MIN = 3,
    SHORT_MAX = 6,
    TYPED_MAX = 128,
    CONTEXT_MAX = 7,
    /* With country code but without plus: shorter ones are national. */
    BARE_INTERNATIONAL_MIN = 11,
};

static const char context_mark[] = ";phone-context=";

/* What was typed, reduced. */
struct typed {
    bool plus;
    char digits[TYPED_MAX];
    size_t n;
    char context[CONTEXT_MAX + 1];
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_separator(uint32_t cp)
{
    static const uint32_t ranges[][2] = {
        { '\t', '\r' },     { ' ', ' ' },       { '(', ')' },
        { '-', '/' },       { '[', '[' },       { ']', ']' },
        { 0xA0, 0xA0 },     { 0xAD, 0xAD },     { 0x2000, 0x2015 },
        { 0x202A, 0x202F }, { 0x2060, 0x2069 }, { 0x2212, 0x2212 },
        { 0x3000, 0x3000 }, { 0xFEFF, 0xFEFF }, { 0xFF08, 0xFF09 },
        { 0xFF0D, 0xFF0E },
    };

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (cp >= ranges[i][0] && cp <= ranges[i][1])
            return true;
    }
    return false;
}

static uint32_t narrow(uint32_t cp)
{
    if (cp >= 0xFF10 && cp <= 0xFF19)
        return cp - 0xFF10 + '0';
    return cp == 0xFF0B ? '+' : cp;
}

static const char *skip_scheme(const char *text)
{
    while (*text == ' ')
        text++;
    if (strncasecmp(text, "tel:", 4) == 0 || strncasecmp(text, "sms:", 4) == 0)
        return text + 4;
    return text;
}

/* "+44 (0)7700 900123": the bracketed trunk zero is for callers inside the
 * country and never part of an international number. */
static bool is_optional_trunk(const char *at, const struct typed *typed)
{
    return typed->plus && typed->n > 0 && strncmp(at, "(0)", 3) == 0;
}

static bool add_code_point(struct typed *typed, uint32_t cp, struct err *err)
{
    if (is_separator(cp))
        return true;
    if (cp == '+' && typed->n == 0 && !typed->plus) {
        typed->plus = true;
        return true;
    }
    if (cp < '0' || cp > '9')
        return err_set(err, ERR_BAD_ADDRESS,
                       "a phone number has digits only, and a + in front");
    if (typed->n == sizeof typed->digits)
        return err_set(err, ERR_BAD_ADDRESS, "the phone number is too long");
    typed->digits[typed->n++] = (char)cp;
    return true;
}

/* The parameters of a tel: URI (RFC 3966): only phone-context, and only with
 * a country code, means something to us. */
static bool read_context(const char *at, struct typed *typed, struct err *err)
{
    size_t n = 0;

    if (*at != ';')
        return true;
    if (strncasecmp(at, context_mark, sizeof context_mark - 1) != 0)
        return err_set(err, ERR_BAD_ADDRESS,
                       "only phone-context may follow a number");
    at += sizeof context_mark - 1;
    if (*at == '+')
        at++;
    while (is_digit(at[n]))
        n++;
    if (n == 0 || n > CONTEXT_MAX || (at[n] != '\0' && at[n] != '?'))
        return err_set(err, ERR_BAD_ADDRESS,
                       "phone-context must be a country code");
    memcpy(typed->context, at, n);
    typed->context[n] = '\0';
    return true;
}

static bool reduce(const char *text, struct typed *typed, struct err *err)
{
    size_t size, pos = 0;

    memset(typed, 0, sizeof *typed);
    text = skip_scheme(text);
    size = strcspn(text, ";?");
    while (pos < size) {
        if (is_optional_trunk(text + pos, typed))
            pos += 3;
        else if (!add_code_point(typed, narrow(utf8_next(text, size, &pos)),
                                 err))
            return false;
    }
    return read_context(text + size, typed, err);
}

static bool write_e164(const char *country, const char *digits, size_t n,
                       char *out, struct err *err)
{
    size_t total = strlen(country) + n;

    if (total < E164_MIN || total > E164_MAX)
        return err_set(err, ERR_BAD_ADDRESS,
                       "an international number has %d to %d digits, "
                       "this one has %zu%s",
                       E164_MIN, E164_MAX, total,
                       country[0] != '\0' ? " with the country code" : "");
    if ((country[0] != '\0' ? country[0] : digits[0]) == '0')
        return err_set(err, ERR_BAD_ADDRESS, "no country code begins with 0");
    snprintf(out, NUMBER_MAX, "+%s%.*s", country, (int)n, digits);
    return true;
}

static bool write_short(const struct number_plan *plan,
                        const struct typed *typed, char *out, struct err *err)
{
    const char *context =
        typed->context[0] != '\0' ? typed->context : plan->country_code;

    if (context[0] == '\0')
        return err_set(err, ERR_BAD_ADDRESS,
                       "a short code needs the network's country_code");
    snprintf(out, NUMBER_MAX, "%.*s%s+%s", (int)typed->n, typed->digits,
             context_mark, context);
    return true;
}

/* Length of `prefix` when the digits begin with it, else 0. */
static size_t prefix_size(const struct typed *typed, const char *prefix)
{
    size_t n = strlen(prefix);

    return n <= typed->n && memcmp(typed->digits, prefix, n) == 0 ? n : 0;
}

static bool write_national(const struct number_plan *plan,
                           const struct typed *typed, char *out,
                           struct err *err)
{
    size_t skip = prefix_size(typed, plan->trunk_prefix);
    const char *country = plan->country_code;

    if (country[0] == '\0')
        return err_set(err, ERR_BAD_ADDRESS,
                       "write the number with + and country code");
    /* Where national numbers have a trunk prefix, a long one without it that
     * begins with the country code only lacks its plus. */
    if (skip == 0 && plan->trunk_prefix[0] != '\0' &&
        typed->n >= BARE_INTERNATIONAL_MIN && prefix_size(typed, country) != 0)
        country = "";
    return write_e164(country, typed->digits + skip, typed->n - skip, out, err);
}

bool number_canonical(const struct number_plan *plan, const char *typed_text,
                      char *out, struct err *err)
{
    const char *prefix = plan->international_prefix;
    struct typed typed;
    size_t skip;

    if (!reduce(typed_text, &typed, err))
        return false;
    if (typed.n == 0)
        return err_set(err, ERR_BAD_ADDRESS, "there is no phone number");
    if (typed.plus)
        return write_e164("", typed.digits, typed.n, out, err);
    if (prefix[0] == '\0' && plan->country_code[0] == '\0')
        prefix = "00";
    skip = prefix_size(&typed, prefix);
    if (skip != 0 && typed.n - skip >= E164_MIN)
        return write_e164("", typed.digits + skip, typed.n - skip, out, err);
    if (typed.n >= SHORT_MIN && typed.n <= SHORT_MAX)
        return write_short(plan, &typed, out, err);
    if (skip != 0 || typed.context[0] != '\0')
        return err_set(err, ERR_BAD_ADDRESS,
                       "this is neither a full number nor a short code");
    return write_national(plan, &typed, out, err);
}

static size_t count_digits(const char *text)
{
    size_t n = 0;

    while (is_digit(text[n]))
        n++;
    return n;
}

bool number_is_canonical(const char *text)
{
    size_t n;

    if (text[0] == '+') {
        n = count_digits(text + 1);
        return n >= E164_MIN && n <= E164_MAX && text[1] != '0' &&
               text[1 + n] == '\0';
    }
    n = count_digits(text);
    if (n < SHORT_MIN || n > SHORT_MAX)
        return false;
    text += n;
    if (strncmp(text, context_mark, sizeof context_mark - 1) != 0)
        return false;
    text += sizeof context_mark - 1;
    if (*text++ != '+')
        return false;
    n = count_digits(text);
    return n >= 1 && n <= CONTEXT_MAX && text[n] == '\0';
}

void number_dial(const char *canonical, char *out, size_t size)
{
    char text[NUMBER_MAX];

    text_copy(text, sizeof text, canonical);
    text[strcspn(text, ";")] = '\0';
    text_copy(out, size, text);
}

/* False: there is more than digits and what separates them, or no digit. */
static bool wanted_digits(const char *typed, char *out, size_t size)
{
    size_t length = strlen(typed), n = 0;

    for (size_t pos = 0; pos < length;) {
        uint32_t cp = utf8_next(typed, length, &pos);

        if (cp >= 0xFF10 && cp <= 0xFF19) /* full-width */
            cp = cp - 0xFF10 + '0';
        if (cp >= '0' && cp <= '9') {
            if (n + 1 < size && (n > 0 || cp != '0'))
                out[n++] = (char)cp;
        } else if (cp != '+' && !is_separator(cp)) {
            return false;
        }
    }
    out[n] = '\0';
    return n > 0;
}

bool number_contains(const char *canonical, const char *typed)
{
    char digits[TYPED_MAX], number[NUMBER_MAX];

    if (!wanted_digits(typed, digits, sizeof(digits)))
        return false;
    number_dial(canonical, number, sizeof(number));
    return strstr(number, digits) != NULL;
}
