/* test_gsm_faults.c - the GSM driver against a simulated modem that goes
 * wrong: errors, silence, restarts, unplugging, the PIN, no network. Every
 * ticket ends once, as what it was. */
#include "gsm_sim.h"

static void test_error_classes(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, "{\"cmd\":\"fault\",\"fault\":\"cms\","
                "\"codes\":[38,28,332]}");
    send_text(sim, "a", 1);
    assert_non_null(
        fake_wait(sim->fake, "failed 1 temporary message CMS 38", 5000));
    send_text(sim, "b", 2);
    assert_non_null(
        fake_wait(sim->fake, "failed 2 no-recipient message CMS 28", 5000));
    send_text(sim, "c", 3);
    assert_non_null(fake_wait(sim->fake, "unsure 3 ", 5000));
    send_text(sim, "d", 4);
    assert_non_null(fake_wait(sim->fake, "sent 4 ", 5000));
}

static void test_error_before_prompt(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, "{\"cmd\":\"fault\",\"fault\":\"cms\",\"codes\":[332],"
                "\"stage\":\"prompt\"}");
    send_text(sim, "a", 1);
    assert_non_null(
        fake_wait(sim->fake, "failed 1 temporary message CMS 332", 5000));
}

static void test_ok_without_reference(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, "{\"cmd\":\"fault\",\"fault\":\"ok-only\",\"count\":1}");
    send_text(sim, "a", 1);
    assert_non_null(fake_wait(sim->fake, "failed 1 temporary message", 5000));
}

static void test_no_prompt(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, "{\"cmd\":\"fault\",\"fault\":\"no-prompt\",\"count\":1}");
    send_text(sim, "a", 1);
    assert_non_null(fake_wait(sim->fake, "failed 1 temporary line", 15000));
    send_text(sim, "b", 2);
    assert_non_null(fake_wait(sim->fake, "sent 2 ", 10000));
    assert_true(sim_phone_has(sim, "\"b\""));
    assert_int_equal(fake_count(sim->fake, "offline"), 0);
}

static void test_urc_inside_answer(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, "{\"cmd\":\"fault\",\"fault\":\"urc-inside\","
                "\"lines\":[\"^RSSI: 20\",\"+CREG: 1,\\\"00AA\\\","
                "\\\"00BB\\\"\"]}");
    sim_do(sim, "{\"cmd\":\"fault\",\"fault\":\"bytewise\",\"gap_ms\":0}");
    send_text(sim, "a", 1);
    assert_non_null(fake_wait(sim->fake, "sent 1 ", 10000));
    sim_text(sim, "in");
    assert_non_null(fake_wait(sim->fake, "|in", 10000));
}

/* The modem has deleted the text, its OK is lost, and the slot holds another
 * one by now: that one is not deleted unread. */
static void test_deleted_without_answer(void **state)
{
    struct sim *sim = *state;

    fake_ack(sim->fake, ACK_STORED, true);
    sim_text(sim, "first");
    assert_non_null(fake_wait(sim->fake, "|first", 5000));
    fake_run(sim->fake, 1000); /* until nothing else is asked */
    sim_do(sim, "{\"cmd\":\"fault\",\"fault\":\"lose\",\"dir\":\"out\","
                "\"bytes\":6}");
    fake_ack(sim->fake, ACK_STORED, false);
    fake_release(sim->fake);
    assert_true(sim_store_empty(sim));
    sim_text(sim, "second");
    assert_non_null(fake_wait(sim->fake, "|second", 10000));
    assert_int_equal(fake_count(sim->fake, "|first"), 1);
    assert_true(sim_store_empty(sim));
}

/* A byte of the PDU is lost: the modem's word for that is no verdict on the
 * text. It goes again, at once and after a set-up, until that is said for the
 * fourth time; other texts meanwhile change nothing. */
static void test_malformed(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, "{\"cmd\":\"fault\",\"fault\":\"cms\","
                "\"codes\":[304,0,304,304,0,304,304,0]}");
    send_text(sim, "a", 1);
    assert_non_null(fake_wait(sim->fake, "sent 1 ", 5000));
    send_text(sim, "b", 2);
    assert_non_null(fake_wait(sim->fake, "failed 2 temporary line", 5000));
    send_text(sim, "cd", 3);
    assert_non_null(fake_wait(sim->fake, "sent 3 ", 5000));
    send_text(sim, "b", 4);
    assert_non_null(
        fake_wait(sim->fake, "failed 4 rejected message CMS 304", 5000));
    send_text(sim, "b", 5);
    assert_non_null(fake_wait(sim->fake, "sent 5 ", 5000));
}

/* In text mode it would send the PDU as a text, to the number that is the
 * PDU's length. */
static void test_silent_restart(void **state)
{
    struct sim *sim = *state;

    send_text(sim, "a", 1);
    assert_non_null(fake_wait(sim->fake, "sent 1 ", 5000));
    fake_run(sim->fake, 3200);
    sim_do(sim, "{\"cmd\":\"fault\",\"fault\":\"reboot\",\"seconds\":0,"
                "\"noise\":[]}");
    fake_run(sim->fake, 100);
    send_text(sim, "b", 2);
    assert_non_null(fake_wait(sim->fake, " 2 ", 10000));
    send_text(sim, "c", 3);
    assert_non_null(fake_wait(sim->fake, "sent 3 ", 10000));
    assert_true(sim_phone_has(sim, "\"c\""));
}

/* Whoever it is for: the SIM has no credit. It says so and pauses; after that
 * one refusal is enough, and a success ends it. */
static void test_no_credit(void **state)
{
    struct sim *sim = *state;
    char to[32], want[32];

    sim_do(sim, "{\"cmd\":\"fault\",\"fault\":\"cms\",\"codes\":[21],"
                "\"count\":6}");
    for (int i = 1; i <= 4; i++) {
        snprintf(to, sizeof(to), "+44770090010%d", i);
        assert_int_equal(fake_plan(sim->fake, to, "x"), 1);
        assert_true(fake_send(sim->fake, 0, (uint64_t)i, false));
        snprintf(want, sizeof(want), "failed %d rejected message", i);
        assert_non_null(fake_wait(sim->fake, want, 5000));
    }
    assert_non_null(strstr(fake_status(sim->fake, "last error"),
                           "CMS 21 4 times in a row"));
    send_text(sim, "x", 5);
    assert_non_null(fake_wait(sim->fake, "notice texts are refused", 5000));
    assert_non_null(fake_wait(sim->fake, "failed 5 auth line CMS 21", 5000));
    assert_non_null(fake_wait(sim->fake, "offline auth ", 5000));
    fake_close(sim->fake);
    assert_true(fake_start(sim->fake));
    assert_non_null(fake_wait(sim->fake, "online ", 10000));
    send_text(sim, "x", 6);
    assert_non_null(fake_wait(sim->fake, "failed 6 auth line CMS 21", 5000));
    fake_close(sim->fake);
    assert_true(fake_start(sim->fake));
    assert_non_null(fake_wait(sim->fake, "online ", 10000));
    send_text(sim, "x", 7);
    assert_non_null(fake_wait(sim->fake, "sent 7 ", 5000));
    assert_int_equal(fake_count(sim->fake, "state barred -"), 1);
}

/* One number that is refused time and again is that number's trouble. */
static void test_one_barred_number(void **state)
{
    struct sim *sim = *state;
    char want[32];

    sim_do(sim, "{\"cmd\":\"fault\",\"fault\":\"cms\",\"codes\":[21],"
                "\"count\":8}");
    for (int i = 1; i <= 8; i++) {
        send_text(sim, "x", (uint64_t)i);
        snprintf(want, sizeof(want), "failed %d rejected message", i);
        assert_non_null(fake_wait(sim->fake, want, 5000));
    }
    assert_int_equal(fake_count(sim->fake, "offline"), 0);
}

static void test_reboot(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, "{\"cmd\":\"fault\",\"fault\":\"reboot\",\"seconds\":0.2}");
    fake_run(sim->fake, 1000);
    send_text(sim, "a", 1);
    assert_non_null(fake_wait(sim->fake, "sent 1 ", 20000));
    sim_text(sim, "in");
    assert_non_null(fake_wait(sim->fake, "|in", 10000));
    assert_int_equal(fake_count(sim->fake, "offline"), 0);
}

static void test_reboot_in_the_middle(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, "{\"cmd\":\"fault\",\"fault\":\"reboot\",\"seconds\":0.2,"
                "\"mid\":true,\"accept\":true}");
    send_text(sim, "a", 1);
    assert_non_null(fake_wait(sim->fake, "unsure 1 ", 20000));
    send_text(sim, "b", 2);
    assert_non_null(fake_wait(sim->fake, "sent 2 ", 20000));
}

static void test_unplug_in_the_middle(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, "{\"cmd\":\"fault\",\"fault\":\"unplug\",\"mid\":true,"
                "\"accept\":true,\"replug\":0.3,\"renumber\":true}");
    send_text(sim, "a", 1);
    assert_non_null(fake_wait(sim->fake, "unsure 1 ", 5000));
    assert_non_null(fake_wait(sim->fake, "offline link ", 5000));
    fake_close(sim->fake);
    fake_run(sim->fake, 600);
    assert_true(fake_start(sim->fake));
    assert_non_null(fake_wait(sim->fake, "online ", 20000));
    assert_int_equal(fake_plan(sim->fake, PHONE, "a"), 1);
    assert_true(fake_send(sim->fake, 0, 2, true));
    assert_non_null(fake_wait(sim->fake, "sent 2 ", 5000));
}

static void test_unplug_while_idle(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, "{\"cmd\":\"unplug\"}");
    assert_non_null(fake_wait(sim->fake, "offline link ", 2000));
    assert_false(fake_plan(sim->fake, PHONE, "a") == 0);
    assert_false(fake_send(sim->fake, 0, 1, false));
}

static void test_pin(void **state)
{
    struct sim *sim = setup_with(",pin=1234", "pin=1234");

    *state = sim;
    assert_non_null(fake_wait(sim->fake, "online ", 20000));
    /* Only a mark that was removed again. */
    assert_int_equal(fake_count(sim->fake, " tried"), 1);
    assert_int_equal(fake_count(sim->fake, " -"), 1);
    sim_text(sim, "in");
    assert_non_null(fake_wait(sim->fake, "|in", 5000));
}

static void test_wrong_pin_is_tried_once(void **state)
{
    struct sim *sim = setup_with(",pin=1234", "pin=1111");

    *state = sim;
    assert_non_null(fake_wait(sim->fake, "offline auth ", 20000));
    for (int i = 0; i < 2; i++) {
        fake_close(sim->fake);
        assert_true(fake_start(sim->fake));
        assert_non_null(
            fake_wait(sim->fake, "offline auth the SIM has refused", 20000));
    }
    assert_int_equal(fake_count(sim->fake, "state "), 1);
}

static void test_missing_pin(void **state)
{
    struct sim *sim = setup_with(",pin=1234", NULL);

    *state = sim;
    assert_non_null(
        fake_wait(sim->fake, "offline auth the SIM asks for its PIN", 20000));
}

static void test_no_network_then_network(void **state)
{
    struct sim *sim = setup_with("", NULL);

    *state = sim;
    sim_do(sim, "{\"cmd\":\"fault\",\"fault\":\"no-network\",\"seconds\":2}");
    assert_non_null(fake_wait(sim->fake, "online ", 20000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SIM(test_error_classes),
        WITH_SIM(test_error_before_prompt),
        WITH_SIM(test_ok_without_reference),
        WITH_SIM(test_no_prompt),
        WITH_SIM(test_urc_inside_answer),
        WITH_SIM(test_deleted_without_answer),
        WITH_SIM(test_malformed),
        WITH_SIM(test_silent_restart),
        WITH_SIM(test_no_credit),
        WITH_SIM(test_one_barred_number),
        WITH_SIM(test_reboot),
        WITH_SIM(test_reboot_in_the_middle),
        WITH_SIM(test_unplug_in_the_middle),
        WITH_SIM(test_unplug_while_idle),
        OWN_SIM(test_pin),
        OWN_SIM(test_wrong_pin_is_tried_once),
        OWN_SIM(test_missing_pin),
        OWN_SIM(test_no_network_then_network),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
