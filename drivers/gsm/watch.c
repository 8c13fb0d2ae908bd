/* watch.c - keeps an eye on a modem: the network, and whether it is still set
 * up as we left it.
 *
 * Every minute the poll script runs and the stores are looked through. A modem
 * that restarted by itself is back in text mode and announces nothing; that is
 * seen by AT+CMGF? and AT+CNMI? even when its boot messages were lost. */
#include "gsm/gsm.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

enum {
    POLL_MS = 60000,
    POLL_SOON_MS = 2000, /* without a network, or in doubt */
    POLLS_PER_NAME = 10,
    SEARCH_EVERY_MS = 2000,
    SEARCH_MAX_MS = 300000,
    LOST_MAX_MS = 60000,
    MISSED_MAX = 3,
    DOUBT_MS = 30000,
};

/* Values of <stat>, 27.007 7.2. */
static const struct {
    bool registered;
    const char *text;
} networks[] = {
    [0] = { false, "no network" },
    [1] = { true, "home network" },
    [2] = { false, "searching for a network" },
    [3] = { false, "the network refuses this SIM" },
    [4] = { false, "no coverage" },
    [5] = { true, "roaming" },
    [6] = { true, "home network, SMS only" },
    [7] = { true, "roaming, SMS only" },
    [8] = { false, "emergency calls only" },
    [9] = { true, "home network" },
    [10] = { true, "roaming" },
    [11] = { false, "emergency calls only" },
};

static bool stat_is_registered(int stat)
{
    return stat >= 0 && networks[stat].registered;
}

/* Circuit-switched or, after the end of 2G and 3G, LTE alone. A modem that
 * tells neither is believed to have a network. */
bool gsm_registered(const struct gsm *g)
{
    return stat_is_registered(g->creg) || stat_is_registered(g->cereg) ||
           (g->creg < 0 && g->cereg < 0);
}

const char *gsm_network_text(const struct gsm *g)
{
    return gsm_network_words(g->creg, g->cereg);
}

const char *gsm_network_words(int creg, int cereg)
{
    int stat = stat_is_registered(cereg) || creg < 0 ? cereg : creg;

    return stat < 0 ? "unknown" : networks[stat].text;
}

/* The technology is that of the service that is registered. */
void gsm_read_creg(struct gsm *g, const char *text, int *stat)
{
    int act;

    if (parse_creg(text, stat, &act) && stat_is_registered(*stat) && act >= 0)
        g->act = act;
}

static enum gsm_verdict on_creg(struct gsm *g, const struct at_event *event)
{
    gsm_read_creg(g, event->answer, &g->creg);
    return STEP_NEXT;
}

static enum gsm_verdict on_cereg(struct gsm *g, const struct at_event *event)
{
    gsm_read_creg(g, event->answer, &g->cereg);
    return STEP_NEXT;
}

#define STEP_CREG                                                              \
    {                                                                          \
        .text = "AT+CREG?", .prefixes = "+CREG:", .shape = AT_LINES,           \
        .parse = on_creg                                                       \
    }
#define STEP_CEREG                                                             \
    {                                                                          \
        .text = "AT+CEREG?", .prefixes = "+CEREG:", .shape = AT_LINES,         \
        .parse = on_cereg                                                      \
    }

static void report_online(struct gsm *g)
{
    bool reports = settings_bool(line_options(g->line), "reports") &&
                   g->has_cnmi && g->cnmi.value[3] != 0;
    const char *sim = g->imsi[0] != '\0'    ? g->imsi
                      : g->iccid[0] != '\0' ? g->iccid
                      : g->imei[0] != '\0'  ? g->imei
                                            : line_name(g->line);

    if (g->online && strcmp(g->sim, sim) != 0) {
        gsm_failf(g, ERR_LINK, "the SIM was changed");
        return;
    }
    if (!g->has_cnmi)
        log_warn("line %s: the modem does not announce what arrives; %s",
                 line_name(g->line),
                 g->quirk->send_only
                     ? "its texts cannot be read either: it can only send"
                     : "it is looked for every minute");
    if (!g->online && !g->routed &&
        settings_enum(line_options(g->line), "delivery") == GSM_DELIVERY_ROUTED)
        log_warn("line %s: this modem cannot acknowledge texts while it sends, "
                 "so they are stored, not routed",
                 line_name(g->line));
    text_copy(g->sim, sizeof(g->sim), sim);
    if (!g->online)
        line_online(g->line,
                    CAP_TEXT | CAP_FRAGMENTS | CAP_COMMAND |
                        (reports ? CAP_DELIVERED : 0),
                    sim);
    g->online = true;
}

static bool is_in_doubt(const struct gsm *g)
{
    return g->lost_at != 0 || clock_mono_ms() < g->doubt_until;
}

static void plan_poll(struct gsm *g)
{
    timer_start(g->poll, is_in_doubt(g) ? POLL_SOON_MS : POLL_MS);
}

void gsm_doubt(struct gsm *g)
{
    g->doubt_until = clock_mono_ms() + DOUBT_MS;
    if (g->online)
        plan_poll(g);
}

static void search_done(struct gsm *g)
{
    int64_t waited = clock_mono_ms() - g->lost_at;

    if (gsm_registered(g)) {
        g->lost_at = 0;
        report_online(g);
        if (g->state != GSM_SEARCHING)
            return;
        gsm_take_early(g);
        g->want_poll = true;
        gsm_want_drain(g, -1);
        plan_poll(g);
        gsm_errands_online(g);
        gsm_enter(g, GSM_READY);
        return;
    }
    if (waited > SEARCH_MAX_MS) {
        gsm_failf(g, ERR_LINK, "%s for five minutes: check antenna and SIM",
                  gsm_network_text(g));
        return;
    }
    g->step = 0;
    timer_start(g->deadline, SEARCH_EVERY_MS);
}

void gsm_search_enter(struct gsm *g)
{
    static const struct gsm_step steps[] = { STEP_CREG, STEP_CEREG };
    static const struct gsm_script script = {
        .steps = steps,
        .n = 2,
        .done = search_done,
    };

    g->lost_at = clock_mono_ms();
    gsm_run(g, &script);
}

static enum gsm_verdict on_cmgf(struct gsm *g, const struct at_event *event)
{
    int mode;

    if (parse_number(event->answer, "+CMGF:", &mode) && mode != 0) {
        gsm_restart(g, "the modem has forgotten its settings");
        return STEP_LEFT;
    }
    g->sure_at = clock_mono_ms();
    return STEP_NEXT;
}

/* After a late acknowledgement, or just a slow answer, modems turn the
 * announcements off without a word (27.005 3.4.4). */
static enum gsm_verdict on_cnmi(struct gsm *g, const struct at_event *event)
{
    struct cnmi now;

    g->cnmi_lost =
        g->has_cnmi && parse_cnmi(event->answer, &now) &&
        (now.value[1] != g->cnmi.value[1] || now.value[3] != g->cnmi.value[3]);
    if (!g->cnmi_lost)
        return STEP_NEXT;
    g->missed++;
    gsm_want_drain(g, -1);
    if (!g->routed || g->missed < MISSED_MAX)
        return STEP_NEXT;
    g->no_routed = true;
    gsm_restart(g, "the modem does not keep up with routed texts");
    return STEP_LEFT;
}

static bool build_cnmi(struct gsm *g, char *out)
{
    const int *v = g->cnmi.value;

    snprintf(out, AT_COMMAND_MAX + 1, "AT+CNMI=%d,%d,%d,%d,%d", v[0], v[1],
             v[2], v[3], v[4]);
    return g->cnmi_lost;
}

static enum gsm_verdict on_cnmi_again(struct gsm *g,
                                      const struct at_event *event)
{
    g->cnmi_lost = false;
    if (event->final->code == AT_OK) {
        log_info("line %s: the modem had stopped to announce arrivals; it "
                 "does again",
                 line_name(g->line));
        return STEP_NEXT;
    }
    gsm_restart(g, "the modem announces no arrivals any more");
    return STEP_LEFT;
}

static enum gsm_verdict on_csq(struct gsm *g, const struct at_event *event)
{
    g->dbm = 0;
    parse_csq(event->answer, &g->dbm);
    return STEP_NEXT;
}

static bool build_cops(struct gsm *g, char *out)
{
    text_copy(out, AT_COMMAND_MAX + 1, "AT+COPS?");
    return gsm_registered(g) &&
           (g->operator_name[0] == '\0' || g->polls % POLLS_PER_NAME == 0);
}

static enum gsm_verdict on_cops(struct gsm *g, const struct at_event *event)
{
    int act;

    if (parse_cops(event->answer, g->operator_name, sizeof(g->operator_name),
                   &act) &&
        act >= 0)
        g->act = act;
    return STEP_NEXT;
}

static void poll_done(struct gsm *g)
{
    int64_t now = clock_mono_ms();

    g->restarts = 0;
    g->hung_in = GSM_CLOSED;
    g->polls++;
    if (gsm_registered(g)) {
        g->lost_at = 0;
    } else if (g->lost_at == 0) {
        log_warn("line %s: %s", line_name(g->line), gsm_network_text(g));
        g->lost_at = now;
        g->operator_name[0] = '\0';
        g->act = -1;
    } else if (now - g->lost_at >= LOST_MAX_MS) {
        gsm_failf(g, ERR_LINK, "no network: %s", gsm_network_text(g));
        return;
    }
    plan_poll(g);
    gsm_enter(g, GSM_READY);
}

void gsm_poll_enter(struct gsm *g)
{
    static const struct gsm_step steps[] = {
        { .text = "AT+CMGF?",
          .prefixes = "+CMGF:",
          .shape = AT_LINES,
          .parse = on_cmgf },
        { .text = "AT+CNMI?",
          .prefixes = "+CNMI:",
          .shape = AT_LINES,
          .parse = on_cnmi },
        { .build = build_cnmi, .parse = on_cnmi_again },
        STEP_CREG,
        STEP_CEREG,
        { .text = "AT+CSQ",
          .prefixes = "+CSQ:",
          .shape = AT_LINES,
          .parse = on_csq },
        { .build = build_cops,
          .prefixes = "+COPS:",
          .shape = AT_LINES,
          .timeout_s = 5,
          .parse = on_cops },
    };
    static const struct gsm_script script = {
        .steps = steps,
        .n = sizeof(steps) / sizeof(steps[0]),
        .done = poll_done,
    };

    g->want_poll = false;
    g->polled_at = clock_mono_ms();
    gsm_run(g, &script);
}

void gsm_on_poll_timer(void *arg)
{
    struct gsm *g = arg;

    g->want_poll = true;
    if (!is_in_doubt(g))
        gsm_want_drain(g, -1);
    plan_poll(g);
    gsm_next(g);
}

void gsm_on_again_timer(void *arg)
{
    struct gsm *g = arg;

    gsm_want_drain(g, -1);
    gsm_next(g);
}
