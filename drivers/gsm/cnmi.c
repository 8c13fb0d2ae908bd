/* cnmi.c - choosing how a modem announces what arrives.
 *
 * Stored messages (mt 1) survive a crash of ours, so they are preferred to
 * routed ones. Reports are only a convenience and come routed (ds 1), because
 * several modems cannot say where they stored one. */
#include "gsm/cnmi.h"

#include <stddef.h>

static const struct cnmi usual[] = {
    { { 2, 1, 0, 1, 0 } }, { { 1, 1, 0, 1, 0 } }, { { 2, 1, 0, 1, 1 } },
    { { 3, 1, 0, 1, 0 } }, { { 2, 1, 2, 1, 0 } }, { { 2, 1, 0, 2, 0 } },
    { { 2, 1, 2, 2, 0 } }, { { 2, 1, 0, 0, 0 } }, { { 1, 1, 0, 0, 0 } },
    { { 2, 2, 0, 0, 0 } },
};

/* The first of `wanted` (ended by -1) whose bit is set, or `other`. */
static int pick(unsigned mask, const int *wanted, int other)
{
    for (; *wanted >= 0; wanted++)
        if (mask & (1u << *wanted))
            return *wanted;
    return other;
}

static struct cnmi from_choices(const struct cnmi_wish *wish)
{
    static const int modes[] = { 2, 1, 3, 0, -1 }, mts[] = { 1, 2, 0, -1 };
    static const int bms[] = { 0, 2, 1, 3, -1 }, bfrs[] = { 0, 1, -1 };
    static const int reports[] = { 1, 2, 0, -1 };
    static const int routed[] = { 1, 0, -1 }, none[] = { 0, -1 };
    const unsigned *mask = wish->choices->mask;
    int mode = wish->quirk->cnmi_mode;
    const int *ds = !wish->reports                   ? none
                    : wish->quirk->no_stored_reports ? routed
                                                     : reports;

    if (mode == 0 || !(mask[0] & (1u << mode)))
        mode = pick(mask[0], modes, 2);
    return (struct cnmi){ { mode, pick(mask[1], mts, 1), pick(mask[2], bms, 0),
                            pick(mask[3], ds, 0), pick(mask[4], bfrs, 0) } };
}

bool cnmi_candidate(const struct cnmi_wish *wish, unsigned n, struct cnmi *cnmi)
{
    if (wish->choices != NULL && n-- == 0) {
        *cnmi = from_choices(wish);
        return true;
    }
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (usual[i].value[3] == 2 && wish->quirk->no_stored_reports)
            continue;
        if (n-- > 0)
            continue;
        *cnmi = usual[i];
        if (!wish->reports)
            cnmi->value[3] = 0;
        return true;
    }
    return false;
}
