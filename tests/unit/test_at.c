/* test_at.c - the AT engine: what a modem writes, in any pieces, and the
 * events that must come of it. */
#include "at_log.h"

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
    expect(&bare, "\r\n+CME ERROR: SIM busy\r\n", "done 2 14 ;");
    expect(&bare, "\r\n+CMS ERROR: network timeout\r\n", "done 3 332 ;");
    expect(&bare, "\r\n+CMS ERROR: no idea\r\n", "done 3 -1 ;");
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
           "call RING;call NO CARRIER;prompt;");
    expect(NULL, "\r\nOK\r\nERROR\r\n+CMS ERROR: 1\r\n",
           "stray OK;stray ERROR;stray +CMS ERROR: 1;");
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
           "report +CDS: ,25;call RING;");
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
           "boot RDY;boot +CFUN: 1;set-up +CPIN: READY;set-up SMS Ready;");
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
