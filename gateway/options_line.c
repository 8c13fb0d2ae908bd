/* options_line.c - see options_line.h. */
#include "options_line.h"

const struct option common_line_options[] = {
    {
        .key = "network",
        .type = OPT_TEXT,
        .flags = OPT_REQUIRED,
        .help = "Name of the network whose messages it carries",
    },
    {
        .key = "driver",
        .type = OPT_TEXT,
        .flags = OPT_REQUIRED,
        .help = "What kind of line it is",
    },
    {
        .key = "owner",
        .type = OPT_TEXT,
        .help = "Bare JID to whom it belongs: he alone sends, and gets what "
                "comes in",
    },
    {
        .key = "team",
        .type = OPT_LIST,
        .help = "Bare JIDs to whom it belongs together, instead of the "
                "network's team",
    },
    {
        .key = "personal",
        .type = OPT_BOOL,
        .fallback = "false",
        .help = "It only shows what lines of users' own are like, who bring "
                "the rest",
    },
    {
        .key = "prefixes",
        .type = OPT_LIST,
        .help = "Beginnings of numbers it sends to; \"!+4490\": not to "
                "those; none: to all",
    },
    {
        .key = "cost",
        .type = OPT_INT,
        .fallback = "0",
        .min = 0,
        .max = 1000000,
        .help = "Price of a part in any unit: the cheapest line that works "
                "is taken",
    },
    {
        .key = "weight",
        .type = OPT_INT,
        .fallback = "1",
        .min = 1,
        .max = 1000,
        .help = "Its share of new conversations among lines of the same cost",
    },
    {
        .key = "parts_per_minute",
        .type = OPT_INT,
        .fallback = "0",
        .min = 0,
        .max = 1000000,
        .help = "SMS parts it may send in a minute of the clock; 0: no limit",
    },
    {
        .key = "parts_per_day",
        .type = OPT_INT,
        .fallback = "0",
        .min = 0,
        .max = 1000000000,
        .help = "SMS parts it may send from midnight to midnight, local "
                "time; 0: no limit",
    },
    {
        .key = "parts_per_month",
        .type = OPT_INT,
        .fallback = "0",
        .min = 0,
        .max = 1000000000,
        .help = "SMS parts it may send in a calendar month; 0: no limit",
    },
    { 0 },
};
