/* gsm_sim.h - what the tests of the GSM driver against the modem simulator
 * share: a simulator of their own on a pty, its control socket, and a fake
 * core that runs the driver. They run from the top of the tree. */
#ifndef MOONGATE_TESTS_GSM_SIM_H
#define MOONGATE_TESTS_GSM_SIM_H

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

static inline void sim_read_line(int fd, char *out, size_t size)
{
    size_t n = 0;
    char c;

    while (n + 1 < size && read(fd, &c, 1) == 1 && c != '\n')
        out[n++] = c;
    out[n] = '\0';
}

static inline void sim_spawn(struct sim *sim, const char *extra)
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
        execl("/usr/bin/python3", "python3", "tests/sim/modem.py", "--control",
              sim->socket, "--modem", modem, "--no-fsync", (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    sim_read_line(out[0], ready, sizeof(ready));
    close(out[0]);
    assert_true(ready[0] == '{');
}

static inline void sim_connect(struct sim *sim)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    text_copy(address.sun_path, sizeof(address.sun_path), sim->socket);
    sim->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        connect(sim->control, (struct sockaddr *)&address, sizeof(address)), 0);
}

/* Sends one command in JSON; the reply is in sim->reply. */
static inline void sim_do(struct sim *sim, const char *command)
{
    assert_int_equal(write(sim->control, command, strlen(command)),
                     (ssize_t)strlen(command));
    assert_int_equal(write(sim->control, "\n", 1), 1);
    sim_read_line(sim->control, sim->reply, sizeof(sim->reply));
    if (strstr(sim->reply, "\"ok\": true") == NULL &&
        strstr(sim->reply, "\"ok\":true") == NULL)
        fail_msg("%s: %s", command, sim->reply);
}

static inline void sim_text(struct sim *sim, const char *text)
{
    char command[4096];

    snprintf(command, sizeof(command),
             "{\"cmd\":\"text\",\"from\":\"" PHONE "\",\"to\":\"sim1\","
             "\"text\":\"%s\"}",
             text);
    sim_do(sim, command);
}

/* Does the reply to `command` come to contain `text`? */
static inline bool sim_becomes(struct sim *sim, const char *command,
                               const char *text)
{
    int64_t end = clock_mono_ms() + 15000;

    do {
        sim_do(sim, command);
        if (strstr(sim->reply, text) != NULL)
            return true;
        fake_run(sim->fake, 20);
    } while (clock_mono_ms() < end);
    fprintf(stderr, "%s: %s\n", command, sim->reply);
    return false;
}

static inline bool sim_phone_has(struct sim *sim, const char *text)
{
    return sim_becomes(sim, "{\"cmd\":\"phone\",\"number\":\"" PHONE "\"}",
                       text);
}

static inline bool sim_store_empty(struct sim *sim)
{
    return sim_becomes(sim, "{\"cmd\":\"store\",\"memory\":\"SM\"}",
                       "\"slots\": {}");
}

/* `more`: options as "key=value", ended by NULL. */
static inline struct sim *setup_options(const char *modem,
                                        const char *const *more)
{
    struct sim *sim = xcalloc(1, sizeof(*sim));
    char device[128];
    const char *options[16] = { device };

    for (size_t i = 0; more[i] != NULL; i++)
        options[i + 1] = more[i];

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

static inline struct sim *setup_with(const char *modem, const char *option)
{
    return setup_options(modem, (const char *[]){ option, NULL });
}

static inline int setup(void **state)
{
    struct sim *sim = setup_with("", NULL);

    *state = sim;
    assert_non_null(fake_wait(sim->fake, "online 1283 ", 10000));
    return 0;
}

static inline int teardown(void **state)
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

static inline void send_text(struct sim *sim, const char *text, uint64_t ticket)
{
    assert_int_equal(fake_plan(sim->fake, PHONE, text), 1);
    assert_true(fake_send(sim->fake, 0, ticket, false));
}

static inline int no_setup(void **state)
{
    *state = NULL;
    return 0;
}

#define WITH_SIM(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define OWN_SIM(test) cmocka_unit_test_setup_teardown(test, no_setup, teardown)

#endif
