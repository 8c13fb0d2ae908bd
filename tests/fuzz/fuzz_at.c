/* fuzz_at.c - a hostile modem: any bytes into the AT engine, with a command
 * of each shape in flight, at times with AT+CNMA beside it, and every answer
 * and URC into the parsers, the choice of a family and of AT+CNMI. The engine
 * must keep its bounds and end commands at most once; fed in other pieces, the
 * same bytes must give the same events. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "gsm/at.h"
#include "gsm/cnmi.h"
#include "gsm/errors.h"
#include "gsm/parse.h"
#include "gsm/quirks.h"

enum { COMMANDS = 5 };

static const struct at_command commands[COMMANDS] = {
    { .text = "AT+CMEE=1" },
    { .text = "AT+CGMI", .shape = AT_ANY },
    { .text = "AT+CREG?", .prefixes = "+CREG:|+CEREG:", .shape = AT_LINES },
    { .text = "AT+CMGL=4", .prefixes = "+CMGL:", .shape = AT_PDUS },
    { .text = "AT+CMGS=20",
      .prefixes = "+CMGS:",
      .shape = AT_LINES,
      .prompt = true },
};

struct run {
    struct at at;
    unsigned next;     /* command to begin */
    bool aside;        /* something is beside each text */
    unsigned long sum; /* of the events, to compare runs */
    unsigned long events;
};

static void add(struct run *run, const char *text)
{
    for (; *text != '\0'; text++)
        run->sum = run->sum * 31 + (unsigned char)*text;
    run->events++;
}

static void check_list(const char *answer)
{
    struct cmgl_entry entry;
    unsigned char bytes[256];
    size_t size;

    while (parse_cmgl_next(&answer, &entry)) {
        assert(entry.index >= 0);
        if (entry.digits > 0 &&
            parse_hex(entry.hex, entry.digits, bytes, sizeof(bytes), &size))
            assert(size == entry.digits / 2);
    }
}

/* Whatever it offers, the settings to be tried are few and make sense. */
static void check_cnmi(const struct cnmi_choices *choices, const char *answer)
{
    for (unsigned with = 0; with < 4; with++) {
        struct cnmi_wish wish = {
            .choices = choices,
            .quirk = gsm_quirk_find(answer, answer),
            .reports = (with & 1) != 0,
            .routed = (with & 2) != 0,
        };
        struct cnmi cnmi;
        unsigned n = 0;

        for (; cnmi_candidate(&wish, n, &cnmi); n++)
            for (size_t i = 0; i < 5; i++)
                assert(cnmi.value[i] >= 0 && cnmi.value[i] <= 3);
        assert(n > 0 && n < 24);
    }
}

static void check_answer(const char *answer)
{
    struct cnmi_choices choices;
    struct cpms_choices cpms;
    struct cnmi cnmi;
    enum cpin cpin;
    char text[24];
    int a = 0, b = 0;
    unsigned mask;

    check_list(answer);
    if (parse_creg(answer, &a, &b))
        assert(a >= 0 && a <= 11 && b >= -1 && b <= 15);
    (void)act_name(b);
    if (parse_cmgs(answer, &a))
        assert(a >= 0 && a <= 255);
    if (parse_cpms_choices(answer, &cpms))
        assert(cpms.groups <= 3);
    if (parse_identity(answer, text, sizeof(text)))
        assert(strlen(text) >= 10);
    if (parse_cnmi_choices(answer, &choices))
        check_cnmi(&choices, answer);
    (void)parse_csms(answer, &mask);
    (void)parse_cnmi(answer, &cnmi);
    (void)parse_cpms_use(answer, &a, &b);
    (void)parse_csq(answer, &a);
    (void)parse_cpin(answer, &cpin);
    (void)parse_cops(answer, text, sizeof(text), &a);
    (void)parse_csca(answer, text, sizeof(text));
    (void)parse_line(answer, text, sizeof(text));
}

static void begin_next(struct run *run)
{
    if (!at_busy(&run->at))
        at_begin(&run->at, &commands[run->next++ % COMMANDS]);
}

static void on_event(void *arg, const struct at_event *event)
{
    struct run *run = arg;
    struct err err;

    switch (event->kind) {
    case AT_EVENT_URC:
        add(run, event->line);
        check_answer(event->line);
        assert(strlen(event->line) <= AT_LINE_MAX);
        if (event->pdu != NULL) {
            add(run, event->pdu);
            assert(parse_is_hex(event->pdu, strlen(event->pdu)));
        }
        break;
    case AT_EVENT_ASIDE:
        assert(run->at.aside == NULL);
        run->sum = run->sum * 31 + (unsigned long)event->final->number;
        add(run, "aside");
        begin_next(run);
        break;
    case AT_EVENT_PROMPT:
        at_data_sent(&run->at);
        if (run->aside && run->at.aside == NULL)
            at_aside(&run->at, "AT+CNMA=1");
        add(run, "prompt");
        break;
    case AT_EVENT_DONE:
        assert(run->at.phase == AT_IDLE);
        add(run, event->answer);
        check_answer(event->answer);
        if (event->final->code != AT_OK)
            gsm_error(event->final, &err);
        (void)gsm_error_advice(event->final);
        begin_next(run);
        break;
    }
}

static void feed(struct run *run, unsigned first, const char *bytes,
                 size_t size, size_t piece)
{
    memset(run, 0, sizeof(*run));
    run->next = first + 1;
    run->aside = first & 0x80;
    at_init(&run->at, on_event, run);
    at_begin(&run->at, &commands[first % COMMANDS]);
    for (size_t i = 0; i < size; i += piece)
        at_feed(&run->at, bytes + i, size - i < piece ? size - i : piece);
    check_answer(at_answer(&run->at));
    at_free(&run->at);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static struct run whole, pieces;

    if (size < 2)
        return 0;
    feed(&whole, data[0], (const char *)data + 2, size - 2, size);
    feed(&pieces, data[0], (const char *)data + 2, size - 2, 1 + data[1] % 16);
    assert(whole.sum == pieces.sum && whole.events == pieces.events);
    return 0;
}
