/* limit.c - see limit.h. */
#include "base/limit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/mem.h"

enum { ITEM_MAX = 64, MINUTE_MS = 60000, HOUR_MS = 60 * MINUTE_MS };
enum { DAY_MIN = 24 * 60 };

static const long long cap_max = 1000000000;

static const char *const units[LIMIT_UNITS] = {
    [LIMIT_MESSAGES] = "messages",
    [LIMIT_PARTS] = "parts",
    [LIMIT_CONTACTS] = "contacts",
};

static const char *const spans[LIMIT_SPANS] = {
    [SPAN_MINUTE] = "minute",
    [SPAN_HOUR] = "hour",
    [SPAN_DAY] = "day",
    [SPAN_MONTH] = "month",
};

static const char *const names[LIMIT_UNITS][LIMIT_SPANS] = {
    [LIMIT_MESSAGES] = { "messages/minute", "messages/hour", "messages/day",
                         "messages/month" },
    [LIMIT_PARTS] = { "parts/minute", "parts/hour", "parts/day",
                      "parts/month" },
    [LIMIT_CONTACTS] = { "contacts/minute", "contacts/hour", "contacts/day",
                         "contacts/month" },
};

/* --- as people write it --------------------------------------------------- */

static int find(const char *const *words, int n, const char *word)
{
    int i = 0;

    while (i < n && strcasecmp(words[i], word) != 0)
        i++;
    return i;
}

/* The word at *at, of the list; *at goes behind it and the blanks. */
static int word_of(const char **at, const char *const *words, int n)
{
    char word[16];
    size_t size = strspn(*at, "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    if (size >= sizeof(word))
        return n;
    text_copy(word, size + 1, *at);
    *at += size;
    *at += strspn(*at, " ");
    return find(words, n, word);
}

/* At most 10 digits at *at; *at goes behind them and the blanks. -1: none. */
static long long number_of(const char **at)
{
    size_t n = strspn(*at, "0123456789");
    long long value = n > 0 && n <= 10 ? strtoll(*at, NULL, 10) : -1;

    *at += n;
    *at += strspn(*at, " ");
    return value;
}

static bool sign(const char **at, char c)
{
    if (**at != c)
        return false;
    ++*at;
    *at += strspn(*at, " ");
    return true;
}

bool limits_add(struct limits *limits, const char *item, struct err *err)
{
    const char *at = item + strspn(item, " ");
    long long cap = number_of(&at);
    int unit = word_of(&at, units, LIMIT_UNITS);
    int span = sign(&at, '/') ? word_of(&at, spans, LIMIT_SPANS) : LIMIT_SPANS;

    if (unit == LIMIT_UNITS || span == LIMIT_SPANS || *at || cap < 1 ||
        cap > cap_max)
        return err_set(err, ERR_CONFIG,
                       "\"%.60s\" is not a limit like \"20 messages/day\": a "
                       "number above 0, messages, parts or contacts, and "
                       "/minute, /hour, /day or /month",
                       item);
    limits->caps[unit][span] = cap;
    return true;
}

bool limits_parse(const char *text, struct limits *out, struct err *err)
{
    struct limits limits = { 0 };
    char item[ITEM_MAX];

    if (strcasecmp(text, "none") == 0) {
        *out = limits;
        return true;
    }
    while (*text) {
        size_t n = strcspn(text, ",");

        text_copy(item, n + 1 < sizeof(item) ? n + 1 : sizeof(item), text);
        if (!limits_add(&limits, item, err))
            return false;
        text += n + (text[n] == ',');
    }
    *out = limits;
    return true;
}

bool limits_none(const struct limits *limits)
{
    for (int u = 0; u < LIMIT_UNITS; u++)
        for (int s = 0; s < LIMIT_SPANS; s++)
            if (limits->caps[u][s])
                return false;
    return true;
}

const char *limit_name(enum limit_unit unit, enum limit_span span)
{
    return names[unit][span];
}

/* --- on the clock --------------------------------------------------------- */

static struct tm local(int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm = { 0 };

    localtime_r(&seconds, &tm);
    return tm;
}

/* That minute of that day, also where the clocks change around it; days and
 * months run over into the next ones. */
static int64_t moment(int year, int month, int day, int minute)
{
    struct tm tm = { .tm_year = year,
                     .tm_mon = month,
                     .tm_mday = day,
                     .tm_hour = minute / 60,
                     .tm_min = minute % 60,
                     .tm_isdst = -1 };

    return (int64_t)mktime(&tm) * 1000;
}

struct period period_at(enum limit_span span, int64_t now)
{
    struct tm tm = local(now);
    int64_t hour = now - now % MINUTE_MS - (int64_t)tm.tm_min * MINUTE_MS;

    switch (span) {
    case SPAN_MINUTE:
        return (struct period){ now - now % MINUTE_MS,
                                now - now % MINUTE_MS + MINUTE_MS };
    case SPAN_HOUR:
        return (struct period){ hour, hour + HOUR_MS };
    case SPAN_DAY:
        return (
            struct period){ moment(tm.tm_year, tm.tm_mon, tm.tm_mday, 0),
                            moment(tm.tm_year, tm.tm_mon, tm.tm_mday + 1, 0) };
    case SPAN_MONTH:
    case LIMIT_SPANS:
        break;
    }
    return (struct period){ moment(tm.tm_year, tm.tm_mon, 1, 0),
                            moment(tm.tm_year, tm.tm_mon + 1, 1, 0) };
}

struct limit_text limit_when(int64_t then, int64_t now)
{
    struct tm there = local(then), here = local(now);
    struct limit_text out;
    bool soon = then - now < (int64_t)DAY_MIN * MINUTE_MS;
    bool today = there.tm_yday == here.tm_yday && there.tm_year == here.tm_year;

    (void)strftime(out.text, sizeof(out.text),
                   soon || today ? "again at %H:%M" : "again on %Y-%m-%d",
                   &there);
    return out;
}

static const char *in_words(enum limit_span span)
{
    static const char *const words[LIMIT_SPANS] = {
        [SPAN_MINUTE] = "in this minute",
        [SPAN_HOUR] = "in this hour",
        [SPAN_DAY] = "today",
        [SPAN_MONTH] = "this month",
    };

    return words[span];
}

static const char *done_words(enum limit_unit unit)
{
    static const char *const words[LIMIT_UNITS] = {
        [LIMIT_MESSAGES] = "texts",
        [LIMIT_PARTS] = "SMS parts",
        [LIMIT_CONTACTS] = "first texts to new contacts",
    };

    return words[unit];
}

bool limit_refuse(const struct limit_use *use, struct err *err)
{
    int64_t end = period_at(use->span, use->now).end;
    char more[64] = "";

    if (use->n > use->cap)
        return err_set(err, ERR_TOO_LONG,
                       "this text needs %lld SMS parts, and no more than %lld "
                       "a %s are allowed here",
                       (long long)use->n, (long long)use->cap,
                       spans[use->span]);
    if (use->n > 1)
        (void)snprintf(more, sizeof(more), " and this one needs %lld",
                       (long long)use->n);
    err_set(err, ERR_LIMITED, "%s sent %lld of %lld %s %s%s; %s", use->whose,
            (long long)use->used, (long long)use->cap, done_words(use->unit),
            in_words(use->span), more, limit_when(end, use->now).text);
    if (err)
        err->retry_after = (int)((end - use->now + 999) / 1000);
    return false;
}

/* --- quiet hours ---------------------------------------------------------- */

/* "22:00" in minutes; -1: it is none. */
static int time_of(const char **at)
{
    long long hour = number_of(at);
    long long minute = sign(at, ':') ? number_of(at) : -1;
    bool good = hour >= 0 && minute >= 0 && minute < 60 &&
                hour * 60 + minute <= DAY_MIN;

    return good ? (int)(hour * 60 + minute) : -1;
}

bool quiet_parse(const char *text, struct quiet *out, struct err *err)
{
    const char *at = text + strspn(text, " ");
    int from = time_of(&at);
    int to = sign(&at, '-') ? time_of(&at) : -1;

    if (from < 0 || to < 0 || *at || from == to)
        return err_set(err, ERR_CONFIG,
                       "quiet hours are written like 22:00-07:00");
    *out = (struct quiet){ .from = from % DAY_MIN, .to = to % DAY_MIN };
    return true;
}

int64_t quiet_until(const struct quiet *quiet, int64_t now)
{
    struct tm tm = local(now);
    int minute = tm.tm_hour * 60 + tm.tm_min;
    bool over_midnight = quiet->to < quiet->from;
    bool after = minute >= quiet->from, before = minute < quiet->to;

    if (quiet->from == quiet->to ||
        !(over_midnight ? after || before : after && before))
        return 0;
    return moment(tm.tm_year, tm.tm_mon,
                  tm.tm_mday + (over_midnight && after ? 1 : 0), quiet->to);
}
