/* unasked.c - everything a modem says without being asked: arrivals, the
 * network, restarts, noise, and answers to somebody else. */
#include "gsm/gsm.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum {
    SPOILT_MS = 300,
    SUSPECT_EVERY_MS = 30000,
    READY_S = 15,
    STRAYS_MAX = 3
};

/* A modem that only says it is ready may have done so long after a restart
 * that we have seen, so a text that is under way has some time to end. */
static void on_boot(struct gsm *g, const struct at_event *event)
{
    bool ready = event->urc == AT_URC_SET_UP;

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
    case GSM_PREPARING:
    case GSM_SUBMITTED:
        if (!ready)
            break;
        g->booted = true;
        if (g->state == GSM_SUBMITTED &&
            settings_int(line_options(g->line), "answer_timeout") > READY_S)
            timer_start(g->deadline, READY_S * 1000);
        return;
    case GSM_SEARCHING:
    case GSM_READY:
    case GSM_POLLING:
    case GSM_LISTING:
    case GSM_DELETING:
    case GSM_ACKING:
    case GSM_ERRAND:
        break;
    }
    log_info("line %s: the modem says %s", line_name(g->line), event->line);
    g->restarts = 0; /* booting is no failure to answer */
    gsm_restart(g, "the modem restarted");
}

/* The answer to a command that is none of ours. */
static void on_stray(struct gsm *g)
{
    if (g->state != GSM_READY || ++g->strays != STRAYS_MAX)
        return;
    log_warn("line %s: the modem answers commands that are not ours: another "
             "program uses its port (ModemManager? udev: "
             "ID_MM_DEVICE_IGNORE=1)",
             line_name(g->line));
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

    gsm_read_creg(g, line, line[2] == 'E' ? &g->cereg : &g->creg);
    if (had != gsm_registered(g))
        g->want_poll = true;
}

/* With acknowledgements a slot remembers what the core has not committed;
 * without, the modem has forgotten it already. */
static void take_hex(struct gsm *g, const char *hex, size_t digits)
{
    unsigned char bytes[GSM_PDU_MAX];
    struct gsm_slot *slot = NULL;
    size_t size;

    if (!parse_hex(hex, digits, bytes, sizeof(bytes), &size))
        return;
    if (g->routed)
        slot = gsm_slot_add(g, MEMORIES, 0);
    if (g->routed && slot == NULL) {
        gsm_acknowledge(g, false);
        return;
    }
    gsm_receive(g, slot, bytes, size);
    if (slot != NULL && slot->use != SLOT_OFFERED) {
        slot->use = SLOT_FREE;
        gsm_acknowledge(g, true);
    }
}

/* A routed report or message comes only once: during the set-up it is kept
 * until the core may be told. */
static void on_pdu(struct gsm *g, const struct at_event *event)
{
    gsm_routed_came(g);
    if (event->pdu == NULL) {
        log_warn("line %s: a garbled PDU was dropped", line_name(g->line));
        gsm_acknowledge(g, false);
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

/* A long line of hex is the PDU of a URC whose first line was lost. */
static void note_garbled(struct gsm *g, const char *line)
{
    enum { PDU_DIGITS = 24 };
    size_t size = strlen(line);

    if (size < PDU_DIGITS || !parse_is_hex(line, size) ||
        g->state == GSM_LISTING)
        g->garbled = true;
    if (g->routed && parse_is_hex(line, size))
        gsm_doubt(g); /* it waits for an acknowledgement in vain */
}

/* "NK", "ERBOR": the result that is awaited, with a bit turned. Only what is
 * that near counts, since modems say all sorts of things. */
static bool is_spoilt_result(const char *line)
{
    static const char *const results[] = { "OK", "ERROR" };

    for (size_t r = 0; r < 2; r++) {
        size_t size = strlen(results[r]), wrong = 0;

        if (strlen(line) > size + 1)
            continue;
        for (size_t i = 0; i < size && line[i] != '\0'; i++)
            wrong += line[i] != results[r][i];
        if (wrong <= size / 2)
            return true;
    }
    return false;
}

/* There is no use in waiting for its end. Of a text the outcome may still be
 * told, by its report. */
static void on_spoilt(struct gsm *g)
{
    if (!at_busy(&g->at) || g->state == GSM_SUBMITTED ||
        g->state == GSM_STOPPING)
        return;
    g->spoilt = true;
    timer_start(g->deadline, SPOILT_MS);
}

void gsm_on_urc(struct gsm *g, const struct at_event *event)
{
    switch (event->urc) {
    case AT_URC_NOISE:
    case AT_URC_BROADCAST:
        break;
    case AT_URC_UNKNOWN:
        if (gsm_ussd_goes_on(g, event->line))
            break;
        note_garbled(g, event->line);
        if (is_spoilt_result(event->line))
            on_spoilt(g);
        break;
    case AT_URC_STRAY:
        on_stray(g);
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
    case AT_URC_SET_UP:
        on_boot(g, event);
        break;
    case AT_URC_SUSPECT:
        if (clock_mono_ms() - g->polled_at > SUSPECT_EVERY_MS)
            g->want_poll = true;
        break;
    case AT_URC_NETWORK:
        on_network(g, event->line);
        break;
    case AT_URC_CALL:
        gsm_on_call(g, event->line);
        break;
    case AT_URC_USSD:
        gsm_on_ussd(g, event->line);
        break;
    }
    gsm_next(g);
}
