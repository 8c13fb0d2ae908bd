/* quota.c - see quota.h. */
#include "core/quota.h"

#include <stddef.h>
#include <time.h>

#include "base/option.h"

enum { MINUTE_MS = 60000, SOON_MS = 2000 };

static const char *const keys[QUOTA_SPANS] = {
    [QUOTA_MINUTE] = "parts_per_minute",
    [QUOTA_DAY] = "parts_per_day",
    [QUOTA_MONTH] = "parts_per_month",
};

void quota_init(struct quota *quota, const struct settings *settings)
{
    *quota = (struct quota){ 0 };
    for (int i = 0; i < QUOTA_SPANS; i++)
        quota->spans[i].cap = settings_int(settings, keys[i]);
}

/* --- periods -------------------------------------------------------------- */

/* Midnight of that day, also where the clocks change at midnight. */
static int64_t midnight(int year, int month, int day)
{
    struct tm tm = {
        .tm_year = year, .tm_mon = month, .tm_mday = day, .tm_isdst = -1
    };
    return (int64_t)mktime(&tm) * 1000;
}

static void enter(struct quota_count *count, int64_t start, int64_t end)
{
    if (count->start != start)
        count->used = 0;
    count->start = start;
    count->end = end;
}

static void enter_day(struct quota *quota, int64_t now)
{
    time_t seconds = (time_t)(now / 1000);
    struct tm tm;
    localtime_r(&seconds, &tm);
    enter(&quota->spans[QUOTA_DAY], midnight(tm.tm_year, tm.tm_mon, tm.tm_mday),
          midnight(tm.tm_year, tm.tm_mon, tm.tm_mday + 1));
    enter(&quota->spans[QUOTA_MONTH], midnight(tm.tm_year, tm.tm_mon, 1),
          midnight(tm.tm_year, tm.tm_mon + 1, 1));
}

static bool is_within(const struct quota_count *count, int64_t now)
{
    return now >= count->start && now < count->end;
}

bool quota_roll(struct quota *quota, int64_t now)
{
    struct quota_count *minute = &quota->spans[QUOTA_MINUTE];
    bool back = now < minute->start;
    if (!is_within(minute, now)) {
        int64_t start = now - now % MINUTE_MS;
        enter(minute, start, start + MINUTE_MS);
    }
    if (!back && is_within(&quota->spans[QUOTA_DAY], now))
        return false;
    for (int i = 0; i < QUOTA_SPANS; i++)
        quota->spans[i].used = 0; /* the store adds what it knows */
    enter_day(quota, now);
    return true;
}

struct spent_since quota_since(const struct quota *quota)
{
    return (struct spent_since){
        .minute = quota->spans[QUOTA_MINUTE].start,
        .day = quota->spans[QUOTA_DAY].start,
        .month = quota->spans[QUOTA_MONTH].start,
    };
}

static void add_stored(struct quota_count *count, int64_t start, int64_t spent)
{
    if (count->start == start)
        count->used += spent;
}

void quota_add_stored(struct quota *quota, const struct spent_since *since,
                      const struct spent *spent)
{
    add_stored(&quota->spans[QUOTA_MINUTE], since->minute, spent->minute);
    add_stored(&quota->spans[QUOTA_DAY], since->day, spent->day);
    add_stored(&quota->spans[QUOTA_MONTH], since->month, spent->month);
}

/* --- caps ----------------------------------------------------------------- */

static bool span_fits(const struct quota *quota,
                      const struct quota_count *count, size_t parts, bool begun)
{
    int64_t taken = count->used + quota->reserved, n = (int64_t)parts;
    if (count->cap == 0)
        return true;
    if (begun)
        return count->used < count->cap;
    return taken + n <= count->cap || (n > count->cap && taken <= 0);
}

bool quota_fits(const struct quota *quota, size_t parts, bool begun)
{
    for (int i = 0; i < QUOTA_SPANS; i++)
        if (!span_fits(quota, &quota->spans[i], parts, begun))
            return false;
    return true;
}

/* What is only reserved may yet come free. */
static int64_t span_clears(const struct quota *quota,
                           const struct quota_count *count, size_t parts,
                           int64_t now)
{
    bool by_others =
        quota->reserved > 0 && count->used + (int64_t)parts <= count->cap;
    return by_others && now + SOON_MS < count->end ? now + SOON_MS : count->end;
}

int64_t quota_clears(const struct quota *quota, size_t parts, bool begun,
                     int64_t now)
{
    int64_t latest = now;
    for (int i = 0; i < QUOTA_SPANS; i++) {
        const struct quota_count *count = &quota->spans[i];
        if (span_fits(quota, count, parts, begun))
            continue;
        int64_t clears = span_clears(quota, count, parts, now);
        if (clears > latest)
            latest = clears;
    }
    return latest;
}

struct spend quota_spend(struct quota *quota, size_t parts)
{
    for (int i = 0; i < QUOTA_SPANS; i++)
        quota->spans[i].used += (int64_t)parts;
    /* Minutes cost a row of their own, so only where they are capped. */
    bool minutes = quota->spans[QUOTA_MINUTE].cap > 0;
    return (struct spend){
        .day = quota->spans[QUOTA_DAY].start,
        .minute = minutes ? quota->spans[QUOTA_MINUTE].start : 0,
    };
}

void quota_give_back(struct quota *quota, const struct spend *spend,
                     size_t parts)
{
    int64_t n = (int64_t)parts;
    struct quota_count *month = &quota->spans[QUOTA_MONTH];
    if (spend->minute && spend->minute == quota->spans[QUOTA_MINUTE].start)
        quota->spans[QUOTA_MINUTE].used -= n;
    if (spend->day && spend->day == quota->spans[QUOTA_DAY].start)
        quota->spans[QUOTA_DAY].used -= n;
    if (spend->day >= month->start && spend->day < month->end)
        month->used -= n;
}
