/* test_at_aside.c - a command beside the one in flight: whose are the two
 * results? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gsm/at.h"

static const struct at_command cmgs = {
    .text = "AT+CMGS=20",
    .prefixes = "+CMGS:",
    .shape = AT_LINES,
    .prompt = true,
};

static void on_event(void *arg, const struct at_event *event)
{
    static const char *const names[] = {
        [AT_EVENT_URC] = "urc",
        [AT_EVENT_PROMPT] = "prompt",
        [AT_EVENT_DONE] = "done",
        [AT_EVENT_ASIDE] = "aside",
    };
    struct buf *out = arg;

    if (event->kind == AT_EVENT_PROMPT)
        return;
    buf_addf(out, "%s", names[event->kind]);
    if (event->kind == AT_EVENT_URC)
        buf_addf(out, " %s;", event->line);
    else
        buf_addf(out, " %d %d;", (int)event->final->code, event->final->number);
}

/* A text is on its way and AT+CNMA=1 beside it; the modem says `bytes`. With
 * `end` the wait for the second one is over. */
static void expect(const char *bytes, bool end, const char *want)
{
    struct at at;
    struct buf out;

    buf_init(&out, 1024);
    at_init(&at, on_event, &out);
    at_begin(&at, &cmgs);
    at_feed(&at, "> ", 2);
    at_data_sent(&at);
    at_aside(&at, "AT+CNMA=1");
    at_feed(&at, bytes, strlen(bytes));
    if (end)
        at_aside_end(&at);
    assert_string_equal(buf_text(&out), want);
    at_free(&at);
    buf_free(&out);
}

static void test_acknowledged_first(void **state)
{
    (void)state;
    expect("OK\r\n", false, "aside 0 -1;");
    expect("OK\r\n+CMGS: 5\r\nOK\r\n", false, "aside 0 -1;done 0 -1;");
    expect("OK\r\n+CMS ERROR: 38\r\n", false, "aside 0 -1;done 3 38;");
    expect("AT+CNMA=1\r\nOK\r\n", false, "aside 0 -1;");
}

static void test_sent_first(void **state)
{
    (void)state;
    expect("+CMGS: 5\r\nOK\r\n", false, "done 0 -1;");
    expect("+CMGS: 5\r\nOK\r\nOK\r\n", false, "done 0 -1;aside 0 -1;");
    expect("+CMGS: 5\r\nOK\r\n+CMS ERROR: 340\r\n", false,
           "done 0 -1;aside 3 340;");
}

/* An error waits for the other result, which tells whose it was. */
static void test_errors(void **state)
{
    (void)state;
    expect("+CMS ERROR: 340\r\n", false, "aside 3 340;");
    expect("+CMS ERROR: 38\r\n", false, "");
    expect("+CMS ERROR: 38\r\nOK\r\n", false, "aside 0 -1;done 3 38;");
    expect("ERROR\r\n+CMGS: 5\r\nOK\r\n", false, "aside 1 -1;done 0 -1;");
    expect("+CMGS: 5\r\nERROR\r\nOK\r\n", false, "aside 1 -1;done 0 -1;");
    expect("ERROR\r\n+CMS ERROR: 38\r\n", false, "aside 3 38;done 1 -1;");
}

static void test_no_second_result(void **state)
{
    (void)state;
    expect("+CMS ERROR: 38\r\n", true, "done 3 38;");
    expect("+CMGS: 5\r\nOK\r\n", true, "done 0 -1;");
    expect("", true, "");
}

/* It is given up, and comes all the same. */
static void expect_late(const char *bytes, const char *want)
{
    struct at at;
    struct buf out;

    buf_init(&out, 1024);
    at_init(&at, on_event, &out);
    at_begin(&at, &cmgs);
    at_feed(&at, "> ", 2);
    at_data_sent(&at);
    at_aside(&at, "AT+CNMA=1");
    at_aside_end(&at);
    at_feed(&at, bytes, strlen(bytes));
    assert_string_equal(buf_text(&out), want);
    at_free(&at);
    buf_free(&out);
}

static void test_late_result(void **state)
{
    (void)state;
    expect_late("OK\r\n", "");
    expect_late("OK\r\n+CMGS: 5\r\nOK\r\n", "done 0 -1;");
    expect_late("+CMGS: 5\r\nOK\r\nOK\r\n", "done 0 -1;");
    expect_late("+CMS ERROR: 340\r\n+CMGS: 5\r\nOK\r\n", "done 0 -1;");
    expect_late("+CMS ERROR: 38\r\n", "done 3 38;");
    expect_late("OK\r\nOK\r\n", "done 0 -1;"); /* sent without reference */
}

static void test_announcements_between(void **state)
{
    (void)state;
    expect("+CMTI: \"SM\",3\r\nOK\r\nRING\r\n+CMGS: 5\r\nOK\r\n", false,
           "urc +CMTI: \"SM\",3;aside 0 -1;urc RING;done 0 -1;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acknowledged_first),
        cmocka_unit_test(test_sent_first),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_no_second_result),
        cmocka_unit_test(test_late_result),
        cmocka_unit_test(test_announcements_between),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
