/* test_gsm_routed.c - routed delivery against the simulator: texts and reports
 * come as +CMT and +CDS, are acknowledged once the core has them, and nothing
 * is lost when that fails. */
#include "gsm_sim.h"

#define ROUTED "\"cnmi\": [2, 2, 0, 1, 0]"
#define STORED "\"cnmi\": [2, 1, 0, 1, 0]"
#define STATS "{\"cmd\":\"stats\"}"

/* A network that waits a second for an acknowledgement, and no more than a
 * second before it tries again. */
static struct sim *begin(void **state, const char *profile, const char *option)
{
    char modem[96];
    struct sim *sim;

    snprintf(modem, sizeof(modem), ",profile=%s,cnma_timeout=1", profile);
    sim = setup_with(modem, option);
    *state = sim;
    sim_do(sim, "{\"cmd\":\"set\",\"retry\":0.5}");
    assert_non_null(fake_wait(sim->fake, "online ", 10000));
    return sim;
}

static void test_both_ways(void **state)
{
    struct sim *sim = begin(state, "telit", NULL);

    assert_true(sim_becomes(sim, STATS, ROUTED));
    assert_string_equal(fake_status(sim->fake, "delivery"), "routed");
    send_text(sim, "out", 1);
    assert_non_null(fake_wait(sim->fake, "sent 1 ", 5000));
    assert_non_null(fake_wait(sim->fake, "delivered", 5000));
    sim_text(sim, "one");
    assert_non_null(fake_wait(sim->fake, "|one", 5000));
    sim_text(sim, "two");
    assert_non_null(fake_wait(sim->fake, "|two", 5000));
    fake_run(sim->fake, 1200); /* longer than the network waits */
    assert_true(sim_becomes(sim, STATS, ROUTED));
    assert_int_equal(fake_count(sim->fake, "|two"), 1);
}

/* The next one comes only when the first is acknowledged, and that is not
 * before the core has it. */
static void test_not_before_commit(void **state)
{
    struct sim *sim = begin(state, "telit", NULL);

    fake_ack(sim->fake, ACK_STORED, true);
    sim_text(sim, "first");
    sim_text(sim, "second");
    assert_non_null(fake_wait(sim->fake, "|first", 5000));
    fake_run(sim->fake, 300);
    assert_int_equal(fake_count(sim->fake, "|second"), 0);
    fake_release(sim->fake);
    assert_non_null(fake_wait(sim->fake, "|second", 5000));
    fake_release(sim->fake);
    fake_run(sim->fake, 1200);
    assert_true(sim_becomes(sim, STATS, ROUTED));
    assert_int_equal(fake_count(sim->fake, "|first"), 1);
}

/* Too late: the modem has turned the routing off. It is turned on again, and
 * the network's second try is acknowledged, too. */
static void test_late(void **state)
{
    struct sim *sim = begin(state, "telit", NULL);

    fake_ack(sim->fake, ACK_STORED, true);
    sim_text(sim, "late");
    assert_non_null(fake_wait(sim->fake, "|late", 5000));
    assert_true(sim_becomes(sim, STATS, "\"cnmi\": [2, 0, 0, 0, 0]"));
    fake_ack(sim->fake, ACK_STORED, false);
    fake_release(sim->fake);
    assert_true(sim_becomes(sim, STATS, ROUTED));
    assert_non_null(fake_wait(sim->fake, "|late", 5000));
    sim_text(sim, "in time");
    assert_non_null(fake_wait(sim->fake, "|in time", 5000));
}

static void test_core_cannot_take_it(void **state)
{
    struct sim *sim = begin(state, "telit", NULL);

    fake_ack(sim->fake, ACK_RETRY, false);
    sim_text(sim, "again");
    assert_non_null(fake_wait(sim->fake, "|again", 5000));
    fake_run(sim->fake, 100);
    fake_ack(sim->fake, ACK_STORED, false);
    assert_non_null(fake_wait(sim->fake, "|again", 5000));
    fake_run(sim->fake, 1200);
    assert_true(sim_becomes(sim, STATS, ROUTED));
}

/* A text that takes longer to be sent than the network waits. */
static void test_while_sending(void **state, const char *profile)
{
    struct sim *sim = begin(state, profile, NULL);

    sim_do(sim, "{\"cmd\":\"set\",\"answer\":[2500,2500]}");
    send_text(sim, "slow", 1);
    fake_run(sim->fake, 300);
    sim_text(sim, "meanwhile");
    sim_text(sim, "and more");
    assert_non_null(fake_wait(sim->fake, "|meanwhile", 5000));
    assert_non_null(fake_wait(sim->fake, "|and more", 5000));
    assert_int_equal(fake_count(sim->fake, "sent "), 0);
    assert_non_null(fake_wait(sim->fake, "sent 1 ", 5000));
    assert_int_equal(fake_count(sim->fake, "|meanwhile"), 1);
    sim_do(sim, STATS);
    assert_null(strstr(sim->reply, "\"cnmi\": [2, 0,"));
}

static void test_while_sending_pdu(void **state)
{
    test_while_sending(state, "telit");
}

static void test_while_sending_plain(void **state)
{
    test_while_sending(state, "wavecom");
}

/* Known not to take it while it sends: no routed mode, whoever asks. */
static void test_asked_of_one_that_cannot(void **state)
{
    struct sim *sim = begin(state, "ec25", "delivery=routed");

    assert_true(sim_becomes(sim, STATS, STORED));
    assert_string_equal(fake_status(sim->fake, "delivery"), "stored");
}

static void test_asked_of_an_unknown_one(void **state)
{
    struct sim *sim = begin(state, "generic", "delivery=routed");

    assert_true(sim_becomes(sim, STATS, ROUTED));
    sim_text(sim, "in");
    assert_non_null(fake_wait(sim->fake, "|in", 5000));
    fake_run(sim->fake, 1200);
    assert_true(sim_becomes(sim, STATS, ROUTED));
}

static void test_not_wanted(void **state)
{
    struct sim *sim = begin(state, "telit", "delivery=store");

    assert_true(sim_becomes(sim, STATS, STORED));
}

/* One that refuses every form of AT+CNMA: from then on texts are stored, and
 * the one that could not be acknowledged comes again. */
static void test_refused_acknowledgements(void **state)
{
    struct sim *sim = begin(state, "telit", NULL);

    sim_do(sim, "{\"cmd\":\"fault\",\"fault\":\"error\",\"on\":\"+CNMA\","
                "\"count\":9}");
    sim_text(sim, "in");
    assert_non_null(fake_wait(sim->fake, "|in", 5000));
    assert_true(sim_becomes(sim, STATS, STORED));
    sim_text(sim, "next");
    assert_non_null(fake_wait(sim->fake, "|next", 5000));
}

static void test_unreadable(void **state)
{
    struct sim *sim = begin(state, "telit", NULL);

    sim_do(sim, "{\"cmd\":\"text\",\"to\":\"sim1\",\"from\":\"" PHONE "\","
                "\"pdu\":\"440C9144770900103200006211212233000000\"}");
    assert_non_null(fake_wait(sim->fake, "cannot be read", 5000));
    sim_do(sim, "{\"cmd\":\"text\",\"from\":\"" PHONE "\",\"to\":\"sim1\","
                "\"text\":\"silent\",\"pid\":64}");
    sim_text(sim, "after");
    assert_non_null(fake_wait(sim->fake, "|after", 5000));
    fake_run(sim->fake, 1200);
    assert_true(sim_becomes(sim, STATS, ROUTED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN_SIM(test_both_ways),
        OWN_SIM(test_not_before_commit),
        OWN_SIM(test_late),
        OWN_SIM(test_core_cannot_take_it),
        OWN_SIM(test_while_sending_pdu),
        OWN_SIM(test_while_sending_plain),
        OWN_SIM(test_asked_of_one_that_cannot),
        OWN_SIM(test_asked_of_an_unknown_one),
        OWN_SIM(test_not_wanted),
        OWN_SIM(test_refused_acknowledgements),
        OWN_SIM(test_unreadable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
