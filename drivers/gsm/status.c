/* status.c - how a modem is, in words. What is sent and what may be sent is
 * counted by the core, which adds it. */
#include "gsm/gsm.h"

#include <stdio.h>

#include "base/log.h"

enum { BARS = 4 };

/* As phones show it; there is no standard. */
static unsigned bars_of(int dbm)
{
    static const int least[BARS] = { -110, -100, -88, -76 };
    unsigned bars = 0;

    while (bars < BARS && dbm >= least[bars])
        bars++;
    return bars;
}

/* The state where the network has no word in it, else that. */
static const char *phase_text(const struct gsm *g)
{
    bool works = g->online && g->state >= GSM_READY && g->state != GSM_STOPPING;

    return works && g->lost_at != 0 ? "waiting for the network"
                                    : gsm_state_name(g->state);
}

static void status_network(const struct gsm *g, struct status *status)
{
    const char *technology = act_name(g->act);

    status_text(status, "operator", "%s%s%s", gsm_network_text(g),
                g->operator_name[0] != '\0' ? ": " : "", g->operator_name);
    if (technology != NULL)
        status_text(status, "technology", "%s", technology);
    if (g->dbm != 0)
        status_text(status, "signal", "%d dBm (%u of %u bars)", g->dbm,
                    bars_of(g->dbm), (unsigned)BARS);
}

static void status_sim(const struct gsm *g, struct status *status)
{
    const char *number = gsm_own_number(g);
    const char *sim = g->imsi[0] != '\0' ? g->imsi : g->iccid;

    if (sim[0] != '\0')
        status_text(status, "sim", "%s", log_number(sim).text);
    if (number[0] != '\0')
        status_text(status, "number", "%s", number);
    if (g->smsc[0] != '\0')
        status_text(status, "smsc", "%s", g->smsc);
    if (g->total > 0)
        status_text(status, "store", "%d of %d", g->used, g->total);
    gsm_balance_status(g, status);
}

void gsm_status(struct line *line, struct status *status)
{
    const struct gsm *g = line_state(line);
    char trouble[512];

    status_text(status, "phase", "%s", phase_text(g));
    status_network(g, status);
    status_sim(g, status);
    if (g->online)
        status_text(status, "delivery", "%s",
                    g->quirk->send_only ? "none, it can only send"
                    : g->routed         ? "routed"
                                        : "stored");
    status_text(status, "modem", "%s%s%s", g->maker,
                g->maker[0] != '\0' ? " " : "", g->model);
    if (g->port[0] != '\0')
        status_text(status, "port", "%s", g->port);
    if (g->imei[0] != '\0')
        status_text(status, "imei", "%s", g->imei);
    gsm_trouble_text(g, trouble, sizeof(trouble));
    if (trouble[0] != '\0')
        status_text(status, "last error", "%s", trouble);
}
