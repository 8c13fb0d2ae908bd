/* at.c - the AT engine.
 *
 * at_feed() cuts the stream into lines; take_line() asks, in this order: does
 * a two-line URC wait for it, is it our echo, a final result, part of the
 * answer, a URC? What is none of these is an answer to commands that take any
 * line (AT+CGMI), and noise otherwise.
 *
 * Left out on purpose: deadlines and what to do when one passes (gsm.c), and
 * the numeric result codes of ATV0, which the init sequence turns off. */
#include "gsm/at.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "gsm/fields.h"

/* 255 entries of a list are two lines of up to 176 octets in hex at most. */
enum { ANSWER_MAX = 128 * 1024 };

struct final_row {
    const char *text;
    enum at_code code;
};

static const struct final_row finals[] = {
    { "OK", AT_OK },
    { "ERROR", AT_ERROR },
    { "COMMAND NOT SUPPORT", AT_ERROR }, /* Huawei */
    { "TOO MANY PARAMETERS", AT_ERROR },
    { "NA", AT_ERROR },
    { "NO CARRIER", AT_CALL },
    { "BUSY", AT_CALL },
    { "NO ANSWER", AT_CALL },
    { "NO DIALTONE", AT_CALL },
    { "CONNECT", AT_CALL },
};

struct urc_row {
    const char *text;
    enum at_urc urc;
    bool exact; /* the whole line, not its beginning */
};

/* What means something, and the noise that commands without a prefix
 * (AT+CGMI) must not take for their answer. */
static const struct urc_row urcs[] = {
    { "+CMTI:", AT_URC_STORED, false },
    { "+CDSI:", AT_URC_STORED, false },
    { "+CMT:", AT_URC_MESSAGE, false },
    { "+CDS:", AT_URC_REPORT, false },
    { "+CBM:", AT_URC_BROADCAST, false },
    { "^SMMEMFULL", AT_URC_FULL, false },
    { "+CREG:", AT_URC_NETWORK, false },
    { "+CEREG:", AT_URC_NETWORK, false },
    { "RDY", AT_URC_BOOT, true },
    { "^SYSSTART", AT_URC_BOOT, false },
    { "+CFUN: 1", AT_URC_BOOT, true },
    { "+CPIN: READY", AT_URC_BOOT, true },
    { "SMS Ready", AT_URC_BOOT, true },
    { "+QIND: SMS DONE", AT_URC_BOOT, true },
    { "START", AT_URC_BOOT, true }, /* SIM5320, SIM7600 */
    { "PB DONE", AT_URC_SUSPECT, true },
    /* Huawei sticks repeat ^BOOT every few seconds although nothing
     * happened, so it is only a reason to look. */
    { "^BOOT", AT_URC_SUSPECT, false },
    { "Call Ready", AT_URC_SUSPECT, true },
    { "NORMAL POWER DOWN", AT_URC_SUSPECT, true },
    { "POWER DOWN", AT_URC_SUSPECT, true },
    { "UNDER-VOLTAGE", AT_URC_NOISE, false },
    { "OVER-VOLTAGE", AT_URC_NOISE, false },
    { "RING", AT_URC_NOISE, true },
    { "WARNNING", AT_URC_NOISE, false },
    { "^", AT_URC_NOISE, false },  /* Huawei, Cinterion */
    { "+Z", AT_URC_NOISE, false }, /* ZTE: +ZUSIMR, +ZPASR, +ZEND */
    { "#STN", AT_URC_NOISE, false },
    { "*RADIOPOWER", AT_URC_NOISE, false },
    { "+CGREG:", AT_URC_NOISE, false },
    { "+CIEV:", AT_URC_NOISE, false },
    { "+CIND:", AT_URC_NOISE, false },
    { "+CTZV:", AT_URC_NOISE, false },
    { "+CGEV:", AT_URC_NOISE, false },
    { "+CLIP:", AT_URC_NOISE, false },
    { "+CRING:", AT_URC_NOISE, false },
    { "+CUSD:", AT_URC_NOISE, false },
    { "+WIND:", AT_URC_NOISE, false },
    { "+QIND:", AT_URC_NOISE, false },
    { "+QUSIM:", AT_URC_NOISE, false },
    { "+PSBEARER:", AT_URC_NOISE, false },
    { "+SPNWNAME:", AT_URC_NOISE, false },
};

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* "+CMS ERROR: 38", "+CME ERROR: SIM busy"; without anything behind the colon
 * the line is broken and no result. */
static bool error_parse(const char *line, const char *prefix, enum at_code code,
                        struct at_final *final)
{
    struct slice value;
    char next;

    if (!starts_with(line, prefix))
        return false;
    next = line[strlen(prefix)];
    if (next != ' ' && !parse_is_digit(next))
        return false;
    final->code = code;
    value = slice_trim(slice_values(line, strlen(line)));
    if (!slice_int(value, &final->number))
        final->number = -1;
    return true;
}

static bool word_parse(const char *line, struct at_final *final)
{
    struct slice word =
        slice_trim((struct slice){ .text = line, .size = strlen(line) });

    for (size_t i = 0; i < sizeof(finals) / sizeof(finals[0]); i++) {
        if (slice_is(word, finals[i].text)) {
            final->code = finals[i].code;
            return true;
        }
    }
    return false;
}

bool at_final_parse(const char *line, struct at_final *final)
{
    struct at_final found = { .number = -1 };

    if (!word_parse(line, &found) &&
        !error_parse(line, "+CMS ERROR:", AT_CMS, &found) &&
        !error_parse(line, "+CME ERROR:", AT_CME, &found)) {
        /* Motorola EZX */
        if (!error_parse(line, "MODEM ERROR:", AT_ERROR, &found) ||
            found.number < 0)
            return false;
    }
    text_copy(found.text, sizeof(found.text), line);
    *final = found;
    return true;
}

void at_init(struct at *at, at_event_fn *event, void *arg)
{
    memset(at, 0, sizeof(*at));
    at->event = event;
    at->arg = arg;
    buf_init(&at->answer, ANSWER_MAX);
}

void at_free(struct at *at)
{
    buf_free(&at->answer);
}

void at_begin(struct at *at, const struct at_command *command)
{
    assert(at->phase == AT_IDLE);
    assert(strlen(command->text) <= AT_COMMAND_MAX);

    text_copy(at->command, sizeof(at->command), command->text);
    at->prefixes = command->prefixes;
    at->shape = command->shape;
    at->phase = command->prompt ? AT_WAIT_PROMPT : AT_WAIT_FINAL;
    at->lines = 0;
    at->truncated = false;
    at->want_hex = false;
    buf_reset(&at->answer);
}

void at_data_sent(struct at *at)
{
    assert(at->phase == AT_WAIT_DATA);
    at->phase = AT_WAIT_FINAL;
}

bool at_busy(const struct at *at)
{
    return at->phase != AT_IDLE;
}

const char *at_answer(const struct at *at)
{
    return buf_text(&at->answer);
}

void at_reset(struct at *at)
{
    at->phase = AT_IDLE;
    at->bound_line[0] = '\0';
    at->len = 0;
    at->overlong = false;
}

static void emit_urc(struct at *at, enum at_urc urc, const char *line,
                     const char *pdu)
{
    struct at_event event = {
        .kind = AT_EVENT_URC,
        .urc = urc,
        .line = line,
        .pdu = pdu,
    };

    at->event(at->arg, &event);
}

/* The callback may begin the next command, so the answer is taken out. */
static void finish(struct at *at, const struct at_final *final)
{
    char *answer = buf_take(&at->answer);
    struct at_event event = {
        .kind = AT_EVENT_DONE,
        .final = final,
        .answer = answer,
        .truncated = at->truncated,
    };

    at->phase = AT_IDLE;
    at->event(at->arg, &event);
    free(answer);
}

static void prompt(struct at *at)
{
    struct at_event event = { .kind = AT_EVENT_PROMPT };

    at->phase = AT_WAIT_DATA;
    at->event(at->arg, &event);
}

static void add_line(struct at *at, const char *line)
{
    size_t need = strlen(line) + 1;

    if (at->lines >= AT_LINES_MAX || at->answer.len + need > ANSWER_MAX) {
        at->truncated = true;
        return;
    }
    at->lines++;
    buf_add_text(&at->answer, line);
    buf_add_char(&at->answer, '\n');
}

static const struct urc_row *find_urc(const char *line)
{
    for (size_t i = 0; i < sizeof(urcs) / sizeof(urcs[0]); i++)
        if (urcs[i].exact ? strcmp(line, urcs[i].text) == 0
                          : starts_with(line, urcs[i].text))
            return &urcs[i];
    return NULL;
}

static bool has_prefix(const struct at *at, const char *line)
{
    const char *prefix = at->prefixes;

    while (prefix != NULL && *prefix != '\0') {
        size_t size = strcspn(prefix, "|");

        if (strncmp(line, prefix, size) == 0)
            return true;
        prefix += size + (prefix[size] == '|');
    }
    return false;
}

/* The first line of +CMT, +CDS or +CBM: remembers the length of the PDU that
 * the next line holds (27.005 3.4.1). In text mode, which a modem falls back
 * to when it restarts, there are more fields; then +CMT has a line of text
 * behind it that must not be read as a result. */
static void bind_urc(struct at *at, const struct urc_row *row, const char *line)
{
    struct slice fields[PARSE_FIELDS_MAX];
    size_t n = parse_fields(line, fields, PARSE_FIELDS_MAX);
    int length;

    if (n > 2 && row->urc != AT_URC_MESSAGE) {
        emit_urc(at, AT_URC_SUSPECT, line, NULL);
        return;
    }
    if (n > 2 || n == 0 || !slice_int(fields[n - 1], &length) || length < 0)
        length = -1;
    at->bound = row->urc;
    at->bound_length = length;
    text_copy(at->bound_line, sizeof(at->bound_line), line);
}

/* Gives the line to the URC that waits for its PDU; false when it is none, so
 * that the line counts for itself and the URC is lost. */
static bool take_bound(struct at *at, const char *line)
{
    char head[AT_LINE_MAX + 1];
    size_t size = strlen(line);
    bool hex = parse_is_hex(line, size);
    bool fits =
        at->bound_length > 0 && parse_pdu_fits(line, size, at->bound_length);

    text_copy(head, sizeof(head), at->bound_line);
    at->bound_line[0] = '\0';
    if (at->bound_length < 0) {
        emit_urc(at, AT_URC_SUSPECT, head, NULL);
        return true;
    }
    emit_urc(at, at->bound, head, fits ? line : NULL);
    return hex;
}

static void take_urc(struct at *at, const char *line)
{
    const struct urc_row *row = find_urc(line);

    if (row == NULL)
        emit_urc(at, AT_URC_UNKNOWN, line, NULL);
    else if (row->urc == AT_URC_MESSAGE || row->urc == AT_URC_REPORT ||
             row->urc == AT_URC_BROADCAST)
        bind_urc(at, row, line);
    else
        emit_urc(at, row->urc, line, NULL);
}

/* Is it a line of the answer to the command in flight? */
static bool is_answer(struct at *at, const char *line)
{
    if (has_prefix(at, line)) {
        at->want_hex = at->shape == AT_PDUS;
        return true;
    }
    if (at->want_hex && parse_is_hex(line, strlen(line))) {
        at->want_hex = false;
        return true;
    }
    return at->shape == AT_ANY && find_urc(line) == NULL;
}

static void trim_end(char *line)
{
    size_t n = strlen(line);

    while (n > 0 && line[n - 1] == ' ')
        line[--n] = '\0';
}

static void take_line(struct at *at, char *line)
{
    struct at_final final;

    if (at->bound_line[0] != '\0' && take_bound(at, line))
        return;
    if (at_final_parse(line, &final)) {
        if (final.code == AT_CALL)
            emit_urc(at, AT_URC_NOISE, line, NULL);
        else if (at->phase != AT_IDLE)
            finish(at, &final);
        return; /* a late one of a command we gave up is dropped */
    }
    trim_end(line);
    if (at->phase != AT_IDLE && strcasecmp(line, at->command) == 0)
        return;
    if (at->phase != AT_IDLE && is_answer(at, line))
        add_line(at, line);
    else
        take_urc(at, line);
}

static void end_line(struct at *at)
{
    char line[AT_LINE_MAX + 1];
    size_t len = at->len;
    bool overlong = at->overlong;

    at->len = 0;
    at->overlong = false;
    if (len == 0 || overlong)
        return;
    memcpy(line, at->line, len);
    line[len] = '\0';
    take_line(at, line);
}

static void feed_char(struct at *at, char c)
{
    unsigned char byte = (unsigned char)c;

    if (c == '\r' || c == '\n') {
        end_line(at);
        return;
    }
    if (c == '\t')
        c = ' ';
    else if (byte < 0x20 || byte == 0x7F)
        return; /* NUL at start-up, echoed ESC and Ctrl-Z */
    if (at->len == 0 && !at->overlong) {
        if (c == ' ')
            return;
        if (c == '>' && at->phase != AT_IDLE) {
            if (at->phase == AT_WAIT_PROMPT)
                prompt(at);
            return;
        }
    }
    if (at->len == AT_LINE_MAX) {
        at->overlong = true;
        return;
    }
    at->line[at->len++] = c;
}

void at_feed(struct at *at, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        feed_char(at, bytes[i]);
}
