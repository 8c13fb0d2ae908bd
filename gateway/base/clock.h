/* clock.h - the only place that reads clocks (rule R15). */
#ifndef MOONGATE_BASE_CLOCK_H
#define MOONGATE_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

int64_t clock_wall_ms(void); /* Unix time in ms: for stamps and times to live */
int64_t clock_mono_ms(void); /* CLOCK_MONOTONIC in ms: for timers */
int64_t clock_mono_us(void);

/* XEP-0082 UTC text, e.g. 2026-11-21T09:30:00.123Z, into out. */
struct clock_text {
    char text[32];
};
struct clock_text clock_iso(int64_t wall_ms);

/* The same for people: 2026-11-21 09:30 UTC. */
struct clock_text clock_words(int64_t wall_ms);

/* Minutes that this machine's local time is ahead of UTC at that moment. */
int clock_zone_min(int64_t wall_ms);

/* Unix ms of a proleptic Gregorian UTC date; fields are clamped, not
 * checked (SMSCs send month 0 and hour 31). month 1..12. */
int64_t clock_from_date(int year, int month, int day, int hour, int minute,
                        int second);

#endif
