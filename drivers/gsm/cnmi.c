/* cnmi.c - choosing how a modem announces what arrives.
 *
 * Stored messages (mt 1) survive a crash of ours, so they are preferred to
 * routed ones unless those are acknowledged. Reports come routed (ds 1) where
 * they can, because several modems cannot say where they stored one. */
#include "gsm/cnmi.h"

#include <stddef.h>

enum { MODE, MT, BM, DS, BFR };

static const struct cnmi usual[] = {
    { { 2, 1, 0, 1, 0 } }, { { 1, 1, 0, 1, 0 } }, { { 2, 1, 0, 1, 1 } },
    { { 3, 1, 0, 1, 0 } }, { { 2, 1, 2, 1, 0 } }, { { 2, 1, 0, 2, 0 } },
    { { 2, 1, 2, 2, 0 } }, { { 2, 1, 0, 0, 0 } }, { { 1, 1, 0, 0, 0 } },
    { { 2, 2, 0, 0, 0 } },
};

static const struct cnmi usual_routed[] = {
    { { 2, 2, 0, 1, 0 } },
    { { 1, 2, 0, 1, 0 } },
    { { 2, 2, 0, 1, 1 } },
    { { 3, 2, 0, 1, 0 } },
};

/* The first of `wanted` (ended by -1) whose bit is set, or `other`. */
static int pick(unsigned mask, const int *wanted, int other)
{
    for (; *wanted >= 0; wanted++)
        if (mask & (1u << *wanted))
            return *wanted;
    return other;
}

/* The ways for reports, best first. */
static const int *report_ways(const struct cnmi_wish *wish)
{
    static const int offered[] = { 1, 2, 0, -1 }, routed[] = { 1, 0, -1 };
    static const int stored[] = { 2, 0, -1 }, none[] = { 0, -1 };

    if (!wish->reports)
        return none;
    switch (wish->quirk->reports) {
    case REPORTS_OFFERED:
        return offered;
    case REPORTS_ROUTED:
        return routed;
    case REPORTS_STORED:
        return stored;
    }
    return offered;
}

static bool report_way_is_good(const struct cnmi_wish *wish, int ds)
{
    const int *way = report_ways(wish);

    while (*way >= 0 && *way != ds)
        way++;
    return *way == ds;
}

static struct cnmi from_choices(const struct cnmi_wish *wish)
{
    static const int modes[] = { 2, 1, 3, 0, -1 }, stored[] = { 1, 2, 0, -1 };
    static const int routed[] = { 2, -1 };
    static const int bms[] = { 0, 2, 1, 3, -1 }, bfrs[] = { 0, 1, -1 };
    const unsigned *mask = wish->choices->mask;
    int mode = wish->quirk->cnmi_mode;
    int bfr = wish->quirk->cnmi_bfr_one ? 1 : pick(mask[BFR], bfrs, 0);

    if (mode == 0 || !(mask[MODE] & (1u << mode)))
        mode = pick(mask[MODE], modes, 2);
    return (struct cnmi){
        { mode,
          pick(mask[MT], wish->routed ? routed : stored, wish->routed ? 0 : 1),
          pick(mask[BM], bms, 0), pick(mask[DS], report_ways(wish), 0), bfr }
    };
}

/* A usual setting in the family's way, or as it stands. */
static struct cnmi usual_setting(const struct cnmi_wish *wish,
                                 const struct cnmi *setting, bool own_way)
{
    struct cnmi cnmi = *setting;

    if (own_way && wish->quirk->cnmi_mode != 0)
        cnmi.value[MODE] = wish->quirk->cnmi_mode;
    if (own_way && wish->quirk->cnmi_bfr_one)
        cnmi.value[BFR] = 1;
    if (!wish->reports)
        cnmi.value[DS] = 0;
    return cnmi;
}

bool cnmi_candidate(const struct cnmi_wish *wish, unsigned n, struct cnmi *cnmi)
{
    const struct cnmi *table = wish->routed ? usual_routed : usual;
    size_t size = wish->routed ? sizeof(usual_routed) : sizeof(usual);
    size_t rows = size / sizeof(usual[0]);
    bool has_way = wish->quirk->cnmi_mode != 0 || wish->quirk->cnmi_bfr_one;

    if (wish->choices != NULL && n-- == 0) {
        *cnmi = from_choices(wish);
        return true;
    }
    for (size_t i = has_way ? 0 : rows; i < 2 * rows; i++) {
        *cnmi = usual_setting(wish, &table[i % rows], i < rows);
        if (report_way_is_good(wish, cnmi->value[DS]) && n-- == 0)
            return true;
    }
    return false;
}
