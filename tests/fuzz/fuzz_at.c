/* fuzz_at.c - a hostile modem: any bytes into the AT engine, with a command
 * of each shape in flight, and every answer and URC into the parsers. The
 * engine must keep its bounds and end commands at most once; fed in other
 * pieces, the same bytes must give the same events. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "gsm/at.h"
#include "gsm/errors.h"
#include "gsm/parse.h"

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

static void check_answer(const char *answer)
{
    struct cnmi_choices choices;
    struct cpms_choices cpms;
    struct cnmi cnmi;
    enum cpin cpin;
    char text[24];
    int a = 0, b = 0;

    check_list(answer);
    if (parse_creg(answer, &a, &b))
        assert(a >= 0 && a <= 11);
    if (parse_cmgs(answer, &a))
        assert(a >= 0 && a <= 255);
    if (parse_cpms_choices(answer, &cpms))
        assert(cpms.groups <= 3);
    if (parse_identity(answer, text, sizeof(text)))
        assert(strlen(text) >= 10);
    (void)parse_cnmi_choices(answer, &choices);
    (void)parse_cnmi(answer, &cnmi);
    (void)parse_cpms_use(answer, &a, &b);
    (void)parse_csq(answer, &a);
    (void)parse_cpin(answer, &cpin);
    (void)parse_cops(answer, text, sizeof(text), &a);
    (void)parse_csca(answer, text, sizeof(text));
    (void)parse_line(answer, text, sizeof(text));
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
    case AT_EVENT_PROMPT:
        at_data_sent(&run->at);
        add(run, "prompt");
        break;
    case AT_EVENT_DONE:
        assert(!at_busy(&run->at));
        add(run, event->answer);
        check_answer(event->answer);
        if (event->final->code != AT_OK)
            gsm_error(event->final, &err);
        at_begin(&run->at, &commands[run->next++ % COMMANDS]);
        break;
    }
}

static void feed(struct run *run, unsigned first, const char *bytes,
                 size_t size, size_t piece)
{
    memset(run, 0, sizeof(*run));
    run->next = first + 1;
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
