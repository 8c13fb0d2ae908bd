/* probe.c - one port's short conversation: is there a modem, and which?
 *
 * First ESC, which ends a text that a modem may still wait for, then up to
 * three commands that every modem answers, 300 ms each; then a table of
 * questions. A port that says nothing is left within a second. */
#include "gsm/probe.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gsm/at.h"

enum {
    QUIET_MS = 100, /* after ESC */
    HELLO_MS = 300,
    HELLOS = 3,
    MISSES_MAX = 2, /* unanswered questions, then what is known must do */
};

struct question {
    const char *text, *prefixes;
    enum at_shape shape;
    unsigned timeout_ms;
    bool deep;
    void (*parse)(struct probe_facts *facts, const char *answer);
};

struct probe {
    struct serial *serial;
    struct timer *timer; /* of the question; then it calls `done` */
    struct at at;
    struct probe_facts facts;
    bool deep, open;
    unsigned hellos, misses;
    size_t question;
    void (*done)(void *arg);
    void *arg;
};

static void on_imei(struct probe_facts *facts, const char *answer)
{
    parse_identity(answer, facts->imei, sizeof(facts->imei));
}

static void on_imsi(struct probe_facts *facts, const char *answer)
{
    parse_identity(answer, facts->imsi, sizeof(facts->imsi));
}

static void on_maker(struct probe_facts *facts, const char *answer)
{
    parse_line(answer, facts->maker, sizeof(facts->maker));
}

static void on_model(struct probe_facts *facts, const char *answer)
{
    parse_line(answer, facts->model, sizeof(facts->model));
}

static void on_pin(struct probe_facts *facts, const char *answer)
{
    facts->has_pin = parse_cpin(answer, &facts->pin);
}

static void on_creg(struct probe_facts *facts, const char *answer)
{
    int act;

    parse_creg(answer, &facts->creg, &act);
}

static void on_cereg(struct probe_facts *facts, const char *answer)
{
    int act;

    parse_creg(answer, &facts->cereg, &act);
}

static void on_signal(struct probe_facts *facts, const char *answer)
{
    parse_csq(answer, &facts->dbm);
}

static void on_operator(struct probe_facts *facts, const char *answer)
{
    int act;

    parse_cops(answer, facts->operator_name, sizeof(facts->operator_name),
               &act);
}

static const struct question questions[] = {
    { "AT+CGSN", NULL, AT_ANY, 2000, false, on_imei },
    { "AT+CIMI", NULL, AT_ANY, 2000, false, on_imsi },
    { "AT+CGMI", NULL, AT_ANY, 2000, true, on_maker },
    { "AT+CGMM", NULL, AT_ANY, 2000, true, on_model },
    { "AT+CPIN?", "+CPIN:", AT_LINES, 2000, true, on_pin },
    { "AT+CREG?", "+CREG:", AT_LINES, 2000, true, on_creg },
    { "AT+CEREG?", "+CEREG:", AT_LINES, 2000, true, on_cereg },
    { "AT+CSQ", "+CSQ:", AT_LINES, 2000, true, on_signal },
    { "AT+COPS=3,0", NULL, AT_BARE, 2000, true, NULL },
    { "AT+COPS?", "+COPS:", AT_LINES, 5000, true, on_operator },
};

enum { QUESTIONS = sizeof(questions) / sizeof(questions[0]) };

/* Only a modem's port stays open. */
static void finish(struct probe *probe, enum probe_result result)
{
    if (probe->facts.result != PROBE_ASKING)
        return;
    probe->facts.result = result;
    at_reset(&probe->at);
    if (result != PROBE_MODEM) {
        serial_close(probe->serial);
        probe->serial = NULL;
    }
    timer_start(probe->timer, 0);
}

static void ask(struct probe *probe, const struct at_command *command,
                unsigned timeout_ms)
{
    at_begin(&probe->at, command);
    serial_write(probe->serial, command->text, strlen(command->text));
    serial_write(probe->serial, "\r", 1);
    timer_start(probe->timer, timeout_ms);
}

static void hello(struct probe *probe)
{
    static const char *const texts[HELLOS] = { "ATE0V1Q0", "ATE0", "AT" };
    struct at_command command = { 0 };

    if (probe->hellos == HELLOS) {
        finish(probe, PROBE_SILENT);
        return;
    }
    command.text = texts[probe->hellos++];
    ask(probe, &command, HELLO_MS);
}

static void next_question(struct probe *probe)
{
    for (; probe->question < QUESTIONS; probe->question++) {
        const struct question *question = &questions[probe->question];
        const struct at_command command = {
            .text = question->text,
            .prefixes = question->prefixes,
            .shape = question->shape,
        };

        if (question->deep && !probe->deep)
            continue;
        ask(probe, &command, question->timeout_ms);
        return;
    }
    finish(probe, PROBE_MODEM);
}

static void on_answer(struct probe *probe, const struct at_event *event)
{
    const struct question *question = &questions[probe->question];

    timer_stop(probe->timer);
    if (!probe->open) {
        probe->open = event->final->code == AT_OK;
        if (probe->open)
            next_question(probe);
        else
            hello(probe);
        return;
    }
    if (event->final->code == AT_OK && question->parse)
        question->parse(&probe->facts, event->answer);
    probe->question++;
    next_question(probe);
}

static void on_event(void *arg, const struct at_event *event)
{
    struct probe *probe = arg;

    if (event->kind == AT_EVENT_DONE)
        on_answer(probe, event);
    else if (event->kind == AT_EVENT_URC && event->urc != AT_URC_UNKNOWN)
        probe->facts.spoke = true;
}

static void on_timer(void *arg)
{
    struct probe *probe = arg;

    if (probe->facts.result != PROBE_ASKING) {
        probe->done(probe->arg);
        return;
    }
    at_reset(&probe->at);
    if (!probe->open) {
        hello(probe);
    } else if (++probe->misses == MISSES_MAX) {
        finish(probe, PROBE_MODEM);
    } else {
        probe->question++;
        next_question(probe);
    }
}

static void on_opened(void *arg)
{
    struct probe *probe = arg;

    serial_write(probe->serial, "\x1b\r", 2);
    timer_start(probe->timer, QUIET_MS);
}

static void on_data(void *arg, const char *bytes, size_t size)
{
    struct probe *probe = arg;

    at_feed(&probe->at, bytes, size);
}

static void on_gone(void *arg, const struct err *err)
{
    struct probe *probe = arg;
    enum probe_result result = strcmp(err->code, SERIAL_BUSY) == 0 ? PROBE_BUSY
                               : strcmp(err->code, SERIAL_DENIED) == 0
                                   ? PROBE_DENIED
                                   : PROBE_GONE;

    probe->serial = NULL; /* closed already */
    probe->facts.err = *err;
    if (probe->facts.result == PROBE_MODEM)
        probe->facts.result = PROBE_GONE;
    finish(probe, result);
}

struct probe *probe_new(struct owner *owner, const char *path, int baud,
                        bool deep, void (*done)(void *arg), void *arg)
{
    static const struct serial_events events = {
        .opened = on_opened,
        .data = on_data,
        .gone = on_gone,
    };
    const struct serial_options options = { .device = path, .baud = baud };
    struct probe *probe = xcalloc(1, sizeof(*probe));
    struct err err = { 0 };

    probe->deep = deep;
    probe->done = done;
    probe->arg = arg;
    probe->facts.creg = probe->facts.cereg = -1;
    at_init(&probe->at, on_event, probe);
    probe->timer = timer_new(owner, on_timer, probe);
    probe->serial = serial_open(owner, &options, &events, probe, &err);
    if (!probe->serial)
        on_gone(probe, &err);
    return probe;
}

const struct probe_facts *probe_facts(const struct probe *probe)
{
    return &probe->facts;
}

struct serial *probe_take(struct probe *probe,
                          const struct serial_events *events, void *arg)
{
    struct serial *serial = probe->serial;

    serial_hand_over(serial, events, arg);
    probe->serial = NULL;
    return serial;
}

void probe_drop(struct probe *probe)
{
    if (!probe)
        return;
    at_free(&probe->at);
    free(probe);
}

void probe_free(struct probe *probe)
{
    if (!probe)
        return;
    timer_free(probe->timer);
    serial_close(probe->serial);
    probe_drop(probe);
}
