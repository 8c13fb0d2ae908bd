/* watch.c - keeps an eye on a modem: the network, whether it is still set up
 * as we left it, and everything it says unasked.
 *
 * Every minute the poll script runs and the stores are looked through. A modem
 * that restarted by itself is back in text mode and announces nothing; that is
 * seen by AT+CMGF? and AT+CNMI? even when its boot messages were lost. */
#include "gsm/gsm.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

enum {
    POLL_MS = 60000,
    POLL_LOST_MS = 10000, /* while there is no network */
    SEARCH_EVERY_MS = 2000,
    SEARCH_MAX_MS = 300000,
    LOST_MAX_MS = 60000,
    SUSPECT_EVERY_MS = 30000,
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

static enum gsm_verdict on_creg(struct gsm *g, const struct at_event *event)
{
    parse_creg(event->answer, &g->creg);
    return STEP_NEXT;
}

static enum gsm_verdict on_cereg(struct gsm *g, const struct at_event *event)
{
    parse_creg(event->answer, &g->cereg);
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
                   (!g->has_cnmi || g->cnmi.value[3] != 0);
    const char *sim = g->imsi[0] != '\0'    ? g->imsi
                      : g->iccid[0] != '\0' ? g->iccid
                      : g->imei[0] != '\0'  ? g->imei
                                            : line_name(g->line);

    if (g->online && strcmp(g->sim, sim) != 0) {
        gsm_failf(g, ERR_LINK, "the SIM was changed");
        return;
    }
    if (!g->has_cnmi)
        log_warn("line %s: the modem does not announce what arrives; it is "
                 "looked for every minute",
                 line_name(g->line));
    text_copy(g->sim, sizeof(g->sim), sim);
    if (!g->online)
        line_online(g->line,
                    CAP_TEXT | CAP_FRAGMENTS | (reports ? CAP_DELIVERED : 0),
                    sim);
    g->online = true;
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
        timer_repeat(g->poll, POLL_MS);
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
    return STEP_NEXT;
}

/* After a slow answer some modems have turned the announcements off. */
static enum gsm_verdict on_cnmi(struct gsm *g, const struct at_event *event)
{
    struct cnmi now;

    if (g->has_cnmi && parse_cnmi(event->answer, &now) &&
        (now.value[1] != g->cnmi.value[1] ||
         now.value[3] != g->cnmi.value[3])) {
        gsm_restart(g, "the modem announces no arrivals any more");
        return STEP_LEFT;
    }
    return STEP_NEXT;
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
    return g->operator_name[0] == '\0' && gsm_registered(g);
}

static enum gsm_verdict on_cops(struct gsm *g, const struct at_event *event)
{
    parse_cops(event->answer, g->operator_name, sizeof(g->operator_name));
    return STEP_NEXT;
}

static void poll_done(struct gsm *g)
{
    int64_t now = clock_mono_ms();

    g->restarts = 0;
    if (gsm_registered(g)) {
        if (g->lost_at != 0)
            timer_repeat(g->poll, POLL_MS);
        g->lost_at = 0;
    } else if (g->lost_at == 0) {
        log_warn("line %s: %s", line_name(g->line), gsm_network_text(g));
        g->lost_at = now;
        g->operator_name[0] = '\0';
        timer_repeat(g->poll, POLL_LOST_MS);
    } else if (now - g->lost_at >= LOST_MAX_MS) {
        gsm_failf(g, ERR_LINK, "no network: %s", gsm_network_text(g));
        return;
    }
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
        STEP_CREG,
        STEP_CEREG,
        { .text = "AT+CSQ",
          .prefixes = "+CSQ:",
          .shape = AT_LINES,
          .parse = on_csq },
        { .build = build_cops,
          .prefixes = "+COPS:",
          .shape = AT_LINES,
          .timeout_s = 30,
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
    gsm_want_drain(g, -1);
    gsm_next(g);
}

void gsm_on_again_timer(void *arg)
{
    struct gsm *g = arg;

    gsm_want_drain(g, -1);
    gsm_next(g);
}

static void on_boot(struct gsm *g, const char *line)
{
    switch (g->state) {
    case GSM_CLOSED:
    case GSM_SEEKING:
    case GSM_OPENING:
    case GSM_PROBING:
    case GSM_STOPPING:
    case GSM_STATES:
        return;
    case GSM_INITIALISING:
    case GSM_UNLOCKING:
        g->booted = true;
        return;
    case GSM_SEARCHING:
    case GSM_READY:
    case GSM_POLLING:
    case GSM_LISTING:
    case GSM_DELETING:
    case GSM_PREPARING:
    case GSM_SUBMITTED:
        break;
    }
    log_info("line %s: the modem says %s", line_name(g->line), line);
    g->restarts = 0; /* booting is no failure to answer */
    gsm_restart(g, "the modem restarted");
}

/* +CMTI: "SM",3. Reports (+CDSI) may lie in SR, whatever it says. */
static void on_stored(struct gsm *g, const char *line)
{
    struct slice fields[2];
    size_t n = parse_fields(line, fields, 2);
    int hint = -1, index;

    if (line[2] == 'M' && n > 0) {
        if (slice_is(fields[0], "SM"))
            hint = MEMORY_SM;
        else if (slice_is(fields[0], "ME"))
            hint = MEMORY_ME;
    }
    if (hint >= 0 && n > 1 && slice_int(fields[1], &index))
        gsm_note_arrival(g, (enum gsm_memory)hint, index);
    g->arrived = true;
    gsm_want_drain(g, hint);
}

static void on_network(struct gsm *g, const char *line)
{
    bool had = gsm_registered(g);

    parse_creg(line, line[2] == 'E' ? &g->cereg : &g->creg);
    if (had != gsm_registered(g))
        g->want_poll = true;
}

static void take_hex(struct gsm *g, const char *hex, size_t digits)
{
    unsigned char bytes[GSM_PDU_MAX];
    size_t size;

    if (parse_hex(hex, digits, bytes, sizeof(bytes), &size))
        gsm_receive(g, NULL, bytes, size);
}

/* A routed report or message comes only once: during the set-up it is kept
 * until the core may be told. */
static void on_pdu(struct gsm *g, const struct at_event *event)
{
    if (event->pdu == NULL) {
        log_warn("line %s: a garbled PDU was dropped", line_name(g->line));
    } else if (g->online) {
        take_hex(g, event->pdu, strlen(event->pdu));
    } else {
        buf_add_text(&g->early, event->pdu);
        buf_add_char(&g->early, '\n');
    }
}

void gsm_take_early(struct gsm *g)
{
    const char *hex = buf_text(&g->early);

    for (size_t size; (size = strcspn(hex, "\n")) > 0; hex += size) {
        take_hex(g, hex, size);
        size += hex[size] == '\n';
    }
    buf_reset(&g->early);
}

void gsm_on_urc(struct gsm *g, const struct at_event *event)
{
    switch (event->urc) {
    case AT_URC_NOISE:
    case AT_URC_BROADCAST:
        break;
    case AT_URC_UNKNOWN:
        if (!parse_is_hex(event->line, strlen(event->line)))
            g->garbled = true;
        break;
    case AT_URC_STORED:
        on_stored(g, event->line);
        break;
    case AT_URC_MESSAGE:
    case AT_URC_REPORT:
        on_pdu(g, event);
        break;
    case AT_URC_FULL:
        gsm_want_drain(g, -1);
        break;
    case AT_URC_BOOT:
        on_boot(g, event->line);
        break;
    case AT_URC_SUSPECT:
        if (clock_mono_ms() - g->polled_at > SUSPECT_EVERY_MS)
            g->want_poll = true;
        break;
    case AT_URC_NETWORK:
        on_network(g, event->line);
        break;
    }
    gsm_next(g);
}
