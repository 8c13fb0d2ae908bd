/* control_scene.h - a control socket on a loop, with commands made up here, and
 * the command line's functions in a child process: for test_control.c and
 * test_client.c. */
#ifndef CONTROL_SCENE_H
#define CONTROL_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "control/client.h"
#include "control/control.h"
#include "core/command.h"
#include "core/core.h"
#include "toolkit/listener.h"
#include "toolkit/loop.h"
#include "toolkit/timer.h"

struct fixture {
    char folder[32], conf[64], out[64];
    struct loop *loop;
    struct owner owner;
    struct core core;
    struct control *control;
    struct timer *later;
    struct call *waiting; /* answered by the timer */
    bool silent;          /* never answers, until the end */
    char asked[256];
    int code; /* exit code of the child */
    char *printed;
};

static struct fixture *now; /* of the test that runs */

/* --- commands of the test ------------------------------------------------- */

static void row(struct call *call, const char *json)
{
    struct json_object *object = json_tokener_parse(json);

    assert_non_null(object);
    call_row(call, object);
    json_object_put(object);
}

static void on_later(void *arg)
{
    struct fixture *f = arg;
    struct call *call = f->waiting;

    f->waiting = NULL;
    row(call, "{\"gateway\": {\"version\": \"1\", \"since\": 1},"
              " \"networks\": [{\"name\": \"sms\", \"state\": \"online\","
              "   \"queue\": {\"to_line\": {\"queued\": 7, \"held\": 0}}}],"
              " \"lines\": [{\"name\": \"sim1\", \"state\": \"backoff\","
              "   \"problem\": \"no modem\", \"signal\": \"-71 dBm\"}]}");
    call_done(call);
}

static void run_status(struct call *call)
{
    now->waiting = call;
    if (!now->silent)
        timer_start(now->later, 1);
}

static void run_queue(struct call *call)
{
    const char *state = call_value(call, "state");

    snprintf(now->asked, sizeof(now->asked), "%s %lld", state,
             call_number(call, "limit"));
    if (strcmp(state, "sent") == 0) {
        call_print(call, "no such messages");
        call_done(call);
        return;
    }
    row(call, "{\"id\": \"0123456789abcdef\", \"direction\": \"to_line\","
              " \"state\": \"queued\", \"contact\": \"+447700900123\","
              " \"age_s\": 240, \"attempt\": 3, \"reason\": \"CMS "
              "38\\u001b[2J\\u009b\"}");
    row(call, "{\"id\": \"f123456789abcdef\", \"direction\": \"to_xmpp\","
              " \"state\": \"queued\", \"held\": true, \"age_s\": 1}");
    call_done(call);
}

static void run_trace(struct call *call)
{
    const char *id = call_value(call, "id");
    struct err err = { 0 };

    if (strcmp(id, "0123") == 0) {
        row(call, "{\"id\": \"0123ff\", \"state\": \"sent\", \"events\":"
                  " [{\"at\": 1000, \"what\": \"accepted\"},"
                  "  {\"at\": 2500, \"what\": \"sent\","
                  "   \"detail\": \"part 1 of 1\"}]}");
        call_done(call);
        return;
    }
    err_set(&err, ERR_BAD_ADDRESS, "no message %s", id);
    call_failed(call, &err);
}

static void run_send(struct call *call)
{
    snprintf(now->asked, sizeof(now->asked), "%s|%s", call_value(call, "to"),
             call_value(call, "text"));
    call_print(call, "Accepted as 00ff.");
    row(call, "{\"id\": \"00ff\"}");
    call_done(call);
}

static const struct field menu_fields[] = {
    { .name = "reply", .label = "Reply", .required = true },
    { 0 },
};

static void run_chosen(struct call *call)
{
    call_print(call, "You chose %s\x1b.", call_value(call, "reply"));
    call_done(call);
}

static void run_menu(struct call *call)
{
    call_print(call, "1 balance\n2 end");
    call_ask(call, "Menu", menu_fields, run_chosen);
}

static void run_names(struct call *call)
{
    row(call, "{\"name\": \"Anna\", \"number\": 5}");
    row(call, "{\"name\": \"Bo\", \"number\": 12}");
    call_done(call);
}

static const struct field queue_fields[] = {
    { .name = "state",
      .type = FIELD_CHOICE,
      .choices = "open|all|sent",
      .fallback = "open",
      .named = true },
    { .name = "limit",
      .type = FIELD_NUMBER,
      .choices = "1..10000",
      .fallback = "1000",
      .named = true },
    { 0 },
};

static const struct field trace_fields[] = {
    { .name = "id", .required = true },
    { 0 },
};

static const struct field send_fields[] = {
    { .name = "to", .required = true },
    { .name = "text", .type = FIELD_LINES, .required = true },
    { 0 },
};

#define COMMAND(called, fn) .name = called, .anywhere = true, .run = fn

static const struct command table[] = {
    { COMMAND("status", run_status) },
    { COMMAND("queue", run_queue), .list = true, .fields = queue_fields },
    { COMMAND("trace", run_trace), .fields = trace_fields },
    { COMMAND("send", run_send), .fields = send_fields },
    { COMMAND("menu", run_menu) },
    { COMMAND("names", run_names), .list = true },
    { .name = "mine", .personal = true, .run = run_menu },
};

const struct command *const *commands_all(void)
{
    static const struct command *const all[] = { &table[0], &table[1],
                                                 &table[2], &table[3],
                                                 &table[4], &table[5],
                                                 &table[6], NULL };

    return all;
}

static int client(const char *config, int argc, char **argv)
{
    return client_run(commands_find(argv[0]), config, argc, argv);
}

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    struct err err = { 0 };
    FILE *file;

    text_copy(f->folder, sizeof(f->folder), "/tmp/test-control-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->conf, sizeof(f->conf), "%s/x.conf", f->folder);
    snprintf(f->out, sizeof(f->out), "%s/out", f->folder);
    file = fopen(f->conf, "w");
    assert_non_null(file);
    fprintf(file, "gateway = { state_dir = \"%s\"; };\n", f->folder);
    fclose(file);
    f->loop = loop_new();
    owner_init(&f->owner, f->loop);
    f->later = timer_new(&f->owner, on_later, f);
    f->control = control_open(&f->owner, f->folder, &f->core, &err);
    assert_non_null(f->control);
    now = *state = f;
    return 0;
}

static void on_gone(void *arg)
{
    loop_stop(arg);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char *path = control_path(f->folder);

    owner_close(&f->owner, on_gone, f->loop);
    loop_run(f->loop);
    control_free(f->control);
    if (f->waiting)
        call_done(f->waiting);
    loop_free(f->loop);
    unlink(f->conf);
    unlink(f->out);
    unlink(path);
    assert_int_equal(rmdir(f->folder), 0);
    free(path);
    free(f->printed);
    free(f);
    return 0;
}

static void on_child(void *arg, int signum)
{
    struct fixture *f = arg;

    assert_int_equal(signum, SIGCHLD);
    loop_stop(f->loop);
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = xcalloc(1, 65536);

    assert_non_null(file);
    assert_true(fread(text, 1, 65535, file) < 65535);
    fclose(file);
    return text;
}

typedef int command_fn(const char *config, int argc, char **argv);

/* Runs a command in a child, with both its outputs into one file, while this
 * process runs the loop. `argv` ends with NULL. */
static void call(struct fixture *f, command_fn *fn, const char *const *argv)
{
    char *words[16] = { NULL };
    int argc = 0, status;
    pid_t child;

    for (; argv[argc]; argc++)
        words[argc] = xstrdup(argv[argc]);
    loop_on_signal(&f->owner, SIGCHLD, on_child, f);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(20);
        if (!freopen(f->out, "w", stdout) || dup2(1, 2) != 2)
            _exit(99);
        status = fn(f->conf, argc, words);
        fflush(stdout);
        _exit(status);
    }
    loop_run(f->loop);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    f->code = WEXITSTATUS(status);
    free(f->printed);
    f->printed = read_file(f->out);
    while (argc > 0)
        free(words[--argc]);
}

static void assert_printed(const struct fixture *f, const char *text)
{
    if (!strstr(f->printed, text))
        fail_msg("expected \"%s\" in:\n%s", text, f->printed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
