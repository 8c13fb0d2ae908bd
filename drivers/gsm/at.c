/* at.c - the AT engine.
 *
 * at_feed() cuts the stream into lines; take_line() asks, in this order: does
 * a two-line URC wait for it, is it our echo, a final result, part of the
 * answer, a URC? What is none of these is an answer to commands that take any
 * line (AT+CGMI), and noise otherwise.
 *
 * Left out on purpose: deadlines and what to do when one passes (gsm.c), and
 * the numeric result codes of ATV0, which the probe turns off. */
#include "gsm/at.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "gsm/fields.h"

/* 255 entries of a list are two lines of up to 176 octets in hex at most. */
enum { ANSWER_MAX = 128 * 1024 };

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
    assert(at->phase == AT_IDLE && at->aside == NULL);
    assert(strlen(command->text) <= AT_COMMAND_MAX);

    text_copy(at->command, sizeof(at->command), command->text);
    at->prefixes = command->prefixes;
    at->shape = command->shape;
    at->phase = command->prompt ? AT_WAIT_PROMPT : AT_WAIT_FINAL;
    at->echoed = false;
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

void at_aside(struct at *at, const char *text)
{
    assert(at->phase == AT_WAIT_FINAL && at->aside == NULL);
    at->aside = text;
    at->is_held = false;
}

bool at_busy(const struct at *at)
{
    return at->phase != AT_IDLE || at->aside != NULL;
}

const char *at_answer(const struct at *at)
{
    return buf_text(&at->answer);
}

void at_reset(struct at *at)
{
    at->phase = AT_IDLE;
    at->aside = NULL;
    at->is_late = false;
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

static void finish_aside(struct at *at, const struct at_final *final)
{
    struct at_event event = { .kind = AT_EVENT_ASIDE, .final = final };

    at->aside = NULL;
    at->event(at->arg, &event);
}

/* Of two results the OK is the other's unless ours has its lines; an error is
 * kept until the second one tells. */
static void take_either(struct at *at, const struct at_final *final)
{
    struct at_final held = at->held;
    bool ours = at->lines > 0;

    if (at->phase == AT_IDLE) {
        finish_aside(at, final);
    } else if (at->is_held) {
        at->is_held = false;
        finish_aside(at, ours ? &held : final);
        if (at->phase != AT_IDLE)
            finish(at, ours ? final : &held);
    } else if (final->code == AT_OK && ours) {
        finish(at, final);
    } else if (final->code == AT_OK || ours || final->number == 340) {
        finish_aside(at, final);
    } else {
        at->held = *final;
        at->is_held = true;
    }
}

void at_aside_end(struct at *at)
{
    struct at_final held = at->held;

    if (at->aside == NULL)
        return;
    at->aside = NULL;
    at->is_late = true;
    if (at->is_held && at->phase != AT_IDLE)
        finish(at, &held);
}

/* Is it the result of a command beside that was given up? */
static bool take_late(struct at *at, const struct at_final *final)
{
    bool lacks_lines = at->shape == AT_LINES && at->lines == 0;

    if (!at->is_late || (final->code != AT_OK && final->number != 340) ||
        (at->phase == AT_WAIT_FINAL && !lacks_lines))
        return false;
    at->is_late = false;
    return true;
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

static bool has_prefix(const char *prefix, const char *line)
{
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
static void bind_urc(struct at *at, enum at_urc urc, const char *line)
{
    struct slice fields[PARSE_FIELDS_MAX];
    size_t n = parse_fields(line, fields, PARSE_FIELDS_MAX);
    int length;

    if (n > 2 && urc != AT_URC_MESSAGE) {
        emit_urc(at, AT_URC_SUSPECT, line, NULL);
        return;
    }
    if (n > 2 || n == 0 || !slice_int(fields[n - 1], &length) || length < 0)
        length = -1;
    at->bound = urc;
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

static enum at_urc urc_of(const struct at *at, const char *line)
{
    enum at_urc urc = at_urc_parse(line);

    return urc == AT_URC_UNKNOWN && has_prefix(at->noise, line) ? AT_URC_NOISE
                                                                : urc;
}

static void take_urc(struct at *at, const char *line)
{
    enum at_urc urc = urc_of(at, line);

    if (urc == AT_URC_MESSAGE || urc == AT_URC_REPORT ||
        urc == AT_URC_BROADCAST)
        bind_urc(at, urc, line);
    else
        emit_urc(at, urc, line, NULL);
}

/* Is it a line of the answer to the command in flight? */
static bool is_answer(struct at *at, const char *line)
{
    if (has_prefix(at->prefixes, line)) {
        at->want_hex = at->shape == AT_PDUS;
        return true;
    }
    if (at->want_hex && parse_is_hex(line, strlen(line))) {
        at->want_hex = false;
        return true;
    }
    return at->shape == AT_ANY && urc_of(at, line) == AT_URC_UNKNOWN;
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
            emit_urc(at, AT_URC_CALL, line, NULL);
        else if (at->aside != NULL)
            take_either(at, &final);
        else if (take_late(at, &final))
            return;
        else if (at->phase != AT_IDLE)
            finish(at, &final);
        else
            emit_urc(at, AT_URC_STRAY, line, NULL);
        return;
    }
    trim_end(line);
    if (at->phase != AT_IDLE && strcasecmp(line, at->command) == 0) {
        at->echoed = true;
        return;
    }
    if (at->aside != NULL && strcasecmp(line, at->aside) == 0)
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
