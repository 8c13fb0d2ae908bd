/* test_serial.c - ptys and tcp: as modems; what goes wrong is told in words. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "on_loop.h"

#include "toolkit/serial.h"

struct modem {
    struct on_loop *on;
    struct serial *serial;
    int master, slave; /* slave: only to create the pty */
    char path[64];
    char got[256];
    size_t total, wanted; /* bytes that came; loop_stop at `wanted` */
    unsigned opened, gone;
    bool stop_on_open, close_on_data;
    struct err err;
};

static void on_opened(void *arg)
{
    struct modem *modem = arg;

    modem->opened++;
    if (modem->stop_on_open)
        loop_stop(modem->on->loop);
}

static void on_data(void *arg, const char *bytes, size_t size)
{
    struct modem *modem = arg;
    size_t room = sizeof(modem->got) - 1;

    for (size_t i = 0; i < size && modem->total + i < room; i++)
        modem->got[modem->total + i] = bytes[i];
    modem->total += size;
    if (modem->close_on_data)
        serial_close(modem->serial);
    if (modem->total >= modem->wanted)
        loop_stop(modem->on->loop);
}

static void on_gone(void *arg, const struct err *err)
{
    struct modem *modem = arg;

    modem->gone++;
    modem->err = *err;
    modem->serial = NULL;
    loop_stop(modem->on->loop);
}

static const struct serial_events events = {
    .opened = on_opened,
    .data = on_data,
    .gone = on_gone,
};

static void modem_begin(struct modem *modem, void **state)
{
    *modem = (struct modem){ .on = *state, .stop_on_open = true };
    assert_int_equal(
        openpty(&modem->master, &modem->slave, modem->path, NULL, NULL), 0);
    assert_int_equal(fcntl(modem->master, F_SETFL, O_NONBLOCK), 0);
}

static void modem_end(struct modem *modem)
{
    on_loop_close(modem->on);
    if (modem->master >= 0)
        assert_int_equal(close(modem->master), 0);
    assert_int_equal(close(modem->slave), 0);
}

static void modem_open(struct modem *modem, const char *device)
{
    const struct serial_options options = { .device = device };
    struct err err;

    modem->serial =
        serial_open(&modem->on->owner, &options, &events, modem, &err);
    assert_non_null(modem->serial);
    assert_int_equal(modem->opened + modem->gone, 0);
    loop_run(modem->on->loop);
}

static void opens_and_carries_both_ways(void **state)
{
    struct modem modem;
    char got[16];

    modem_begin(&modem, state);
    modem_open(&modem, modem.path);
    assert_int_equal(modem.opened, 1);
    modem.wanted = 7;
    assert_int_equal(write(modem.master, "AT\r\nOK\n", 7), 7);
    loop_run(modem.on->loop);
    assert_string_equal(modem.got, "AT\r\nOK\n");
    serial_write(modem.serial, "AT", 2);
    serial_write(modem.serial, "Z\r\x1a", 3);
    assert_int_equal(read(modem.master, got, sizeof(got)), -1);
    modem.wanted = 8;
    assert_int_equal(write(modem.master, "!", 1), 1);
    loop_run(modem.on->loop);
    assert_int_equal(read(modem.master, got, sizeof(got)), 5);
    assert_memory_equal(got, "ATZ\r\x1a", 5);
    modem_end(&modem);
}

static void opens_through_a_symlink(void **state)
{
    char dir[] = "/tmp/moongate-serial-XXXXXX";
    char name[64];
    struct modem modem;

    modem_begin(&modem, state);
    assert_non_null(mkdtemp(dir));
    (void)snprintf(name, sizeof(name), "%s/usb-modem", dir);
    assert_int_equal(symlink(modem.path, name), 0);
    modem_open(&modem, name);
    assert_int_equal(modem.opened, 1);
    assert_int_equal(unlink(name), 0);
    assert_int_equal(rmdir(dir), 0);
    modem_end(&modem);
}

struct pump {
    struct modem *modem;
    size_t taken;
};

static void on_pump(void *arg)
{
    struct pump *pump = arg;
    char got[1000];
    ssize_t n = read(pump->modem->master, got, sizeof(got));

    for (ssize_t i = 0; i < n; i++)
        assert_int_equal((unsigned char)got[i],
                         (pump->taken + (size_t)i) % 251);
    pump->taken += n > 0 ? (size_t)n : 0;
    if (pump->taken == 60000)
        loop_stop(pump->modem->on->loop);
}

/* A pty takes 4 KiB at once, so most of it waits for the other side. */
static void writes_the_rest_when_there_is_room(void **state)
{
    static unsigned char bytes[60000];
    struct modem modem;
    struct pump pump = { .modem = &modem };

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i % 251);
    modem_begin(&modem, state);
    modem_open(&modem, modem.path);
    serial_write(modem.serial, bytes, sizeof(bytes));
    timer_repeat(timer_new(&modem.on->owner, on_pump, &pump), 1);
    loop_run(modem.on->loop);
    assert_int_equal(pump.taken, sizeof(bytes));
    assert_int_equal(modem.gone, 0);
    modem_end(&modem);
}

static void gives_up_over_the_ceiling(void **state)
{
    static const char bytes[40000];
    struct modem modem;

    modem_begin(&modem, state);
    modem_open(&modem, modem.path);
    serial_write(modem.serial, bytes, sizeof(bytes));
    serial_write(modem.serial, bytes, sizeof(bytes));
    assert_int_equal(modem.gone, 0);
    loop_run(modem.on->loop);
    assert_int_equal(modem.gone, 1);
    assert_int_equal(modem.err.kind, ERR_FULL);
    modem_end(&modem);
}

static void notices_the_hang_up(void **state)
{
    struct modem modem;

    modem_begin(&modem, state);
    modem_open(&modem, modem.path);
    modem.wanted = 100;
    assert_int_equal(close(modem.master), 0);
    modem.master = -1;
    loop_run(modem.on->loop);
    assert_int_equal(modem.gone, 1);
    assert_int_equal(modem.err.kind, ERR_LINK);
    assert_non_null(strstr(modem.err.text, "unplugged"));
    modem_end(&modem);
}

/* Opened in another process, which keeps it until it is killed. */
static pid_t hold_port(const char *path)
{
    int ready[2];
    char byte;

    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct modem modem = { .stop_on_open = true };
        void *state = NULL;

        (void)on_loop_setup(&state);
        modem.on = state;
        modem_open(&modem, path);
        if (modem.opened != 1 || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            (void)pause();
    }
    assert_true(pid > 0);
    assert_int_equal(close(ready[1]), 0);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(close(ready[0]), 0);
    return pid;
}

static void refuses_a_busy_port_until_its_holder_is_killed(void **state)
{
    struct modem modem;
    int status;

    modem_begin(&modem, state);
    pid_t pid = hold_port(modem.path);
    modem_open(&modem, modem.path);
    assert_int_equal(modem.gone, 1);
    assert_int_equal(modem.err.kind, ERR_LINK);
    assert_non_null(strstr(modem.err.text, "in use"));
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    modem.gone = 0;
    modem_open(&modem, modem.path);
    assert_int_equal(modem.opened, 1);
    modem_end(&modem);
}

static void opens_again_after_close(void **state)
{
    struct modem modem;

    modem_begin(&modem, state);
    for (int i = 0; i < 3; i++) {
        modem.opened = 0;
        modem_open(&modem, modem.path);
        assert_int_equal(modem.opened, 1);
        serial_close(modem.serial);
    }
    assert_int_equal(modem.gone, 0);
    serial_close(NULL);
    modem_end(&modem);
}

static void is_silent_after_close(void **state)
{
    struct modem modem;

    modem_begin(&modem, state);
    modem_open(&modem, modem.path);
    modem.close_on_data = true;
    modem.wanted = 1;
    assert_int_equal(write(modem.master, "one", 3), 3);
    loop_run(modem.on->loop);
    assert_int_equal(write(modem.master, "two", 3), 3);
    modem_end(&modem);
    assert_string_equal(modem.got, "one");
    assert_int_equal(modem.gone, 0);
}

static void tells_what_is_wrong(void **state)
{
    static const struct {
        const char *device, *words;
    } cases[] = {
        { "/dev/serial/by-id/usb-none", "no such device" },
        { "/dev/null", "not a serial port" },
        { "/", "not a serial port" },
        { "/dev/null/x", "no such device" },
        { "tcp:127.0.0.1:1", "connection refused" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct modem modem = { .on = *state };

        modem_open(&modem, cases[i].device);
        assert_int_equal(modem.opened, 0);
        assert_int_equal(modem.gone, 1);
        assert_int_equal(modem.err.kind, ERR_LINK);
        assert_non_null(strstr(modem.err.text, cases[i].words));
    }
}

static void refuses_what_can_never_work(void **state)
{
    static const struct serial_options cases[] = {
        { .device = NULL },
        { .device = "" },
        { .device = "tcp:" },
        { .device = "tcp:host" },
        { .device = "tcp:host:" },
        { .device = "tcp::7" },
        { .device = "tcp:host:0" },
        { .device = "tcp:host:65536" },
        { .device = "tcp:host:7x" },
        { .device = "/dev/ttyUSB0", .baud = -1 },
        { .device = "/dev/ttyUSB0", .baud = 100000000 },
    };
    struct on_loop *on = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct err err = { 0 };

        assert_null(serial_open(&on->owner, &cases[i], &events, NULL, &err));
        assert_int_equal(err.kind, ERR_CONFIG);
        assert_true(err.text[0] != '\0');
    }
}

static void sets_a_pty_raw(void **state)
{
    struct modem modem;
    struct termios termios;

    modem_begin(&modem, state);
    modem_open(&modem, modem.path);
    assert_int_equal(tcgetattr(modem.slave, &termios), 0);
    assert_int_equal(termios.c_lflag & (ICANON | ECHO | ISIG), 0);
    assert_int_equal(termios.c_iflag & (ICRNL | IXON), 0);
    assert_int_equal(termios.c_oflag & OPOST, 0);
    assert_int_equal(cfgetospeed(&termios), B115200);
    modem_end(&modem);
}

static void speaks_tcp(void **state)
{
    struct modem modem = { .on = *state, .stop_on_open = true };
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof(address);
    char device[64], got[16];
    int server = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(server, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server, 1), 0);
    assert_int_equal(getsockname(server, (struct sockaddr *)&address, &size),
                     0);
    (void)snprintf(device, sizeof(device), "tcp:127.0.0.1:%d",
                   ntohs(address.sin_port));
    modem_open(&modem, device);
    assert_int_equal(modem.opened, 1);
    int peer = accept(server, NULL, NULL);
    serial_write(modem.serial, "AT\r", 3);
    modem.wanted = 4;
    assert_int_equal(write(peer, "OK\r\n", 4), 4);
    loop_run(modem.on->loop);
    assert_int_equal(recv(peer, got, sizeof(got), 0), 3);
    modem.wanted = 100;
    assert_int_equal(close(peer), 0);
    loop_run(modem.on->loop);
    assert_int_equal(modem.gone, 1);
    assert_non_null(strstr(modem.err.text, "closed the connection"));
    assert_int_equal(close(server), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LOOP(opens_and_carries_both_ways),
        ON_LOOP(opens_through_a_symlink),
        ON_LOOP(writes_the_rest_when_there_is_room),
        ON_LOOP(gives_up_over_the_ceiling),
        ON_LOOP(notices_the_hang_up),
        ON_LOOP(refuses_a_busy_port_until_its_holder_is_killed),
        ON_LOOP(opens_again_after_close),
        ON_LOOP(is_silent_after_close),
        ON_LOOP(tells_what_is_wrong),
        ON_LOOP(refuses_what_can_never_work),
        ON_LOOP(sets_a_pty_raw),
        ON_LOOP(speaks_tcp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
