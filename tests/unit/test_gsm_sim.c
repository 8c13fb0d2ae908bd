/* test_gsm_sim.c - the GSM driver, with the real toolkit under it, against the
 * modem simulator of tests/sim on a pty: a text out, in, long ones, reports,
 * and everything that goes wrong with modems. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "fake_core.h"

extern const struct driver gsm_driver;

#define PHONE "+447700900123"

struct sim {
    pid_t pid;
    int control;
    char folder[64], device[96], socket[96];
    char reply[65536];
    struct fake *fake;
};

/* --- the simulator ------------------------------------------------------------ */

static void sim_read_line(int fd, char *out, size_t size)
{
    size_t n = 0;
    char c;

    while (n + 1 < size && read(fd, &c, 1) == 1 && c != '\n')
        out[n++] = c;
    out[n] = '\0';
}

static void sim_spawn(struct sim *sim, const char *extra)
{
    char modem[256];
    int out[2];
    char ready[4096];

    snprintf(modem, sizeof(modem), "name=sim1,number=+447700900000,link=%s%s",
             sim->device, extra);
    assert_int_equal(pipe(out), 0);
    sim->pid = fork();
    assert_true(sim->pid >= 0);
    if (sim->pid == 0) {
        dup2(out[1], 1);
        close(out[0]);
        close(out[1]);
        execl("/usr/bin/python3", "python3", "tests/sim/modem.py",
              "--control", sim->socket, "--modem", modem, "--no-fsync",
              (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    sim_read_line(out[0], ready, sizeof(ready));
    close(out[0]);
    assert_true(ready[0] == '{');
}

static void sim_connect(struct sim *sim)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    text_copy(address.sun_path, sizeof(address.sun_path), sim->socket);
    sim->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(sim->control, (struct sockaddr *)&address,
                             sizeof(address)), 0);
}

/* Sends one command in JSON; the reply is in sim->reply. */
static void sim_do(struct sim *sim, const char *command)
{
    assert_int_equal(write(sim->control, command, strlen(command)),
                     (ssize_t)strlen(command));
    assert_int_equal(write(sim->control, "\n", 1), 1);
    sim_read_line(sim->control, sim->reply, sizeof(sim->reply));
    if (strstr(sim->reply, "\"ok\": true") == NULL &&
        strstr(sim->reply, "\"ok\":true") == NULL)
        fail_msg("%s: %s", command, sim->reply);
}

static void sim_text(struct sim *sim, const char *text)
{
    char command[4096];

    snprintf(command, sizeof(command),
             "{\"cmd\":\"text\",\"from\":\"" PHONE "\",\"to\":\"sim1\","
             "\"text\":\"%s\"}", text);
    sim_do(sim, command);
}

/* Does the reply to `command` come to contain `text`? */
static bool sim_becomes(struct sim *sim, const char *command,
                        const char *text)
{
    int64_t end = clock_mono_ms() + 5000;

    do {
        sim_do(sim, command);
        if (strstr(sim->reply, text) != NULL)
            return true;
        fake_run(sim->fake, 20);
    } while (clock_mono_ms() < end);
    fprintf(stderr, "%s: %s\n", command, sim->reply);
    return false;
}

static bool sim_phone_has(struct sim *sim, const char *text)
{
    return sim_becomes(sim, "{\"cmd\":\"phone\",\"number\":\"" PHONE "\"}",
                       text);
}

static bool sim_store_empty(struct sim *sim)
{
    return sim_becomes(sim, "{\"cmd\":\"store\",\"memory\":\"SM\"}",
                       "\"slots\": {}");
}

/* --- a test's beginning and end -------------------------------------------------- */

static struct sim *setup_with(const char *modem, const char *option)
{
    struct sim *sim = xcalloc(1, sizeof(*sim));
    char device[128];
    const char *options[] = { device, option, NULL };

    log_set_level(getenv("FAKE_CORE_TRACE") != NULL ? LOG_LEVEL_DEBUG
                                                    : LOG_LEVEL_ERROR);
    snprintf(sim->folder, sizeof(sim->folder), "/tmp/gsmXXXXXX");
    assert_non_null(mkdtemp(sim->folder));
    snprintf(sim->device, sizeof(sim->device), "%s/tty", sim->folder);
    snprintf(sim->socket, sizeof(sim->socket), "%s/sock", sim->folder);
    sim_spawn(sim, modem);
    sim_connect(sim);
    snprintf(device, sizeof(device), "device=%s", sim->device);
    sim->fake = fake_new(&gsm_driver, options);
    assert_true(fake_start(sim->fake));
    return sim;
}

static int setup(void **state)
{
    struct sim *sim = setup_with("", NULL);

    *state = sim;
    assert_non_null(fake_wait(sim->fake, "online 259 ", 10000));
    return 0;
}

static int teardown(void **state)
{
    struct sim *sim = *state;
    char path[128];

    fake_free(sim->fake);
    kill(sim->pid, SIGTERM);
    waitpid(sim->pid, NULL, 0);
    close(sim->control);
    unlink(sim->device);
    unlink(sim->socket);
    snprintf(path, sizeof(path), "%s", sim->folder);
    rmdir(path);
    free(sim);
    return 0;
}

static void send_text(struct sim *sim, const char *text, uint64_t ticket)
{
    assert_int_equal(fake_plan(sim->fake, PHONE, text), 1);
    assert_true(fake_send(sim->fake, 0, ticket, false));
}

/* --- the tests --------------------------------------------------------------------- */

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
             "\"order\":[3,1,2],\"text\":\"%s\"}", text);
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
    assert_non_null(fake_wait(sim->fake, "|flash", 5000));
    sim_do(sim, "{\"cmd\":\"text\",\"from\":\"" PHONE "\",\"to\":\"sim1\","
                "\"text\":\"silent\",\"pid\":64}");
    sim_text(sim, "after");
    assert_non_null(fake_wait(sim->fake, "|after", 5000));
    assert_int_equal(fake_count(sim->fake, "|silent"), 0);
    assert_true(sim_store_empty(sim));
    assert_int_equal(fake_plan(sim->fake, "name:Bank", "x"), 0);
    assert_int_equal(fake_error(sim->fake)->kind, ERR_NOT_ALLOWED);
}

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

static void test_status(void **state)
{
    struct sim *sim = *state;

    sim_text(sim, "x"); /* the poll comes before it is deleted */
    assert_non_null(fake_wait(sim->fake, "|x", 5000));
    fake_run(sim->fake, 300);
    assert_string_equal(fake_status(sim->fake, "doing"), "ready");
    assert_non_null(fake_status(sim->fake, "modem"));
    assert_non_null(fake_status(sim->fake, "signal"));
    assert_non_null(strstr(fake_status(sim->fake, "network"), "home"));
}

static int no_setup(void **state)
{
    *state = NULL;
    return 0;
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

static void test_huawei(void **state)
{
    test_profile(state, ",profile=huawei");
}

static void test_quectel(void **state)
{
    test_profile(state, ",profile=quectel");
}

static void test_sim800(void **state)
{
    test_profile(state, ",profile=sim800");
}

#define WITH_SIM(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define OWN_SIM(test)                                                        \
    cmocka_unit_test_setup_teardown(test, no_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SIM(test_send_and_report),
        WITH_SIM(test_send_parts),
        WITH_SIM(test_receive),
        WITH_SIM(test_receive_parts_out_of_order),
        WITH_SIM(test_not_deleted_before_ack),
        WITH_SIM(test_retry_is_offered_again),
        WITH_SIM(test_name_and_class),
        WITH_SIM(test_error_classes),
        WITH_SIM(test_error_before_prompt),
        WITH_SIM(test_ok_without_reference),
        WITH_SIM(test_no_prompt),
        WITH_SIM(test_urc_inside_answer),
        WITH_SIM(test_early_report),
        WITH_SIM(test_failed_report),
        WITH_SIM(test_reboot),
        WITH_SIM(test_reboot_in_the_middle),
        WITH_SIM(test_unplug_in_the_middle),
        WITH_SIM(test_unplug_while_idle),
        WITH_SIM(test_stop),
        WITH_SIM(test_stop_while_sending),
        WITH_SIM(test_status),
        OWN_SIM(test_pin),
        OWN_SIM(test_wrong_pin_is_tried_once),
        OWN_SIM(test_missing_pin),
        OWN_SIM(test_no_network_then_network),
        OWN_SIM(test_huawei),
        OWN_SIM(test_quectel),
        OWN_SIM(test_sim800),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
