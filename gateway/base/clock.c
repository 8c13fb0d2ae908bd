/* clock.c - clocks, and calendar arithmetic on Unix time without time zones
 * or libc's locks. The day count is the usual one with years that begin in
 * March, so that the leap day is a year's last. */
#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

enum { DAYS_TO_1970 = 719468, DAYS_IN_400_YEARS = 146097 };

static int64_t now_us(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
    return now_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_mono_ms(void)
{
    return now_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_mono_us(void)
{
    return now_us(CLOCK_MONOTONIC);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

struct clock_text clock_iso(int64_t wall_ms)
{
    static const int64_t first = -62167219200000; /* 0000-01-01 */
    static const int64_t last = 253402300799999;  /* 9999-12-31 */
    struct clock_text out;
    int64_t ms = wall_ms < first ? first : wall_ms > last ? last : wall_ms;
    int64_t days = floor_div(ms, 86400000);
    int64_t rest = ms - days * 86400000;
    int64_t era = floor_div(days + DAYS_TO_1970, DAYS_IN_400_YEARS);
    int64_t doe = days + DAYS_TO_1970 - era * DAYS_IN_400_YEARS;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t shifted = (5 * doy + 2) / 153;
    int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
    int64_t year = yoe + era * 400 + (month <= 2 ? 1 : 0);

    snprintf(out.text, sizeof out.text, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
             (unsigned)year % 10000, (unsigned)month % 100,
             (unsigned)(doy - (153 * shifted + 2) / 5 + 1) % 100,
             (unsigned)(rest / 3600000) % 100, (unsigned)(rest / 60000 % 60),
             (unsigned)(rest / 1000 % 60), (unsigned)(rest % 1000));
    return out;
}

struct clock_text clock_words(int64_t wall_ms)
{
    struct clock_text iso = clock_iso(wall_ms), out;

    snprintf(out.text, sizeof(out.text), "%.10s %.5s UTC", iso.text,
             iso.text + 11);
    return out;
}

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

int64_t clock_from_date(int year, int month, int day, int hour, int minute,
                        int second)
{
    int64_t y, era, yoe, doy, doe, days;

    year = clamp(year, 0, 9999);
    month = clamp(month, 1, 12);
    day = clamp(day, 1, days_in_month(year, month));
    y = month <= 2 ? year - 1 : year;
    era = floor_div(y, 400);
    yoe = y - era * 400;
    doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    days = era * DAYS_IN_400_YEARS + doe - DAYS_TO_1970;
    return ((days * 24 + clamp(hour, 0, 23)) * 3600 +
            clamp(minute, 0, 59) * 60 + clamp(second, 0, 59)) *
           1000;
}

int clock_zone_min(int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm local;

    return localtime_r(&seconds, &local) ? (int)(local.tm_gmtoff / 60) : 0;
}
