/* test_at.c - the AT engine: what a modem writes, in any pieces, and the
 * events that must come of it. Also the rows at-* of the table of published
 * replies that MOONGATE_VECTORS names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gsm/at.h"
#include "gsm/parse.h"

static const char *const urcs[] = {
    [AT_URC_NOISE] = "noise",     [AT_URC_UNKNOWN] = "unknown",
    [AT_URC_STORED] = "stored",   [AT_URC_MESSAGE] = "message",
    [AT_URC_REPORT] = "report",   [AT_URC_BROADCAST] = "broadcast",
    [AT_URC_FULL] = "full",       [AT_URC_BOOT] = "boot",
    [AT_URC_SUSPECT] = "suspect", [AT_URC_NETWORK] = "network",
};

/* Events as lines of text: "boot LINE", "message LINE pdu HEX", "prompt",
 * "done 0 -1 ANSWER" with the answer's lines joined by '/'. */
struct log {
    struct at at;
    struct buf out;
    const struct at_command *next; /* begun when one is done */
};

static void on_event(void *arg, const struct at_event *event)
{
    struct log *log = arg;

    switch (event->kind) {
    case AT_EVENT_URC:
        buf_addf(&log->out, "%s %s%s%s;", urcs[event->urc], event->line,
                 event->pdu != NULL ? " pdu " : "",
                 event->pdu != NULL ? event->pdu : "");
        break;
    case AT_EVENT_PROMPT:
        buf_add_text(&log->out, "prompt;");
        at_data_sent(&log->at);
        break;
    case AT_EVENT_DONE:
        buf_addf(&log->out, "done %d %d ", (int)event->final->code,
                 event->final->number);
        for (const char *p = event->answer; *p != '\0'; p++)
            buf_add_char(&log->out, *p == '\n' ? '/' : *p);
        buf_add_text(&log->out, event->truncated ? " truncated;" : ";");
        if (log->next != NULL) {
            at_begin(&log->at, log->next);
            log->next = NULL;
        }
        break;
    }
}

static void log_open(struct log *log)
{
    memset(log, 0, sizeof(*log));
    at_init(&log->at, on_event, log);
    buf_init(&log->out, 1 << 20);
}

static void log_close(struct log *log)
{
    at_free(&log->at);
    buf_free(&log->out);
}

/* The events of `bytes`, fed whole and octet by octet, are `want`. */
static void expect(const struct at_command *command, const char *bytes,
                   const char *want)
{
    for (int step = 0; step < 3; step++) {
        size_t size = strlen(bytes), piece = step == 0   ? size + 1
                                             : step == 1 ? 1
                                                         : 7;
        struct log log;

        log_open(&log);
        if (command != NULL)
            at_begin(&log.at, command);
        for (size_t i = 0; i < size; i += piece)
            at_feed(&log.at, bytes + i, size - i < piece ? size - i : piece);
        assert_string_equal(buf_text(&log.out), want);
        log_close(&log);
    }
}

#define DELIVER                                                                \
    "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977" \
    "FD07"

static const struct at_command bare = { .text = "AT+CMEE=1" };
static const struct at_command any = { .text = "AT+CGMI", .shape = AT_ANY };
static const struct at_command creg = {
    .text = "AT+CREG?",
    .prefixes = "+CREG:",
    .shape = AT_LINES,
};
static const struct at_command cmgl = {
    .text = "AT+CMGL=4",
    .prefixes = "+CMGL:",
    .shape = AT_PDUS,
};
static const struct at_command cmgs = {
    .text = "AT+CMGS=20",
    .prefixes = "+CMGS:",
    .shape = AT_LINES,
    .prompt = true,
};

static void test_finals(void **state)
{
    (void)state;
    expect(&bare, "\r\nOK\r\n", "done 0 -1 ;");
    expect(&bare, "OK\n", "done 0 -1 ;");
    expect(&bare, "\r\nOK  \r\n", "done 0 -1 ;");
    expect(&bare, "\r\nERROR\r\n", "done 1 -1 ;");
    expect(&bare, "\r\n+CME ERROR: 14\r\n", "done 2 14 ;");
    expect(&bare, "\r\n+CME ERROR: SIM busy\r\n", "done 2 -1 ;");
    expect(&bare, "\r\n+CMS ERROR: 332\r\n", "done 3 332 ;");
    expect(&bare, "\r\nCOMMAND NOT SUPPORT\r\n", "done 1 -1 ;");
    expect(&bare, "\r\nOKAY\r\n", "unknown OKAY;");
}

/* An incoming call that ends is not the end of a command, and a result of a
 * command that was given up is not news. */
static void test_results_that_end_nothing(void **state)
{
    (void)state;
    expect(&cmgs, "\r\nRING\r\nNO CARRIER\r\n> ",
           "noise RING;noise NO CARRIER;prompt;");
    expect(NULL, "\r\nOK\r\nERROR\r\n+CMS ERROR: 1\r\n", "");
}

static void test_echo(void **state)
{
    (void)state;
    expect(&any, "AT+CGMI\r\r\nAcme\r\nOK\r\n", "done 0 -1 Acme/;");
    expect(&any,
           "\x1b"
           "at+cgmi\rAcme\rOK\r",
           "done 0 -1 Acme/;");
}

static void test_urc_inside_answer(void **state)
{
    (void)state;
    expect(&any, "^RSSI: 17\r\nAcme\r\n+CMTI: \"SM\",3\r\nOK\r\n",
           "noise ^RSSI: 17;stored +CMTI: \"SM\",3;done 0 -1 Acme/;");
    expect(&creg, "+CREG: 2,1\r\nOK\r\n+CREG: 5,\"00AA\",\"01\"\r\n",
           "done 0 -1 +CREG: 2,1/;network +CREG: 5,\"00AA\",\"01\";");
}

static void test_list_with_report_inside(void **state)
{
    (void)state;
    expect(&cmgl,
           "+CMGL: 1,1,,30\r\n"
           "+CDS: 25\r\n"
           "079124603050020006E80C91666666666666909070618422809090706184628000"
           "\r\n" DELIVER "\r\nOK\r\n",
           "report +CDS: 25 pdu "
           "079124603050020006E80C91666666666666909070618422809090706184628000"
           ";done 0 -1 +CMGL: 1,1,,30/" DELIVER "/;");
}

static void test_two_line_urc(void **state)
{
    (void)state;
    expect(NULL, "+CMT: ,30\r\n" DELIVER "\r\n",
           "message +CMT: ,30 pdu " DELIVER ";");
    expect(NULL, "+CMT: \"a, b\",30\r\n" DELIVER "\r\n",
           "message +CMT: \"a, b\",30 pdu " DELIVER ";");
    expect(NULL, "+CDS: ,25\r\n07912460\r\nRING\r\n",
           "report +CDS: ,25;noise RING;");
    expect(NULL, "+CMT: ,30\r\n079\r\n", "message +CMT: ,30;");
    expect(&bare, "+CMT: ,30\r\nOK\r\n", "message +CMT: ,30;done 0 -1 ;");
}

/* A modem that fell back to text mode: the text must not end our command. */
static void test_text_mode_urc(void **state)
{
    (void)state;
    expect(&bare,
           "+CMT: \"+4477\",,\"26/11/21,09:00:00+00\"\r\nOK\r\nERROR\r\n",
           "suspect +CMT: \"+4477\",,\"26/11/21,09:00:00+00\";done 1 -1 ;");
    expect(&bare,
           "+CDS: 6,1,\"+4477\",145,\"26/11/21\",\"26/11/21\",0\r\nOK\r\n",
           "suspect +CDS: 6,1,\"+4477\",145,\"26/11/21\",\"26/11/21\",0;"
           "done 0 -1 ;");
}

static void test_prompt(void **state)
{
    (void)state;
    expect(&cmgs, "\r\n> \r\n+CMGS: 12\r\n\r\nOK\r\n",
           "prompt;done 0 -1 +CMGS: 12/;");
    expect(&cmgs, "AT+CMGS=20\r\r\n>\r\n+CMGS: 12,\"x\"\r\nOK\r\n",
           "prompt;done 0 -1 +CMGS: 12,\"x\"/;");
    expect(&cmgs, "\r\n^RSSI: 3\r\n> ", "noise ^RSSI: 3;prompt;");
    expect(&cmgs, "\r\n+CMS ERROR: 304\r\n", "done 3 304 ;");
    expect(&cmgs, "> 0011000B91\x1a\r\n+CMGS: 1\r\nOK\r\n",
           "prompt;unknown 0011000B91;done 0 -1 +CMGS: 1/;");
}

static void test_boot_words(void **state)
{
    (void)state;
    expect(NULL, "\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\nSMS Ready\r\n",
           "boot RDY;boot +CFUN: 1;boot +CPIN: READY;boot SMS Ready;");
    expect(NULL, "^BOOT:2,0,0,0,72\r\n", "suspect ^BOOT:2,0,0,0,72;");
}

static void test_long_line(void **state)
{
    char bytes[4000];

    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    memcpy(bytes + 3000, "\r\nOK\r\n", 7);
    expect(&any, bytes, "done 0 -1 ;");
}

static void test_many_lines(void **state)
{
    struct log log;
    unsigned lines = 0;

    (void)state;
    log_open(&log);
    at_begin(&log.at, &any);
    for (int i = 0; i < 1000; i++)
        at_feed(&log.at, "line\r\n", 6);
    for (const char *p = at_answer(&log.at); *p != '\0'; p++)
        lines += *p == '\n';
    assert_int_equal(lines, AT_LINES_MAX);
    at_feed(&log.at, "OK\r\n", 4);
    assert_non_null(strstr(buf_text(&log.out), "truncated"));
    log_close(&log);
}

static void test_garbage(void **state)
{
    static const char bytes[] = "\0\xff\x80\x01\r\n\xfe\0\r\nOK\r\n";
    struct log log;

    (void)state;
    log_open(&log);
    at_begin(&log.at, &bare);
    at_feed(&log.at, bytes, sizeof(bytes) - 1);
    assert_non_null(strstr(buf_text(&log.out), "done 0"));
    log_close(&log);
}

static void test_next_command_from_callback(void **state)
{
    struct log log;

    (void)state;
    log_open(&log);
    log.next = &any;
    at_begin(&log.at, &bare);
    at_feed(&log.at, "OK\r\nAcme\r\nOK\r\n", 14);
    assert_string_equal(buf_text(&log.out), "done 0 -1 ;done 0 -1 Acme/;");
    assert_false(at_busy(&log.at));
    log_close(&log);
}

static void test_reset(void **state)
{
    struct log log;

    (void)state;
    log_open(&log);
    at_begin(&log.at, &cmgs);
    at_feed(&log.at, "+CMGS: 1\r\nhalf", 14);
    at_reset(&log.at);
    assert_false(at_busy(&log.at));
    at_begin(&log.at, &any);
    at_feed(&log.at, "Acme\r\nOK\r\n", 10);
    assert_string_equal(buf_text(&log.out), "done 0 -1 Acme/;");
    log_close(&log);
}

/* --- published replies
 * -------------------------------------------------------- */

enum { KIND = 0, TYPE = 1, TEXT = 14, DATA = 15, CELLS = 17 };

static void unescape(const char *cell, char *out, size_t size)
{
    static const char from[] = "tnr\\\"", to[] = "\t\n\r\\\"";
    size_t n = 0;

    for (; *cell != '\0' && n + 1 < size; cell++) {
        bool escape = cell[0] == '\\' && cell[1] != '\0';
        const char *at = escape ? strchr(from, cell[1]) : NULL;

        cell += at != NULL;
        out[n++] = at != NULL ? to[at - from] : *cell;
    }
    out[n] = '\0';
}

/* Both columns are lines; what the engine lets through of `data` when `echo`
 * was the command is what is in `text`. */
static void check_echo(const char *text, const char *data)
{
    char echo[256] = "";
    struct log log;
    const char *tail = strstr(data, text);
    struct at_command command = { .text = echo, .shape = AT_ANY };
    char want[512] = "";
    size_t n = 0;

    assert_non_null(tail);
    snprintf(echo, sizeof(echo), "%.*s", (int)(tail - data), data);
    for (const char *p = text; *p != '\0'; p++) {
        if (*p != '\r' && *p != '\n')
            want[n++] = *p;
        else if (n > 0 && want[n - 1] != '\n')
            want[n++] = '\n';
    }
    if (n > 0 && want[n - 1] != '\n')
        want[n] = '\n';
    log_open(&log);
    at_begin(&log.at, &command);
    at_feed(&log.at, data, strlen(data));
    at_feed(&log.at, "\r\n", 2);
    if (strstr(data, "NO CARRIER") || strstr(data, "CONNECT"))
        assert_int_equal(strncmp(buf_text(&log.out), "noise ", 6), 0);
    else
        assert_string_equal(at_answer(&log.at), want);
    log_close(&log);
}

static void check_final(const char *text, const char *data)
{
    bool want_final = strstr(text, "final=TRUE") != NULL;
    bool want_error = strstr(text, "error=TRUE") != NULL;
    char line[256];
    struct at_final final;
    bool found;

    snprintf(line, sizeof(line), "%s", data + strspn(data, "\r\n"));
    line[strcspn(line, "\r\n")] = '\0';
    found = at_final_parse(line, &final);
    if (found != want_final)
        fail_msg("%s", line);
    if (found)
        assert_int_equal(final.code != AT_OK, want_error);
}

static void check_answer(const char *type, const char *answer)
{
    struct cnmi_choices cnmi;
    struct cpms_choices cpms;
    char text[256];
    int stat;

    if (strcmp(type, "at-cnmi") == 0)
        assert_true(parse_cnmi_choices(answer, &cnmi));
    else if (strcmp(type, "at-cpms") == 0)
        assert_true(parse_cpms_choices(answer, &cpms));
    else if (strncmp(type, "at-creg", 7) == 0)
        assert_true(parse_creg(answer, &stat) && (stat == 1 || stat == 5));
    else if (strcmp(type, "at-model") == 0)
        assert_true(parse_line(answer, text, sizeof(text)) && text[0] != 0);
    else if (strcmp(type, "at-smsc") == 0)
        assert_true(parse_csca(answer, text, sizeof(text)) &&
                    strspn(text, "+0123456789") == strlen(text));
    else
        assert_true(parse_line(answer, text, sizeof(text)));
}

static void check_reply(const char *type, const char *data)
{
    struct log log;
    char command[AT_COMMAND_MAX + 1], prefix[32], answer[4096] = "";
    const char *rest = strchr(data, '\n');
    struct at_command asked = { .text = command, .shape = AT_ANY };

    if (rest == NULL || strncmp(data, "AT", 2) != 0) {
        expect(NULL, "+CUSD: 2,\"x\"\r\n", "noise +CUSD: 2,\"x\";");
        return;
    }
    snprintf(command, sizeof(command), "%.*s", (int)strcspn(data, "\r\n"),
             data);
    if (command[strcspn(command, "=?")] != '\0') {
        snprintf(prefix, sizeof(prefix),
                 "%.*s:", (int)strcspn(command + 2, "=?"), command + 2);
        asked.shape = AT_LINES;
        asked.prefixes = prefix;
    }
    log_open(&log);
    at_begin(&log.at, &asked);
    at_feed(&log.at, data, strlen(data) - 2);
    snprintf(answer, sizeof(answer), "%s", at_answer(&log.at));
    at_feed(&log.at, "OK\r\n", 4);
    check_answer(type, answer);
    log_close(&log);
}

static void check_line(const char *type, const char *text, const char *data)
{
    struct slice fields[PARSE_FIELDS_MAX];
    size_t n = parse_fields(data, fields, PARSE_FIELDS_MAX);
    size_t i = strcmp(type, "cops") == 0 ? 2 : 1;
    char got[64], quoted[80];
    int stat;

    assert_true(n >= 2);
    if (strcmp(type, "creg") == 0) {
        assert_true(parse_creg(data, &stat));
        assert_int_equal(stat, 1);
        return;
    }
    slice_copy(fields[i], got, sizeof(got));
    if (strcmp(type, "cusd") == 0) {
        assert_non_null(strstr(text, got));
        return;
    }
    snprintf(quoted, sizeof(quoted), text[0] == '"' ? "\"%s\"" : "%s", got);
    assert_string_equal(quoted, text);
}

static void check_row(char **cells, const char *text, const char *data,
                      unsigned *checked)
{
    const char *kind = cells[KIND];

    if (strcmp(kind, "at-echo") == 0)
        check_echo(text, data);
    else if (strcmp(kind, "at-final") == 0)
        check_final(text, data);
    else if (strcmp(kind, "at-reply") == 0)
        check_reply(cells[TYPE], data);
    else if (strcmp(kind, "at-line") == 0)
        check_line(cells[TYPE], text, data);
    else
        return;
    (*checked)++;
}

static void test_vectors(void **state)
{
    const char *path = getenv("MOONGATE_VECTORS");
    FILE *file = path != NULL ? fopen(path, "r") : NULL;
    static char line[65536], text[4096], data[4096];
    unsigned checked = 0;

    (void)state;
    if (file == NULL)
        skip();
    while (fgets(line, sizeof(line), file) != NULL) {
        char *cells[CELLS] = { 0 }, *rest = line;
        size_t n = 0;

        line[strcspn(line, "\n")] = '\0';
        while (n < CELLS && (cells[n] = strsep(&rest, "\t")) != NULL)
            n++;
        if (n < CELLS)
            continue;
        unescape(cells[TEXT], text, sizeof(text));
        unescape(cells[DATA], data, sizeof(data));
        check_row(cells, text, data, &checked);
    }
    fclose(file);
    print_message("%u rows\n", checked);
    assert_true(checked > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finals),
        cmocka_unit_test(test_results_that_end_nothing),
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_urc_inside_answer),
        cmocka_unit_test(test_list_with_report_inside),
        cmocka_unit_test(test_two_line_urc),
        cmocka_unit_test(test_text_mode_urc),
        cmocka_unit_test(test_prompt),
        cmocka_unit_test(test_boot_words),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_many_lines),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_next_command_from_callback),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_vectors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
