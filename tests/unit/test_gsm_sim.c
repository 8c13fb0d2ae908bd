/* test_gsm_sim.c - the GSM driver, with the real toolkit under it, against the
 * modem simulator on a pty: texts out and in, long ones, reports, deleting
 * only after the core has them, stopping, and other makes of modems. */
#include "gsm_sim.h"

static void test_send_and_report(void **state)
{
    struct sim *sim = *state;

    send_text(sim, "hello [1]", 7);
    assert_non_null(fake_wait(sim->fake, "sent 7 ", 5000));
    assert_true(sim_phone_has(sim, "hello [1]"));
    assert_non_null(fake_wait(sim->fake, " " PHONE " delivered", 5000));
    assert_int_equal(fake_count(sim->fake, "undated"), 0);
}

static void test_send_parts(void **state)
{
    struct sim *sim = *state;
    char text[600] = "", ticket[32];
    size_t n;

    for (int i = 0; i < 20; i++)
        strncat(text, "Привет 🙂 ", sizeof(text) - strlen(text) - 1);
    n = fake_plan(sim->fake, PHONE, text);
    assert_true(n >= 3);
    for (size_t i = 0; i < n; i++) {
        assert_true(fake_send(sim->fake, i, i + 1, false));
        snprintf(ticket, sizeof(ticket), "sent %zu ", i + 1);
        assert_non_null(fake_wait(sim->fake, ticket, 5000));
    }
    assert_true(sim_phone_has(sim, "\"parts\": ") ||
                sim_phone_has(sim, "\"parts\":"));
    sim_do(sim, "{\"cmd\":\"stats\"}");
}

static void test_receive(void **state)
{
    struct sim *sim = *state;

    sim_text(sim, "good morning");
    assert_non_null(
        fake_wait(sim->fake, "received " PHONE "|good morning", 5000));
    assert_true(sim_store_empty(sim));
    assert_int_equal(strlen(fake_last_id(sim->fake)), 32);
}

static void test_receive_parts_out_of_order(void **state)
{
    struct sim *sim = *state;
    char command[2048], text[600] = "";

    for (int i = 0; i < 40; i++)
        strncat(text, "ten chars ", sizeof(text) - strlen(text) - 1);
    snprintf(command, sizeof(command),
             "{\"cmd\":\"text\",\"from\":\"" PHONE "\",\"to\":\"sim1\","
             "\"order\":[3,1,2],\"text\":\"%s\"}",
             text);
    sim_do(sim, command);
    snprintf(command, sizeof(command), "joined " PHONE "|%s", text);
    assert_non_null(fake_wait(sim->fake, command, 5000));
    assert_true(sim_store_empty(sim));
}

static void test_not_deleted_before_ack(void **state)
{
    struct sim *sim = *state;

    fake_ack(sim->fake, ACK_STORED, true);
    sim_text(sim, "keep me");
    assert_non_null(fake_wait(sim->fake, "|keep me", 5000));
    sim_text(sim, "and me");
    assert_non_null(fake_wait(sim->fake, "|and me", 5000));
    sim_do(sim, "{\"cmd\":\"store\",\"memory\":\"SM\"}");
    assert_null(strstr(sim->reply, "\"slots\": {}"));
    fake_release(sim->fake);
    assert_true(sim_store_empty(sim));
    assert_int_equal(fake_count(sim->fake, "|keep me"), 1);
}

/* Two texts while the line is sending, so that one look finds both; slot 1 is
 * the first one's. */
static void arrive_together(struct sim *sim, int first_time, int second_time)
{
    char command[256];

    sim_do(sim, "{\"cmd\":\"set\",\"answer\":[500,500]}");
    send_text(sim, "a", 1);
    fake_run(sim->fake, 100);
    snprintf(command, sizeof(command),
             "{\"cmd\":\"text\",\"from\":\"" PHONE "\",\"to\":\"sim1\","
             "\"text\":\"in slot 1\",\"time\":%d}",
             first_time);
    sim_do(sim, command);
    snprintf(command, sizeof(command),
             "{\"cmd\":\"text\",\"from\":\"" PHONE "\",\"to\":\"sim1\","
             "\"text\":\"in slot 2\",\"time\":%d}",
             second_time);
    sim_do(sim, command);
}

static void test_order_of_times(void **state)
{
    struct sim *sim = *state;

    arrive_together(sim, 1700000010, 1700000000);
    assert_non_null(fake_wait(sim->fake, "|in slot 2", 5000));
    assert_non_null(fake_wait(sim->fake, "|in slot 1", 5000));
}

static void test_order_of_announcements(void **state)
{
    struct sim *sim = *state;

    arrive_together(sim, 1700000000, 1700000000);
    sim_do(sim, "{\"cmd\":\"urc\",\"modem\":\"sim1\","
                "\"line\":\"+CMTI: \\\"SM\\\",1\"}");
    assert_non_null(fake_wait(sim->fake, "|in slot 2", 5000));
    assert_non_null(fake_wait(sim->fake, "|in slot 1", 5000));
}

static void test_order_of_slots(void **state)
{
    struct sim *sim = *state;

    arrive_together(sim, 1700000000, 1700000000);
    assert_non_null(fake_wait(sim->fake, "|in slot 1", 5000));
    assert_non_null(fake_wait(sim->fake, "|in slot 2", 5000));
}

/* The SMSC may mean another text: it is tried again, without TP-RD. */
static void test_repeat_that_is_refused(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, "{\"cmd\":\"set\",\"modem\":\"sim1\",\"mr_mode\":\"te\"}");
    sim_do(sim, "{\"cmd\":\"set\",\"dup_window\":60}");
    send_text(sim, "a", 1);
    assert_non_null(fake_wait(sim->fake, "sent 1 1", 5000));
    assert_true(fake_send(sim->fake, 0, 2, true));
    assert_non_null(
        fake_wait(sim->fake, "failed 2 repeated message CMS 197", 5000));
    assert_true(fake_send(sim->fake, 0, 3, false));
    assert_non_null(fake_wait(sim->fake, "sent 3 1", 5000));
}

static void test_retry_is_offered_again(void **state)
{
    struct sim *sim = *state;

    fake_ack(sim->fake, ACK_RETRY, false);
    sim_text(sim, "later");
    assert_non_null(fake_wait(sim->fake, "|later", 5000));
    fake_run(sim->fake, 50);
    fake_ack(sim->fake, ACK_STORED, false);
    sim_text(sim, "sooner"); /* the next look finds both */
    assert_non_null(fake_wait(sim->fake, "|later", 5000));
    assert_true(sim_store_empty(sim));
}

static void test_name_and_class(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, "{\"cmd\":\"text\",\"from\":\"Bank\",\"to\":\"sim1\","
                "\"text\":\"code 1\"}");
    assert_non_null(fake_wait(sim->fake, "received name:Bank|code 1", 5000));
    sim_do(sim, "{\"cmd\":\"text\",\"from\":\"" PHONE "\",\"to\":\"sim1\","
                "\"text\":\"flash\",\"class\":0}");
    assert_non_null(fake_wait(sim->fake, "|[flash] flash", 5000));
    sim_do(sim, "{\"cmd\":\"text\",\"from\":\"" PHONE "\",\"to\":\"sim1\","
                "\"text\":\"silent\",\"pid\":64}");
    sim_text(sim, "after");
    assert_non_null(fake_wait(sim->fake, "|after", 5000));
    assert_int_equal(fake_count(sim->fake, "|silent"), 0);
    assert_true(sim_store_empty(sim));
    assert_int_equal(fake_plan(sim->fake, "name:Bank", "x"), 0);
    assert_int_equal(fake_error(sim->fake)->kind, ERR_NOT_ALLOWED);
}

static void test_early_report(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, "{\"cmd\":\"report\",\"to\":\"*\",\"mode\":\"early\"}");
    send_text(sim, "a", 1);
    assert_non_null(fake_wait(sim->fake, "delivered", 5000));
    assert_non_null(fake_wait(sim->fake, "sent 1 ", 5000));
}

static void test_failed_report(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, "{\"cmd\":\"report\",\"to\":\"*\",\"sts\":[32,70],"
                "\"delays\":[0.1,0.2]}");
    send_text(sim, "a", 1);
    assert_non_null(fake_wait(sim->fake, "pending", 5000));
    assert_non_null(fake_wait(sim->fake, "failed", 5000));
}

static void test_stop(void **state)
{
    struct sim *sim = *state;

    gsm_driver.stop(fake_line(sim->fake));
    assert_non_null(fake_wait(sim->fake, "offline ", 5000));
}

static void test_stop_while_sending(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, "{\"cmd\":\"set\",\"answer\":[500,500]}");
    send_text(sim, "a", 1);
    fake_run(sim->fake, 200);
    gsm_driver.stop(fake_line(sim->fake));
    assert_non_null(fake_wait(sim->fake, "sent 1 ", 5000));
    assert_non_null(fake_wait(sim->fake, "offline ", 5000));
}

/* Refused without sense for the second time: the modem is not set up again. */
static void test_stop_while_refused(void **state)
{
    struct sim *sim = *state;

    sim_do(sim, "{\"cmd\":\"set\",\"answer\":[600,600]}");
    sim_do(sim, "{\"cmd\":\"fault\",\"fault\":\"cms\","
                "\"codes\":[304,304]}");
    send_text(sim, "a", 1);
    fake_run(sim->fake, 900);
    gsm_driver.stop(fake_line(sim->fake));
    assert_non_null(fake_wait(sim->fake, "failed 1 temporary line", 5000));
    assert_non_null(fake_wait(sim->fake, "offline ", 5000));
}

static void test_status(void **state)
{
    struct sim *sim = *state;

    sim_text(sim, "x"); /* the poll comes before it is deleted */
    assert_non_null(fake_wait(sim->fake, "|x", 5000));
    fake_run(sim->fake, 300);
    assert_string_equal(fake_status(sim->fake, "phase"), "ready");
    assert_non_null(fake_status(sim->fake, "modem"));
    assert_non_null(fake_status(sim->fake, "signal"));
    assert_non_null(strstr(fake_status(sim->fake, "operator"), "home"));
}

static void test_profile(void **state, const char *profile)
{
    struct sim *sim = setup_with(profile, NULL);

    *state = sim;
    assert_non_null(fake_wait(sim->fake, "online ", 20000));
    send_text(sim, "out", 1);
    assert_non_null(fake_wait(sim->fake, "sent 1 ", 10000));
    assert_non_null(fake_wait(sim->fake, "delivered", 10000));
    sim_text(sim, "in");
    assert_non_null(fake_wait(sim->fake, "|in", 10000));
}

/* A modem that refuses +CDS: reports lie in SR until they are fetched. */
static void test_reports_in_store(void **state)
{
    struct sim *sim = setup_with("", NULL);

    *state = sim;
    sim_do(sim, "{\"cmd\":\"fault\",\"fault\":\"error\",\"on\":\"+CNMI\","
                "\"count\":12}"); /* each is asked twice */
    assert_non_null(fake_wait(sim->fake, "online 1283 ", 20000));
    assert_true(sim_becomes(sim, "{\"cmd\":\"stats\"}", "[2, 1, 0, 2, 0]"));
    send_text(sim, "out", 1);
    assert_non_null(fake_wait(sim->fake, "sent 1 ", 10000));
    assert_non_null(fake_wait(sim->fake, "delivered", 10000));
    assert_true(sim_becomes(sim, "{\"cmd\":\"store\",\"memory\":\"SR\"}",
                            "\"slots\": {}"));
}

static void test_huawei(void **state)
{
    test_profile(state, ",profile=huawei");
}

static void test_quectel(void **state)
{
    test_profile(state, ",profile=ec25");
}

static void test_sim800(void **state)
{
    test_profile(state, ",profile=sim800");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SIM(test_send_and_report),
        WITH_SIM(test_send_parts),
        WITH_SIM(test_receive),
        WITH_SIM(test_receive_parts_out_of_order),
        WITH_SIM(test_not_deleted_before_ack),
        WITH_SIM(test_order_of_times),
        WITH_SIM(test_order_of_announcements),
        WITH_SIM(test_order_of_slots),
        WITH_SIM(test_repeat_that_is_refused),
        WITH_SIM(test_retry_is_offered_again),
        WITH_SIM(test_name_and_class),
        WITH_SIM(test_early_report),
        WITH_SIM(test_failed_report),
        WITH_SIM(test_stop),
        WITH_SIM(test_stop_while_sending),
        WITH_SIM(test_stop_while_refused),
        WITH_SIM(test_status),
        OWN_SIM(test_reports_in_store),
        OWN_SIM(test_huawei),
        OWN_SIM(test_quectel),
        OWN_SIM(test_sim800),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
