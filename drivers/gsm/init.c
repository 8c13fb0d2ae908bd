/* init.c - the commands that set a modem up, as a table.
 *
 * The order is that of 3GPP practice: talk properly, know who it is, wake it
 * up, open the SIM, PDU mode, stores, announcements. Only PDU mode is needed;
 * whatever else a modem refuses has a way around it. `=?` answers decide the
 * values of AT+CPMS and AT+CNMI.
 *
 * AT+CSMS=0 unless delivery is routed (acks.c): with 1 every routed message
 * and report has to be acknowledged by AT+CNMA in time, and a modem that misses
 * one silently turns the announcements off. */
#include "gsm/gsm.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define STEPS(table) (sizeof(table) / sizeof((table)[0]))

static void find_quirk(struct gsm *g)
{
    g->quirk = gsm_quirk_find(g->maker, g->model);
    g->at.noise = g->quirk->noise;
    g->routed = gsm_routed_wanted(g);
}

static enum gsm_verdict on_cgmi(struct gsm *g, const struct at_event *event)
{
    parse_line(event->answer, g->maker, sizeof(g->maker));
    return STEP_NEXT;
}

static enum gsm_verdict on_cgmm(struct gsm *g, const struct at_event *event)
{
    parse_line(event->answer, g->model, sizeof(g->model));
    find_quirk(g);
    return STEP_NEXT;
}

static enum gsm_verdict on_cgmr(struct gsm *g, const struct at_event *event)
{
    parse_line(event->answer, g->revision, sizeof(g->revision));
    return STEP_NEXT;
}

static enum gsm_verdict on_cgsn(struct gsm *g, const struct at_event *event)
{
    parse_identity(event->answer, g->imei, sizeof(g->imei));
    return STEP_NEXT;
}

static bool build_quirk(struct gsm *g, unsigned i, char *out)
{
    if (g->quirk->init[i] == NULL)
        return false;
    text_copy(out, AT_COMMAND_MAX + 1, g->quirk->init[i]);
    return true;
}

static bool build_quirk_1(struct gsm *g, char *out)
{
    return build_quirk(g, 0, out);
}

static bool build_quirk_2(struct gsm *g, char *out)
{
    return build_quirk(g, 1, out);
}

static bool build_quirk_3(struct gsm *g, char *out)
{
    return build_quirk(g, 2, out);
}

static bool build_flow_control(struct gsm *g, char *out)
{
    text_copy(out, AT_COMMAND_MAX + 1, "AT+IFC=2,2");
    return settings_bool(line_options(g->line), "flow_control");
}

static enum gsm_verdict on_cfun(struct gsm *g, const struct at_event *event)
{
    g->cfun = 1;
    parse_number(event->answer, "+CFUN:", &g->cfun);
    return STEP_NEXT;
}

/* Asleep (0) or in flight mode (4). */
static bool build_wake_up(struct gsm *g, char *out)
{
    text_copy(out, AT_COMMAND_MAX + 1, "AT+CFUN=1");
    return g->cfun != 1;
}

static enum gsm_verdict on_iccid(struct gsm *g, const struct at_event *event)
{
    parse_identity(event->answer, g->iccid, sizeof(g->iccid));
    return STEP_NEXT;
}

static bool build_iccid(struct gsm *g, char *out)
{
    text_copy(out, AT_COMMAND_MAX + 1, "AT+ICCID");
    return g->iccid[0] == '\0';
}

static enum gsm_verdict on_cimi(struct gsm *g, const struct at_event *event)
{
    parse_identity(event->answer, g->imsi, sizeof(g->imsi));
    return STEP_NEXT;
}

static enum gsm_verdict on_creg_set(struct gsm *g, const struct at_event *event)
{
    g->creg_plain = event->final->code != AT_OK;
    return STEP_NEXT;
}

static bool build_creg_plain(struct gsm *g, char *out)
{
    text_copy(out, AT_COMMAND_MAX + 1, "AT+CREG=1");
    return g->creg_plain;
}

static enum gsm_verdict on_cpms(struct gsm *g, const struct at_event *event)
{
    unsigned usable = g->quirk->memories;

    g->has_cpms = parse_cpms_choices(event->answer, &g->cpms) &&
                  g->cpms.groups > 0 && g->cpms.mask[0] != 0;
    for (unsigned i = 0; g->has_cpms && i < g->cpms.groups; i++)
        if (g->cpms.mask[i] & usable)
            g->cpms.mask[i] &= usable | 1u << MEMORY_SR;
    g->memory = g->has_cpms ? -1 : MEMORY_SM;
    return STEP_NEXT;
}

/* SIM memory first: it moves with the SIM when the modem dies. */
static int preferred_memory(unsigned mask)
{
    static const enum gsm_memory order[] = { MEMORY_SM, MEMORY_ME, MEMORY_MT };

    for (size_t i = 0; i < STEPS(order); i++)
        if (mask & (1u << order[i]))
            return order[i];
    return -1;
}

static bool build_cpms(struct gsm *g, char *out)
{
    size_t at = (size_t)snprintf(out, AT_COMMAND_MAX + 1, "AT+CPMS=");

    for (unsigned i = 0; g->has_cpms && i < g->cpms.groups; i++) {
        int memory = preferred_memory(g->cpms.mask[i]);

        if (memory < 0)
            return false;
        at += (size_t)snprintf(out + at, AT_COMMAND_MAX + 1 - at, "%s\"%s\"",
                               i > 0 ? "," : "", memory_name(memory));
    }
    return g->has_cpms;
}

static enum gsm_verdict on_cpms_set(struct gsm *g, const struct at_event *event)
{
    if (event->final->code == AT_OK)
        g->memory = preferred_memory(g->cpms.mask[0]);
    parse_cpms_use(event->answer, &g->used, &g->total);
    return STEP_NEXT;
}

static bool wants_reports(const struct gsm *g)
{
    return settings_bool(line_options(g->line), "reports");
}

static enum gsm_verdict on_cnmi_choices(struct gsm *g,
                                        const struct at_event *event)
{
    g->has_cnmi_choices = parse_cnmi_choices(event->answer, &g->cnmi_choices);
    g->cnmi_candidate = 0;
    /* Routed is +CMT and +CDS, both or none. */
    if (g->has_cnmi_choices &&
        (!(g->cnmi_choices.mask[1] & 1u << 2) ||
         (wants_reports(g) && !(g->cnmi_choices.mask[3] & 1u << 1))))
        g->routed = false;
    return STEP_NEXT;
}

static bool build_csms_choices(struct gsm *g, char *out)
{
    text_copy(out, AT_COMMAND_MAX + 1, "AT+CSMS=?");
    return g->routed;
}

static enum gsm_verdict on_csms_choices(struct gsm *g,
                                        const struct at_event *event)
{
    unsigned mask;

    g->routed = parse_csms(event->answer, &mask) && (mask & 1u << 1);
    return STEP_NEXT;
}

static bool build_csms(struct gsm *g, char *out)
{
    text_copy(out, AT_COMMAND_MAX + 1, g->routed ? "AT+CSMS=1" : "AT+CSMS=0");
    return true;
}

static enum gsm_verdict on_csms(struct gsm *g, const struct at_event *event)
{
    g->routed = g->routed && event->final->code == AT_OK;
    return STEP_NEXT;
}

static bool wanted_cnmi(const struct gsm *g, struct cnmi *cnmi)
{
    struct cnmi_wish wish = {
        .choices = g->has_cnmi_choices ? &g->cnmi_choices : NULL,
        .quirk = g->quirk,
        .reports = wants_reports(g),
        .routed = g->routed,
    };

    return cnmi_candidate(&wish, g->cnmi_candidate, cnmi);
}

static bool build_cnmi(struct gsm *g, char *out)
{
    struct cnmi cnmi;
    const int *v = cnmi.value;

    if (g->has_cnmi || g->quirk->send_only || !wanted_cnmi(g, &cnmi))
        return false;
    snprintf(out, AT_COMMAND_MAX + 1, "AT+CNMI=%d,%d,%d,%d,%d", v[0], v[1],
             v[2], v[3], v[4]);
    return true;
}

/* When none is accepted, what arrives is found by the regular look. */
static enum gsm_verdict on_cnmi_set(struct gsm *g, const struct at_event *event)
{
    if (event->final->code == AT_OK) {
        g->has_cnmi = wanted_cnmi(g, &g->cnmi);
        return STEP_NEXT;
    }
    g->cnmi_candidate++;
    return STEP_REPEAT;
}

/* It took none of the routed ones: back to stored ones. */
static bool build_csms_back(struct gsm *g, char *out)
{
    if (!g->routed || g->has_cnmi)
        return false;
    g->routed = false;
    g->cnmi_candidate = 0;
    return build_csms(g, out);
}

static enum gsm_verdict on_cnmi(struct gsm *g, const struct at_event *event)
{
    if (parse_cnmi(event->answer, &g->cnmi))
        g->has_cnmi = g->cnmi.value[1] != 0;
    return STEP_NEXT;
}

static enum gsm_verdict on_csca(struct gsm *g, const struct at_event *event)
{
    parse_csca(event->answer, g->smsc, sizeof(g->smsc));
    return STEP_NEXT;
}

static const struct gsm_step steps[] = {
    { .text = "ATE0V1Q0", .timeout_s = 3 },
    { .text = "ATE0", .timeout_s = 3 }, /* for those that take one letter */
    { .text = "AT+CMEE=1" },
    { .text = "AT+CGMI", .shape = AT_ANY, .parse = on_cgmi },
    { .text = "AT+CGMM", .shape = AT_ANY, .parse = on_cgmm },
    { .text = "AT+CGMR", .shape = AT_ANY, .parse = on_cgmr },
    { .text = "AT+CGSN", .shape = AT_ANY, .parse = on_cgsn },
    { .build = build_quirk_1 },
    { .build = build_quirk_2 },
    { .build = build_quirk_3 },
    { .build = build_flow_control },
    { .text = "AT+CFUN?",
      .prefixes = "+CFUN:",
      .shape = AT_LINES,
      .parse = on_cfun },
    { .build = build_wake_up, .timeout_s = 15 },
    { .text = "AT+CCID", .shape = AT_ANY, .parse = on_iccid },
    { .build = build_iccid, .shape = AT_ANY, .parse = on_iccid },
    { .text = "AT+CPIN?",
      .prefixes = "+CPIN:",
      .shape = AT_LINES,
      .timeout_s = 5,
      .parse = gsm_unlock_on_cpin },
    { .text = "AT+CIMI", .shape = AT_ANY, .timeout_s = 5, .parse = on_cimi },
    { .text = "AT+CREG=2", .parse = on_creg_set },
    { .build = build_creg_plain },
    { .text = "AT+CEREG=2" },
    { .text = "AT+CSCS=\"GSM\"" },
    { .text = "AT+CMGF=0", .needed = true },
    { .text = "AT+CPMS=?",
      .prefixes = "+CPMS:",
      .shape = AT_LINES,
      .timeout_s = 5,
      .parse = on_cpms },
    { .build = build_cpms,
      .prefixes = "+CPMS:",
      .shape = AT_LINES,
      .timeout_s = 5,
      .parse = on_cpms_set },
    { .text = "AT+CNMI=?",
      .prefixes = "+CNMI:",
      .shape = AT_LINES,
      .parse = on_cnmi_choices },
    { .build = build_csms_choices,
      .prefixes = "+CSMS:",
      .shape = AT_LINES,
      .parse = on_csms_choices },
    { .build = build_csms,
      .prefixes = "+CSMS:",
      .shape = AT_LINES,
      .parse = on_csms },
    { .build = build_cnmi, .parse = on_cnmi_set },
    { .build = build_csms_back, .prefixes = "+CSMS:", .shape = AT_LINES },
    { .build = build_cnmi, .parse = on_cnmi_set },
    { .text = "AT+CNMI?",
      .prefixes = "+CNMI:",
      .shape = AT_LINES,
      .parse = on_cnmi },
    { .text = "AT+CSCA?",
      .prefixes = "+CSCA:",
      .shape = AT_LINES,
      .parse = on_csca },
    { .text = "AT+COPS=3,0" },
};

static void init_done(struct gsm *g)
{
    if (g->booted) {
        g->booted = false;
        gsm_enter(g, GSM_PROBING);
        return;
    }
    g->echoes = g->at.echoed;
    gsm_enter(g, GSM_SEARCHING);
}

static const struct gsm_script init_script = {
    .steps = steps,
    .n = STEPS(steps),
    .done = init_done,
};

_Static_assert(STEPS(steps) <= 64, "gsm.skip has a bit for each step");

/* Comes back here after the PIN, too: what was found is kept, what is set is
 * set again. */
void gsm_init_enter(struct gsm *g)
{
    find_quirk(g);
    g->cmms = false;
    g->has_cnmi = g->cnmi_lost = false;
    g->acks = g->nacks = 0;
    g->routed_at = 0;
    g->strays = 0;
    g->memory = -1;
    g->imsi[0] = '\0';
    g->creg = g->cereg = -1;
    g->operator_name[0] = '\0';
    gsm_slots_forget(g);
    gsm_run(g, &init_script);
}

/* SM and ME; MT, which shows both, only where it is the only one; SR when
 * reports are stored. */
int gsm_memory_to_list(const struct gsm *g, size_t i)
{
    unsigned mask = g->cpms.mask[0];
    enum gsm_memory list[MEMORIES];
    size_t n = 0;

    if (g->quirk->send_only)
        return -1;
    if (!g->has_cpms || (mask & (1u << MEMORY_SM)))
        list[n++] = MEMORY_SM;
    if (g->has_cpms && (mask & (1u << MEMORY_ME)))
        list[n++] = MEMORY_ME;
    if (n == 0 && (mask & (1u << MEMORY_MT)))
        list[n++] = MEMORY_MT;
    if (g->has_cpms && g->has_cnmi && g->cnmi.value[3] == 2 &&
        (mask & (1u << MEMORY_SR)))
        list[n++] = MEMORY_SR;
    return i < n ? (int)list[i] : -1;
}
