/* test_gsm_scan.c - a line that names its modem by IMEI or IMSI finds it,
 * among other modems, silent ports and locked ones, and again under another
 * name. */
#include "gsm_sim.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/file.h>
#include <unistd.h>

#include "gsm/scan.h"

#define IMEI "490154203237518"
#define IMSI "234150123456789"

static struct sim *seek_with(const char *device)
{
    struct sim *sim = xcalloc(1, sizeof(*sim));
    char pattern[96], option[96];
    const char *options[] = { option, pattern, NULL };

    log_set_level(getenv("FAKE_CORE_TRACE") != NULL ? LOG_LEVEL_DEBUG
                                                    : LOG_LEVEL_ERROR);
    snprintf(sim->folder, sizeof(sim->folder), "/tmp/gsmXXXXXX");
    assert_non_null(mkdtemp(sim->folder));
    snprintf(sim->device, sizeof(sim->device), "%s/tty", sim->folder);
    snprintf(sim->socket, sizeof(sim->socket), "%s/sock", sim->folder);
    sim_spawn(sim, ",imei=" IMEI ",imsi=" IMSI);
    sim_connect(sim);
    snprintf(option, sizeof(option), "device=%s", device);
    snprintf(pattern, sizeof(pattern), "ports=%s/tty*", sim->folder);
    sim->fake = fake_new(&gsm_driver, options);
    return sim;
}

static char *beside(const struct sim *sim, const char *name)
{
    return xasprintf("%s/%s", sim->folder, name);
}

/* A port beside the modem's on which nobody answers. */
static int silent_port(const struct sim *sim, const char *name)
{
    char pty[64], *path = beside(sim, name);
    int master, slave;

    assert_int_equal(openpty(&master, &slave, pty, NULL, NULL), 0);
    assert_int_equal(symlink(pty, path), 0);
    free(path);
    close(slave);
    return master;
}

static void forget_port(const struct sim *sim, const char *name, int fd)
{
    char *path = beside(sim, name);

    unlink(path);
    free(path);
    close(fd);
}

static void add_modem(struct sim *sim, const char *name, const char *imei)
{
    char command[256];

    snprintf(command, sizeof(command),
             "{\"cmd\":\"add\",\"modem\":{\"name\":\"%s\",\"imei\":\"%s\","
             "\"link\":\"%s/tty-%s\"}}",
             name, imei, sim->folder, name);
    sim_do(sim, command);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static void test_finds_by_imei(void **state)
{
    struct sim *sim = seek_with("imei:" IMEI);
    int silent = silent_port(sim, "tty-0-silent");
    char got[16] = "";

    *state = sim;
    add_modem(sim, "0-other", "490154203237520");
    assert_true(fake_start(sim->fake));
    assert_non_null(fake_wait(sim->fake, "online 1283 " IMSI, 5000));
    assert_true(ends_with(fake_status(sim->fake, "port"), "/tty"));
    assert_int_equal(fake_count(sim->fake, "state port "), 1);
    assert_true(read(silent, got, sizeof(got) - 1) > 0); /* it was asked */
    forget_port(sim, "tty-0-silent", silent);
}

static void test_finds_by_imsi(void **state)
{
    struct sim *sim = seek_with("imsi:" IMSI);

    *state = sim;
    add_modem(sim, "0-other", "490154203237520");
    assert_true(fake_start(sim->fake));
    assert_non_null(fake_wait(sim->fake, "online 1283 " IMSI, 5000));
    assert_true(ends_with(fake_status(sim->fake, "port"), "/tty"));
}

/* The core waits half a second before it starts a line again. */
static void test_replugged_under_another_name(void **state)
{
    struct sim *sim = seek_with("imei:" IMEI);
    char command[256];
    int64_t start;

    *state = sim;
    assert_true(fake_start(sim->fake));
    assert_non_null(fake_wait(sim->fake, "online 1283", 5000));
    sim_do(sim, "{\"cmd\":\"unplug\",\"modem\":\"sim1\"}");
    assert_non_null(fake_wait(sim->fake, "offline link", 5000));
    fake_close(sim->fake);
    assert_true(fake_start(sim->fake));
    fake_run(sim->fake, 300);
    start = clock_mono_ms();
    snprintf(command, sizeof(command),
             "{\"cmd\":\"replug\",\"modem\":\"sim1\",\"renumber\":true,"
             "\"link\":\"%s/tty-9\"}",
             sim->folder);
    sim_do(sim, command);
    assert_non_null(fake_wait(sim->fake, "online 1283", 5000));
    assert_true(clock_mono_ms() - start < 4000);
    assert_true(ends_with(fake_status(sim->fake, "port"), "/tty-9"));
    snprintf(command, sizeof(command), "%s/tty-9", sim->folder);
    text_copy(sim->device, sizeof(sim->device), command); /* for teardown */
}

/* Where it was last is asked first, and alone. */
static void test_remembered_port_is_asked_first(void **state)
{
    struct sim *sim = seek_with("imei:" IMEI);
    int silent = silent_port(sim, "tty-0-silent");
    char got[64];

    *state = sim;
    assert_true(fcntl(silent, F_SETFL, O_NONBLOCK) == 0);
    assert_true(fake_start(sim->fake));
    assert_non_null(fake_wait(sim->fake, "online 1283", 5000));
    fake_close(sim->fake);
    while (read(silent, got, sizeof(got)) > 0)
        continue;
    assert_true(fake_start(sim->fake));
    assert_non_null(fake_wait(sim->fake, "online 1283", 5000));
    assert_true(read(silent, got, sizeof(got)) <= 0);
    forget_port(sim, "tty-0-silent", silent);
}

/* Another line is looking at the port: it is tried again. */
static void test_busy_port_is_tried_again(void **state)
{
    struct sim *sim = seek_with("imei:" IMEI);
    int fd = open(sim->device, O_RDWR | O_NOCTTY);

    *state = sim;
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    assert_true(fake_start(sim->fake));
    fake_run(sim->fake, 1500);
    assert_int_equal(fake_count(sim->fake, "online"), 0);
    assert_int_equal(fake_count(sim->fake, "offline"), 0);
    close(fd);
    assert_non_null(fake_wait(sim->fake, "online 1283", 3000));
}

static void test_two_lines_at_once(void **state)
{
    struct sim *sim = seek_with("imei:" IMEI);
    char pattern[96];
    const char *options[] = { "device=imei:490154203237520", pattern, NULL };
    struct fake *other;

    *state = sim;
    snprintf(pattern, sizeof(pattern), "ports=%s/tty*", sim->folder);
    other = fake_new(&gsm_driver, options);
    add_modem(sim, "sim2", "490154203237520");
    assert_true(fake_start(sim->fake));
    assert_true(fake_start(other));
    fake_run(other, 10); /* it gets some of the ports first */
    for (int i = 0;
         i < 100 &&
         fake_count(other, "online") + fake_count(sim->fake, "online") < 2;
         i++) {
        fake_run(sim->fake, 20);
        fake_run(other, 20);
    }
    assert_int_equal(fake_count(other, "online"), 1);
    assert_int_equal(fake_count(sim->fake, "online"), 1);
    fake_free(other);
}

static void test_missing(void **state)
{
    struct sim *sim = seek_with("imei:490154203230000");

    *state = sim;
    assert_true(fake_start(sim->fake));
    assert_non_null(fake_wait(
        sim->fake, "no modem with the IMEI 490154203230000: is it plugged in?",
        5000));
}

/* Answers on two ports as one modem; the second port speaks unasked. */
static void serve(const int *masters)
{
    char line[2][256] = { "", "" };
    size_t n[2] = { 0, 0 };

    for (int turn = 0; turn < 3000; turn++) {
        for (int i = 0; i < 2; i++) {
            char c;

            while (read(masters[i], &c, 1) == 1) {
                const char *answer = "\r\nOK\r\n";

                if (c != '\r' && n[i] + 1 < sizeof(line[i])) {
                    line[i][n[i]++] = c;
                    line[i][n[i]] = '\0';
                    continue;
                }
                if (strstr(line[i], "CGSN"))
                    answer = "\r\n" IMEI "\r\n\r\nOK\r\n";
                if (n[i] > 1)
                    (void)!write(masters[i], answer, strlen(answer));
                n[i] = 0;
                line[i][0] = '\0';
            }
        }
        if (turn % 20 == 19)
            (void)!write(masters[1], "\r\n^RSSI: 20\r\n", 13);
        usleep(1000);
    }
    _exit(0);
}

static void test_port_that_speaks_is_preferred(void **state)
{
    struct sim *sim = seek_with("imei:" IMEI);
    int masters[2] = { silent_port(sim, "tty-a"), silent_port(sim, "tty-b") };
    const char *port = NULL;
    pid_t child;

    *state = sim;
    sim_do(sim, "{\"cmd\":\"unplug\",\"modem\":\"sim1\"}");
    for (int i = 0; i < 2; i++)
        assert_int_equal(fcntl(masters[i], F_SETFL, O_NONBLOCK), 0);
    child = fork();
    if (child == 0)
        serve(masters);
    assert_true(fake_start(sim->fake));
    for (int i = 0; i < 100 && port == NULL; i++) {
        fake_run(sim->fake, 20);
        port = fake_status(sim->fake, "port");
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_non_null(port);
    assert_true(ends_with(port, "/tty-b"));
    forget_port(sim, "tty-a", masters[0]);
    forget_port(sim, "tty-b", masters[1]);
}

static void test_stop_while_seeking(void **state)
{
    struct sim *sim = seek_with("imei:490154203230000");

    *state = sim;
    assert_true(fake_start(sim->fake));
    fake_run(sim->fake, 200);
    gsm_driver.stop(fake_line(sim->fake));
    assert_non_null(fake_wait(sim->fake, "offline", 2000));
}

/* The core may also close everything without a word. */
static void test_closed_while_seeking(void **state)
{
    struct sim *sim = seek_with("imei:490154203230000");

    *state = sim;
    assert_true(fake_start(sim->fake));
    fake_run(sim->fake, 200);
    fake_close(sim->fake);
}

static bool checks(const char *device)
{
    struct identity identity;
    struct err err = { 0 };

    return identity_parse(device, &identity) && identity_check(&identity, &err);
}

static void test_identities(void **state)
{
    struct identity identity;
    struct probe_facts facts = { .result = PROBE_MODEM,
                                 .imei = "4901542032375112" };

    (void)state;
    assert_false(identity_parse("/dev/ttyUSB0", &identity));
    assert_true(checks("imei:" IMEI));
    assert_true(checks("imei:49015420323751"));
    assert_true(checks("imsi:" IMSI));
    assert_false(checks("imei:4901542032375"));
    assert_false(checks("imei:49015420323751801"));
    assert_false(checks("imei:49015420323751x"));
    assert_false(checks("imei:"));
    assert_false(checks("imsi:23415"));
    assert_false(checks("imsi:2341501234567890"));
    assert_true(identity_parse("imei:" IMEI, &identity));
    assert_true(identity_fits(&identity, &facts)); /* software version */
    text_copy(facts.imei, sizeof(facts.imei), "490154203237526");
    assert_false(identity_fits(&identity, &facts));
    facts.imei[0] = '\0';
    assert_false(identity_fits(&identity, &facts));
}

static void test_no_modems(void **state)
{
    const struct serial_place arduino = { .vendor_id = 0x2341,
                                          .product_id = 0x43 };
    const struct serial_place gnss = { .vendor_id = 0x1546,
                                       .product_id = 0x01a8 };
    const struct serial_place sara = { .vendor_id = 0x1546,
                                       .product_id = 0x1102 };
    const struct serial_place unknown = { 0 };

    (void)state;
    assert_true(place_is_no_modem(&arduino));
    assert_true(place_is_no_modem(&gnss));
    assert_false(place_is_no_modem(&sara));
    assert_false(place_is_no_modem(&unknown));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN_SIM(test_finds_by_imei),
        OWN_SIM(test_finds_by_imsi),
        OWN_SIM(test_replugged_under_another_name),
        OWN_SIM(test_remembered_port_is_asked_first),
        OWN_SIM(test_busy_port_is_tried_again),
        OWN_SIM(test_two_lines_at_once),
        OWN_SIM(test_missing),
        OWN_SIM(test_port_that_speaks_is_preferred),
        OWN_SIM(test_stop_while_seeking),
        OWN_SIM(test_closed_while_seeking),
        cmocka_unit_test(test_identities),
        cmocka_unit_test(test_no_modems),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
