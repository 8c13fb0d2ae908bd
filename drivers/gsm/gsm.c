/* gsm.c - the GSM driver: a modem on a serial port, in PDU mode.
 *
 * Here are its description, its options and the operations that begin and end
 * a line. The modem's life is the state machine of machine.c; read that next,
 * then init.c (set-up), watch.c (network and announcements), send.c, drain.c,
 * receive.c and acks.c. */
#include "gsm/gsm.h"

#include <ctype.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "gsm/manner.h"
#include "gsm/scan.h"
#include "sms/compose.h"

enum { EARLY_MAX = 8 * 1024 };

static const struct option options[] = {
    { .key = "device",
      .type = OPT_TEXT,
      .flags = OPT_REQUIRED | OPT_EXISTS,
      .help = "imei:DIGITS or imsi:DIGITS on any port, a port's by-id path, or "
              "tcp:HOST:PORT" },
    { .key = "ports",
      .type = OPT_LIST,
      .help = "Patterns of ports to look for an imei: or imsi: on; default: "
              "all USB ports" },
    { .key = "number",
      .type = OPT_TEXT,
      .help = "The SIM's own number, for people" },
    { .key = "pin",
      .type = OPT_TEXT,
      .flags = OPT_SECRET,
      .help = "The SIM's PIN; a wrong one is tried once and never again" },
    { .key = "smsc",
      .type = OPT_TEXT,
      .help = "Number of the message centre; unset: the one on the SIM" },
    { .key = "baud",
      .type = OPT_INT,
      .fallback = "115200",
      .min = 1200,
      .max = 4000000,
      .help = "Speed of a real serial port" },
    { .key = "flow_control",
      .type = OPT_BOOL,
      .fallback = "false",
      .help = "Use RTS/CTS" },
    { .key = "reports",
      .type = OPT_BOOL,
      .fallback = "true",
      .help = "Ask for delivery reports, which some operators charge for" },
    { .key = "validity",
      .type = OPT_INT,
      .fallback = "0",
      .min = 0,
      .max = 635040,
      .help = "Minutes that the message centre tries; 0: as it likes" },
    { .key = "max_parts",
      .type = OPT_INT,
      .fallback = "10",
      .min = 1,
      .max = 255,
      .help = "Longest text, in SMS parts; each costs" },
    { .key = "reference_bits",
      .type = OPT_ENUM,
      .fallback = "8",
      .choices = "8|16",
      .help = "Width of the reference that joins parts; 16 is safer and "
              "leaves less room" },
    { .key = "languages",
      .type = OPT_LIST,
      .help =
          "National tables to use where they save parts, e.g. \"turkish\"" },
    { .key = "text_fallback",
      .type = OPT_ENUM,
      .fallback = "keep",
      .choices = "keep|approximate",
      .help = "Letters that GSM 7-bit lacks: send as UCS-2, or replace if all "
              "fit" },
    { .key = "delivery",
      .type = OPT_ENUM,
      .fallback = "auto",
      .choices = "auto|store|routed",
      .help = "How texts come in: kept by the modem, or handed through; auto: "
              "by make" },
    { .key = "answer_timeout",
      .type = OPT_INT,
      .fallback = "90",
      .min = 1,
      .max = 140,
      .help = "Seconds to wait for the answer to a text; then its fate is "
              "unknown" },
    { .key = "calls",
      .type = OPT_ENUM,
      .fallback = "tell",
      .choices = "tell|hangup|ignore",
      .help = "Voice calls: tell who called, hang up too, or ignore them" },
    { .key = "phonebook",
      .type = OPT_BOOL,
      .fallback = "true",
      .help = "Names on the SIM are names of contacts" },
    { .key = "balance_ussd",
      .type = OPT_TEXT,
      .help = "Code that asks the operator for the balance, such as *100#" },
    { .key = "balance_every",
      .type = OPT_INT,
      .fallback = "24",
      .min = 0,
      .max = 8760,
      .help = "Hours between two looks at the balance; 0: only on demand" },
    { .key = "balance_match",
      .type = OPT_TEXT,
      .fallback = "(-?[0-9][0-9.,]*)",
      .help = "POSIX extended regular expression with one group, the sum" },
    { .key = "balance_low",
      .type = OPT_INT,
      .fallback = "0",
      .min = 0,
      .max = 1000000000,
      .help =
          "Tell the admins when the balance falls below this sum; 0: never" },
    { .key = NULL },
};

static bool all_digits(const char *text, size_t min, size_t max)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < n; i++)
        if (!isdigit((unsigned char)text[i]))
            return false;
    return n >= min && n <= max;
}

/* A locked SIM does not tell its IMSI, and a PIN must not be tried on a SIM
 * that may be another one. */
static bool check_device(const struct settings *s, struct err *err)
{
    struct identity identity;

    if (!identity_parse(settings_text(s, "device"), &identity))
        return true;
    if (identity.by_sim && settings_text(s, "pin") != NULL)
        return err_set(err, ERR_CONFIG,
                       "device: a SIM that asks for its PIN does not tell its "
                       "IMSI: name the modem by imei:DIGITS");
    return identity_check(&identity, err);
}

static bool gsm_check(const struct settings *s, struct err *err)
{
    const char *pin = settings_text(s, "pin");
    const char *smsc = settings_text(s, "smsc");
    uint16_t languages;

    if (pin != NULL && !all_digits(pin, 4, 8))
        return err_set(err, ERR_CONFIG, "pin must be 4 to 8 digits");
    if (smsc != NULL && !all_digits(smsc + (smsc[0] == '+'), 3, 20))
        return err_set(err, ERR_CONFIG,
                       "smsc must be a number such as +447785016005");
    if (!compose_languages(s, "languages", &languages, err))
        return err_wrap(err, "languages");
    return check_device(s, err) && gsm_balance_check(s, err);
}

static void on_opened(void *arg)
{
    struct gsm *g = arg;

    if (g->state == GSM_OPENING)
        gsm_enter(g, GSM_PROBING);
}

static void on_data(void *arg, const char *bytes, size_t size)
{
    struct gsm *g = arg;

    if (g->state == GSM_CLOSED)
        return;
    at_feed(&g->at, bytes, size);
    if (g->state == GSM_SUBMITTED)
        gsm_submit_fed(g);
    else if (g->state == GSM_LISTING)
        gsm_list_fed(g);
    else if (g->state == GSM_INITIALISING)
        gsm_script_fed(g);
}

static void on_gone(void *arg, const struct err *err)
{
    struct gsm *g = arg;
    struct err gone = *err;

    g->serial = NULL; /* closed already */
    gone.scope = SCOPE_LINE;
    gsm_fail(g, &gone);
}

const struct serial_events gsm_serial_events = {
    .opened = on_opened,
    .data = on_data,
    .gone = on_gone,
};

static bool open_port(struct gsm *g, struct err *err)
{
    const struct settings *s = line_options(g->line);
    struct serial_options port = {
        .device = settings_text(s, "device"),
        .baud = (int)settings_int(s, "baud"),
        .flow_control = settings_bool(s, "flow_control"),
    };

    text_copy(g->port, sizeof(g->port), port.device);
    g->serial =
        serial_open(line_owner(g->line), &port, &gsm_serial_events, g, err);
    return g->serial != NULL;
}

static bool gsm_start(struct line *line, struct err *err)
{
    struct owner *owner = line_owner(line);
    struct gsm *g = line_state(line);
    struct identity identity;
    bool seek =
        identity_parse(settings_text(line_options(line), "device"), &identity);

    g->line = line;
    g->creg = g->cereg = g->act = -1;
    g->quirk = gsm_quirk_find("", "");
    at_init(&g->at, gsm_on_event, g);
    buf_init(&g->early, EARLY_MAX);
    if (!seek && !open_port(g, err))
        return false;
    g->deadline = timer_new(owner, gsm_on_deadline, g);
    g->poll = timer_new(owner, gsm_on_poll_timer, g);
    g->again = timer_new(owner, gsm_on_again_timer, g);
    g->patience = timer_new(owner, gsm_on_patience, g);
    g->aside = timer_new(owner, gsm_on_aside_timer, g);
    g->written = later_new(owner, gsm_on_written, g);
    gsm_errands_start(g);
    gsm_enter(g, seek ? GSM_SEEKING : GSM_OPENING);
    return true;
}

static void gsm_stop(struct line *line)
{
    struct gsm *g = line_state(line);

    if (g->state != GSM_CLOSED && g->state != GSM_STOPPING)
        gsm_enter(g, GSM_STOPPING);
}

static void gsm_destroy(struct line *line)
{
    struct gsm *g = line_state(line);

    gsm_seek_drop(g);
    gsm_errands_destroy(g);
    at_free(&g->at);
    buf_free(&g->early);
}

static const struct driver_command commands[] = {
    { .name = "ussd",
      .argument = "code",
      .help = "Ask the operator by a code such as *100#",
      .admin = true },
    { .name = "balance",
      .help = "How much money is left on the SIM",
      .admin = true },
    { .name = NULL },
};

const struct driver gsm_driver = {
    .size = sizeof(struct driver),
    .abi = DRIVER_ABI,
    .name = "gsm",
    .title = "GSM modem on a serial port",
    .gateway_type = "sms",
    .caps = CAP_TEXT | CAP_DELIVERED | CAP_FRAGMENTS | CAP_COMMAND,
    .limits = { .max_parts = 255,
                .in_flight = 1,
                .send_timeout_s = 150,
                .settle_s = 120,
                .ttl_s = 86400 },
    .ambiguity = AMBIGUITY_NONE,
    .phone_addresses = true,
    .options = options,
    .state_size = sizeof(struct gsm),
    .manners = manner_help,
    .commands = commands,
    .start = gsm_start,
    .stop = gsm_stop,
    .plan = gsm_plan,
    .send = gsm_send,
    .check = gsm_check,
    .ack = gsm_ack,
    .assemble = gsm_assemble,
    .destroy = gsm_destroy,
    .status = gsm_status,
    .discover = gsm_discover,
    .command = gsm_command,
};
