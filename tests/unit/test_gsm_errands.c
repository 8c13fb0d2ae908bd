/* test_gsm_errands.c - what the GSM driver does beside texts, against the modem
 * simulator: USSD, voice calls, phone book, own number, balance. */
#include "gsm_sim.h"

static struct sim *open_with(void **state, const char *modem,
                             const char *const *options)
{
    struct sim *sim = setup_options(modem, options);

    *state = sim;
    assert_non_null(fake_wait(sim->fake, "online ", 10000));
    return sim;
}

/* The errands of the set-up come after the first look at the stores. */
static void wait_for_settings(struct sim *sim)
{
    assert_true(
        sim_becomes(sim, "{\"cmd\":\"log\",\"count\":400}", "AT+CUSD=1"));
    fake_run(sim->fake, 50);
}

static void expect_refusal(struct sim *sim, const char *name, const char *text,
                           uint64_t call, enum err_kind kind)
{
    assert_false(fake_command(sim->fake, name, text, call));
    assert_int_equal(fake_error(sim->fake)->kind, kind);
}

static void test_code(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, "{\"cmd\":\"ussd\",\"code\":\"*100#\",\"text\":\"12.50 EUR\"}");
    assert_true(fake_command(sim->fake, "ussd", "*100#", 5));
    expect_refusal(sim, "ussd", "*101#", 6, ERR_TEMPORARY);
    assert_non_null(fake_wait(sim->fake, "answer 5 12.50 EUR", 5000));
    assert_true(fake_command(sim->fake, "ussd", "*999#", 7));
    assert_non_null(
        fake_wait(sim->fake, "answer 7 the network does not know", 5000));
    expect_refusal(sim, "ussd", "", 8, ERR_NOT_ALLOWED);
    expect_refusal(sim, "ussd", "\xD0\x94", 8, ERR_UNSUPPORTED);
}

#define MENU                                                                   \
    "{\"cmd\":\"ussd\",\"code\":\"*100#\",\"text\":\"1 balance\","             \
    "\"replies\":{\"1\":\"12.50 EUR\",\"2\":{\"text\":\"3 back\","             \
    "\"replies\":{\"3\":\"bye\"}}}"

static void test_menu(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, MENU "}");
    expect_refusal(sim, "reply", "1", 5, ERR_EXPIRED);
    assert_true(fake_command(sim->fake, "ussd", "*100#", 5));
    assert_non_null(fake_wait(sim->fake, "answer 5 1 balance (more)", 5000));
    expect_refusal(sim, "reply", "1", 6, ERR_EXPIRED);
    assert_true(fake_command(sim->fake, "reply", "2", 5));
    assert_non_null(fake_wait(sim->fake, "answer 5 3 back (more)", 5000));
    assert_true(fake_command(sim->fake, "reply", "3", 5));
    assert_non_null(fake_wait(sim->fake, "answer 5 bye", 5000));
    assert_int_equal(fake_count(sim->fake, "bye (more)"), 0);
    expect_refusal(sim, "reply", "3", 5, ERR_EXPIRED);
}

static void test_cancel(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, MENU "}");
    assert_true(fake_command(sim->fake, "ussd", "*100#", 5));
    assert_non_null(fake_wait(sim->fake, "(more)", 5000));
    assert_true(fake_command(sim->fake, "cancel", NULL, 5));
    assert_true(
        sim_becomes(sim, "{\"cmd\":\"log\",\"count\":400}", "AT+CUSD=2"));
    fake_run(sim->fake, 50);
    assert_true(fake_command(sim->fake, "ussd", "*100#", 6));
    assert_non_null(fake_wait(sim->fake, "answer 6 1 balance", 5000));
}

/* The network gives up on the reply. */
static void test_time_out_of_the_network(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, MENU ",\"wait\":0.1}");
    assert_true(fake_command(sim->fake, "ussd", "*100#", 5));
    assert_non_null(fake_wait(sim->fake, "(more)", 5000));
    assert_non_null(
        fake_wait(sim->fake, "answer 5 the network has ended", 5000));
}

static void test_lines_of_a_menu(void **state)
{
    struct sim *sim = *state;

    wait_for_settings(sim);
    sim_do(sim, "{\"cmd\":\"ussd\",\"code\":\"*100#\",\"text\":\"never\","
                "\"delay\":60}");
    assert_true(fake_command(sim->fake, "ussd", "*100#", 5));
    fake_run(sim->fake, 50);
    sim_do(sim, "{\"cmd\":\"urc\",\"line\":\"+CUSD: 1,\\\"Menu\"}");
    sim_do(sim, "{\"cmd\":\"urc\",\"line\":\"1 balance\"}");
    sim_do(sim, "{\"cmd\":\"urc\",\"line\":\"2 tariff\\\",15\"}");
    assert_non_null(fake_wait(
        sim->fake, "answer 5 Menu\n1 balance\n2 tariff (more)", 5000));
}

/* A text that is never closed counts after a while. */
static void test_cut_menu(void **state)
{
    struct sim *sim = *state;

    wait_for_settings(sim);
    sim_do(sim, "{\"cmd\":\"ussd\",\"code\":\"*100#\",\"text\":\"never\","
                "\"delay\":60}");
    assert_true(fake_command(sim->fake, "ussd", "*100#", 5));
    fake_run(sim->fake, 50);
    sim_do(sim, "{\"cmd\":\"urc\",\"line\":\"+CUSD: 0,\\\"cut\"}");
    sim_do(sim, "{\"cmd\":\"urc\",\"line\":\"off\"}");
    assert_non_null(fake_wait(sim->fake, "answer 5 cut\noff", 5000));
}

/* A text is on its way: the code waits, and so does the next text. */
static void test_beside_a_text(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, "{\"cmd\":\"set\",\"modem\":\"sim1\",\"answer\":[300,300]}");
    sim_do(sim, "{\"cmd\":\"ussd\",\"code\":\"*100#\",\"text\":\"12.50\"}");
    send_text(sim, "on its way", 7);
    fake_run(sim->fake, 100);
    assert_true(fake_command(sim->fake, "ussd", "*100#", 5));
    assert_non_null(fake_wait(sim->fake, "sent 7 ", 5000));
    assert_int_equal(fake_count(sim->fake, "answer"), 0);
    send_text(sim, "the next", 8);
    assert_non_null(fake_wait(sim->fake, "answer 5 12.50", 5000));
    assert_non_null(fake_wait(sim->fake, "sent 8 ", 5000));
}

static void test_network_speaks_first(void **state)
{
    struct sim *sim = *state;

    wait_for_settings(sim);
    sim_do(sim, "{\"cmd\":\"ussd\",\"text\":\"You have won\"}");
    assert_non_null(
        fake_wait(sim->fake, "notice the network says: You have won", 5000));
    sim_do(sim,
           "{\"cmd\":\"ussd\",\"text\":\"Yes?\",\"replies\":{\"1\":\"a\"}}");
    assert_non_null(
        fake_wait(sim->fake, "notice the network says: Yes?", 5000));
    assert_true(
        sim_becomes(sim, "{\"cmd\":\"log\",\"count\":400}", "AT+CUSD=2"));
}

static void test_modem_lost(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, MENU "}");
    assert_true(fake_command(sim->fake, "ussd", "*100#", 5));
    assert_non_null(fake_wait(sim->fake, "(more)", 5000));
    sim_do(sim, "{\"cmd\":\"unplug\"}");
    assert_non_null(fake_wait(sim->fake, "answer 5 ", 5000));
    assert_non_null(fake_wait(sim->fake, "offline ", 5000));
    expect_refusal(sim, "ussd", "*100#", 6, ERR_LINK);
}

/* Packed codes that a firmware wants, UCS-2 under a wrong coding. */
static void test_families(void **state)
{
    static const char *const profiles[] = { ",profile=huawei", ",profile=m95" };

    for (size_t i = 0; i < 2; i++) {
        struct sim *sim =
            open_with(state, profiles[i], (const char *[]){ NULL });

        sim_do(sim, "{\"cmd\":\"ussd\",\"code\":\"*100#\",\"text\":"
                    "\"Guthaben f\\u00fcr heute\"}");
        for (uint64_t call = 1; call <= 2; call++) {
            assert_true(fake_command(sim->fake, "ussd", "*100#", call));
            assert_non_null(
                fake_wait(sim->fake, "Guthaben f\xC3\xBCr heute", 5000));
        }
        if (i == 0)
            teardown(state);
    }
}

static void test_call(void **state)
{
    struct sim *sim = *state;

    wait_for_settings(sim);
    sim_do(sim, "{\"cmd\":\"call\",\"from\":\"" PHONE "\",\"every\":0.1}");
    assert_non_null(fake_wait(sim->fake, "told " PHONE "|called at ", 5000));
    fake_run(sim->fake, 300);
    assert_int_equal(fake_count(sim->fake, "called at"), 1);
    sim_do(sim, "{\"cmd\":\"call\"}"); /* gives up */
    fake_run(sim->fake, 50);
    sim_do(sim, "{\"cmd\":\"call\",\"hidden\":true,\"every\":0.1}");
    assert_non_null(
        fake_wait(sim->fake, "told name:anonymous|called at ", 5000));
    assert_int_equal(fake_count(sim->fake, "called at"), 2);
}

/* No +CLIP at all. */
static void test_call_without_number(void **state)
{
    struct sim *sim = *state;

    wait_for_settings(sim);
    sim_do(sim, "{\"cmd\":\"urc\",\"line\":\"RING\"}");
    sim_do(sim, "{\"cmd\":\"urc\",\"line\":\"NO CARRIER\"}");
    assert_non_null(
        fake_wait(sim->fake, "told name:anonymous|called at ", 5000));
    sim_do(sim, "{\"cmd\":\"urc\",\"line\":\"+CRING: VOICE\"}");
    assert_non_null(
        fake_wait(sim->fake, "told name:anonymous|called at ", 5000));
}

/* A modem gone mad fills nobody's inbox. */
static void test_flood_of_calls(void **state)
{
    struct sim *sim = *state;

    wait_for_settings(sim);
    for (int i = 0; i < 60; i++) {
        sim_do(sim, "{\"cmd\":\"urc\",\"line\":\"RING\"}");
        sim_do(sim, "{\"cmd\":\"urc\",\"line\":\"NO CARRIER\"}");
    }
    sim_text(sim, "after the flood");
    assert_non_null(fake_wait(sim->fake, "|after the flood", 5000));
    assert_true(fake_count(sim->fake, "called at") >= 20);
    assert_true(fake_count(sim->fake, "called at") <= 40);
}

static void test_hang_up(void **state)
{
    struct sim *sim = open_with(state, ",profile=sim7600",
                                (const char *[]){ "calls=hangup", NULL });

    wait_for_settings(sim);
    sim_do(sim, "{\"cmd\":\"call\",\"from\":\"" PHONE "\"}");
    assert_non_null(fake_wait(sim->fake, "told " PHONE "|called at ", 5000));
    assert_true(sim_becomes(sim, "{\"cmd\":\"log\",\"count\":400}", "AT+CHUP"));
}

static void test_ignored_call(void **state)
{
    struct sim *sim =
        open_with(state, "", (const char *[]){ "calls=ignore", NULL });

    wait_for_settings(sim);
    sim_do(sim, "{\"cmd\":\"call\",\"from\":\"" PHONE "\",\"every\":0.05}");
    sim_text(sim, "after it");
    assert_non_null(fake_wait(sim->fake, "|after it", 5000));
    assert_int_equal(fake_count(sim->fake, "called at"), 0);
}

static void test_phonebook(void **state)
{
    struct sim *sim = setup_with("", NULL);

    *state = sim;
    sim_do(sim, "{\"cmd\":\"phonebook\",\"entries\":{"
                "\"1\":[\"" PHONE "\",\"Ang\\u00e9lica\"],"
                "\"45\":[\"07700900124\",\"\\u041b\\u0443\\u043d\\u0430\"],"
                "\"250\":[\"123\",\"Short\"]}}");
    assert_non_null(
        fake_wait(sim->fake, "contact " PHONE " Ang\xC3\xA9lica", 5000));
    assert_non_null(fake_wait(
        sim->fake, "contact 07700900124 \xD0\x9B\xD1\x83\xD0\xBD\xD0\xB0",
        5000));
    assert_non_null(fake_wait(sim->fake, "contact 123 Short", 5000));
    assert_true(sim_becomes(sim, "{\"cmd\":\"log\",\"count\":4}",
                            "AT+CSCS=\\\"GSM\\\""));
    assert_int_equal(fake_count(sim->fake, "contact"), 3);
}

static void test_no_phonebook(void **state)
{
    struct sim *sim =
        open_with(state, "", (const char *[]){ "phonebook=false", NULL });

    wait_for_settings(sim);
    fake_run(sim->fake, 100);
    sim_do(sim, "{\"cmd\":\"log\",\"count\":400}");
    assert_null(strstr(sim->reply, "CPBR"));
}

static void test_own_number(void **state)
{
    struct sim *sim = *state;

    wait_for_settings(sim);
    fake_run(sim->fake, 100);
    assert_string_equal(fake_status(sim->fake, "number"), "+447700900000");
}

#define BALANCE(text)                                                          \
    "{\"cmd\":\"ussd\",\"code\":\"*100#\",\"text\":\"" text "\"}"

static void test_balance(void **state)
{
    struct sim *sim =
        setup_options("", (const char *[]){ "balance_ussd=*100#",
                                            "balance_match=left: ([0-9.,]+)",
                                            "balance_low=5", NULL });

    *state = sim;
    sim_do(sim, BALANCE("Since 2019. left: 1.012,50 EUR"));
    assert_non_null(fake_wait(sim->fake, "state balance 101250 ", 10000));
    assert_memory_equal(fake_status(sim->fake, "balance"), "1012.50 (", 9);
    /* On demand; the fall is told once. */
    sim_do(sim, BALANCE("left: 4.99"));
    assert_true(fake_command(sim->fake, "balance", NULL, 5));
    assert_non_null(
        fake_wait(sim->fake, "notice the balance is low: 4.99", 5000));
    assert_non_null(fake_wait(sim->fake, "answer 5 left: 4.99", 5000));
    assert_true(fake_command(sim->fake, "balance", NULL, 6));
    assert_non_null(fake_wait(sim->fake, "answer 6 ", 5000));
    assert_int_equal(fake_count(sim->fake, "notice"), 1);
    sim_do(sim, BALANCE("left: 5"));
    assert_true(fake_command(sim->fake, "balance", NULL, 7));
    assert_non_null(fake_wait(sim->fake, "answer 7 ", 5000));
    sim_do(sim, BALANCE("left: 0"));
    assert_true(fake_command(sim->fake, "balance", NULL, 8));
    assert_non_null(fake_wait(sim->fake, "answer 8 ", 5000));
    assert_int_equal(fake_count(sim->fake, "notice"), 2);
    /* An answer without a sum changes nothing. */
    sim_do(sim, BALANCE("come back later"));
    assert_true(fake_command(sim->fake, "balance", NULL, 9));
    assert_non_null(fake_wait(sim->fake, "answer 9 come back later", 5000));
    assert_memory_equal(fake_status(sim->fake, "balance"), "0.00 (", 6);
    /* What was read an hour ago at most is not asked again at a start. */
    fake_close(sim->fake);
    sim_do(sim, "{\"cmd\":\"stats\",\"reset\":true}");
    assert_true(fake_start(sim->fake));
    assert_non_null(fake_wait(sim->fake, "online ", 10000));
    assert_memory_equal(fake_status(sim->fake, "balance"), "0.00 (", 6);
}

static void test_balance_options(void **state)
{
    struct sim *sim = *state;

    expect_refusal(sim, "balance", NULL, 5, ERR_UNSUPPORTED);
}

static void test_bad_expression(void **state)
{
    static const char *const bad[] = { "balance_match=no group",
                                       "balance_match=(a)(b)",
                                       "balance_match=(" };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const char *options[] = { "device=/dev/null", bad[i], NULL };
        struct fake *fake = fake_new(&gsm_driver, options);

        assert_false(fake_start(fake));
        assert_int_equal(fake_error(fake)->kind, ERR_CONFIG);
        assert_non_null(strstr(fake_error(fake)->text, "balance_match"));
        fake_free(fake);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SIM(test_code),
        WITH_SIM(test_menu),
        WITH_SIM(test_cancel),
        WITH_SIM(test_time_out_of_the_network),
        WITH_SIM(test_lines_of_a_menu),
        WITH_SIM(test_cut_menu),
        WITH_SIM(test_beside_a_text),
        WITH_SIM(test_network_speaks_first),
        WITH_SIM(test_modem_lost),
        OWN_SIM(test_families),
        WITH_SIM(test_call),
        WITH_SIM(test_call_without_number),
        WITH_SIM(test_flood_of_calls),
        OWN_SIM(test_hang_up),
        OWN_SIM(test_ignored_call),
        OWN_SIM(test_phonebook),
        OWN_SIM(test_no_phonebook),
        WITH_SIM(test_own_number),
        OWN_SIM(test_balance),
        WITH_SIM(test_balance_options),
        cmocka_unit_test(test_bad_expression),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
