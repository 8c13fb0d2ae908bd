/* test_control.c - the control socket from both ends: a loop with a source made
 * up here, and the command line's functions in a child process. */
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
#include "toolkit/listener.h"
#include "toolkit/loop.h"
#include "toolkit/timer.h"

struct fixture {
    char folder[32], conf[64], out[64];
    struct loop *loop;
    struct owner owner;
    struct control *control;
    struct timer *later;
    struct control_reply *waiting; /* answered by the timer */
    bool silent;                   /* never answers, until the end */
    char asked[256];
    int code; /* exit code of the child */
    char *printed;
};

static void row(struct control_reply *reply, const char *json)
{
    struct json_object *object = json_tokener_parse(json);

    assert_non_null(object);
    control_reply_json(reply, object);
    json_object_put(object);
}

static void on_status(void *arg, struct control_reply *reply)
{
    struct fixture *f = arg;

    f->waiting = reply;
    if (!f->silent)
        timer_start(f->later, 1);
}

static void on_later(void *arg)
{
    struct fixture *f = arg;

    row(f->waiting,
        "{\"gateway\": {\"version\": \"1\", \"since\": 1},"
        " \"networks\": [{\"name\": \"sms\", \"state\": \"online\","
        "   \"queue\": {\"to_line\": {\"queued\": 7, \"held\": 0}}}],"
        " \"lines\": [{\"name\": \"sim1\", \"state\": \"backoff\","
        "   \"problem\": \"no modem\", \"signal\": \"-71 dBm\"}]}");
    control_reply_end(f->waiting, NULL);
    f->waiting = NULL;
}

static void on_queue(void *arg, const struct control_listing *listing,
                     struct control_reply *reply)
{
    struct fixture *f = arg;

    snprintf(f->asked, sizeof(f->asked), "%s %s %zu",
             listing->network ? listing->network : "-",
             listing->state ? listing->state : "-", listing->limit);
    row(reply, "{\"id\": \"0123456789abcdef\", \"direction\": \"to_line\","
               " \"state\": \"queued\", \"contact\": \"+447700900123\","
               " \"age_s\": 240, \"attempt\": 3, \"reason\": \"CMS "
               "38\\u001b[2J\\u009b\"}");
    row(reply, "{\"id\": \"f123456789abcdef\", \"direction\": \"to_xmpp\","
               " \"state\": \"queued\", \"held\": true, \"age_s\": 1}");
    control_reply_end(reply, NULL);
}

static void on_trace(void *arg, const char *id, struct control_reply *reply)
{
    struct fixture *f = arg;
    struct err err = { 0 };

    snprintf(f->asked, sizeof(f->asked), "%s", id);
    if (strcmp(id, "0123") == 0) {
        row(reply, "{\"id\": \"0123ff\", \"state\": \"sent\", \"events\":"
                   " [{\"at\": 1000, \"what\": \"accepted\"},"
                   "  {\"at\": 2500, \"what\": \"sent\","
                   "   \"detail\": \"part 1 of 1\"}]}");
        control_reply_end(reply, NULL);
        return;
    }
    err_set(&err, ERR_BAD_ADDRESS, "no message %s", id);
    control_reply_end(reply, &err);
}

static void on_send(void *arg, const struct control_text *text,
                    struct control_reply *reply)
{
    struct fixture *f = arg;

    snprintf(f->asked, sizeof(f->asked), "%s|%s|%s|%s%s%s", text->network,
             text->from, text->to, text->text, text->manner ? "|" : "",
             text->manner ? text->manner : "");
    row(reply, "{\"id\": \"00ff\"}");
    control_reply_end(reply, NULL);
}

static const struct control_source source = {
    .status = on_status,
    .queue = on_queue,
    .trace = on_trace,
    .send = on_send,
};

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
    f->control = control_open(&f->owner, f->folder, &source, f, &err);
    assert_non_null(f->control);
    *state = f;
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
        control_reply_end(f->waiting, NULL);
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
    char *words[16];
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

static void shows_status(void **state)
{
    static const char *const argv[] = { "status", NULL };
    struct fixture *f = *state;

    call(f, client_status, argv);
    assert_int_equal(f->code, 0);
    assert_printed(f, "gateway        running");
    assert_printed(f, "network  sms   online");
    assert_printed(f, "out queued 7");
    assert_null(strstr(f->printed, "held"));
    assert_printed(f, "line     sim1  backoff");
    assert_printed(f, "    no modem\n    signal -71 dBm");
    assert_null(strchr(f->printed, '\033'));
}

static void prints_status_as_one_document(void **state)
{
    static const char *const argv[] = { "status", "--json", NULL };
    struct fixture *f = *state;
    struct json_object *document, *lines, *name;

    call(f, client_status, argv);
    assert_int_equal(f->code, 0);
    document = json_tokener_parse(f->printed);
    assert_true(json_object_object_get_ex(document, "lines", &lines));
    assert_true(json_object_object_get_ex(json_object_array_get_idx(lines, 0),
                                          "name", &name));
    assert_string_equal(json_object_get_string(name), "sim1");
    json_object_put(document);
}

static void lists_the_queue(void **state)
{
    static const char *const all[] = { "queue", "--state", "all", NULL };
    static const char *const some[] = { "queue",   "--network", "sms",
                                        "--limit", "5",         NULL };
    static const char *const many[] = { "queue", "--limit", "10001", NULL };
    struct fixture *f = *state;

    call(f, client_queue, all);
    assert_int_equal(f->code, 0);
    assert_string_equal(f->asked, "- - 1000");
    assert_printed(f, "01234567  out");
    assert_printed(f, "+447700900123  queued  4 min  3    CMS 38?[2J?\n");
    assert_printed(f, "held    1 s");
    call(f, client_queue, some);
    assert_string_equal(f->asked, "sms open 5");
    call(f, client_queue, many);
    assert_int_equal(f->code, 1);
    assert_printed(f, "limit must be from 1 to 10000");
}

static void prints_the_queue_as_an_array(void **state)
{
    static const char *const argv[] = { "queue", "--json", NULL };
    struct fixture *f = *state;
    struct json_object *array;

    call(f, client_queue, argv);
    array = json_tokener_parse(f->printed);
    assert_true(json_object_is_type(array, json_type_array));
    assert_int_equal(json_object_array_length(array), 2);
    json_object_put(array);
}

static void traces(void **state)
{
    static const char *const known[] = { "trace", "0123", NULL };
    static const char *const unknown[] = { "trace", "ffff", NULL };
    struct fixture *f = *state;

    call(f, client_trace, known);
    assert_int_equal(f->code, 0);
    assert_printed(f, "0123ff sent\n");
    assert_printed(f, "1970-01-01T00:00:01");
    assert_printed(f, "+1.500 s  sent          part 1 of 1");
    call(f, client_trace, unknown);
    assert_int_equal(f->code, 1);
    assert_string_equal(f->printed, "moongate: no message ffff\n");
}

static void sends(void **state)
{
    static const char *const argv[] = { "send", "--network", "sms",
                                        "--to", "+441",      "--from",
                                        "a@b",  "--",        "-x \"\xc3\xa9\"",
                                        NULL };
    struct fixture *f = *state;

    call(f, client_send, argv);
    assert_int_equal(f->code, 0);
    assert_string_equal(f->asked, "sms|a@b|+441|-x \"\xc3\xa9\"");
    assert_string_equal(f->printed, "00ff\n");
}

static void sends_in_a_manner(void **state)
{
    static const char *const argv[] = { "send", "--network", "sms",
                                        "--to", "+441",      "--from",
                                        "a@b",  "--manner",  "flash class",
                                        "hi",   NULL };
    struct fixture *f = *state;

    call(f, client_send, argv);
    assert_int_equal(f->code, 0);
    assert_string_equal(f->asked, "sms|a@b|+441|hi|flash class");
}

static bool take_answer(void *arg, const char *text)
{
    char *answer = arg;

    text_copy(answer, 256, text);
    return false;
}

static const char *raw_request; /* what client_raw sends */

static int client_raw(const char *config, int argc, char **argv)
{
    char *folder = xstrdup(config), *path;
    char answer[256] = "nothing";
    struct err err = { 0 };
    bool ok;

    (void)argc;
    (void)argv;
    *strrchr(folder, '/') = '\0';
    path = control_path(folder);
    ok = listener_call(path, raw_request, take_answer, answer, &err);
    puts(answer);
    free(path);
    free(folder);
    return ok ? 0 : 1;
}

static void refuses_nonsense(void **state)
{
    static const struct {
        const char *request, *answer;
    } cases[] = {
        { "nonsense", "not a JSON object" },
        { "[1]", "not a JSON object" },
        { "{\"command\": \"status\"} x", "not a JSON object" },
        { "{\"a\":[[[[[[[[[[1]]]]]]]]]]}", "not a JSON object" },
        { "{\"command\": \"\xff\"}", "not a JSON object" },
        { "{}", "unknown command" },
        { "{\"command\": 5}", "unknown command" },
        { "{\"command\": \"reboot\"}", "unknown command" },
        { "{\"command\": \"trace\"}", "trace needs an id" },
        { "{\"command\": \"trace\", \"id\": 5}", "trace needs an id" },
        { "{\"command\": \"send\", \"to\": \"x\"}", "send needs network" },
        { "{\"command\": \"queue\", \"limit\": -1}", "limit must be" },
    };
    static const char *const argv[] = { "raw", NULL };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        raw_request = cases[i].request;
        call(f, client_raw, argv);
        assert_printed(f, "{\"ok\":false,\"error\":\"");
        assert_printed(f, cases[i].answer);
    }
}

static bool stop_waiting(void *arg, const char *text)
{
    (void)arg;
    (void)text;
    return true;
}

static int client_gives_up(const char *config, int argc, char **argv)
{
    char *folder = xstrdup(config), *path;
    struct err err = { 0 };

    (void)argc;
    (void)argv;
    *strrchr(folder, '/') = '\0';
    path = control_path(folder);
    alarm(1);
    signal(SIGALRM, _exit);
    listener_call(path, "{\"command\": \"status\"}", stop_waiting, NULL, &err);
    free(path);
    free(folder);
    return 0;
}

static void outlives_a_client_that_gives_up(void **state)
{
    static const char *const status[] = { "status", NULL };
    struct fixture *f = *state;

    f->silent = true;
    call(f, client_gives_up, status);
    assert_non_null(f->waiting);
    on_later(f);
    f->silent = false;
    call(f, client_status, status);
    assert_int_equal(f->code, 0);
}

static void keeps_others_out(void **state)
{
    struct fixture *f = *state;
    char *path = control_path(f->folder);
    struct stat info;

    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0660);
    free(path);
}

static int client_as_nobody(const char *config, int argc, char **argv)
{
    if (setgid(65534) != 0 || setuid(65534) != 0)
        return 98;
    return client_status(config, argc, argv);
}

static void refuses_strangers(void **state)
{
    static const char *const argv[] = { "status", NULL };
    struct fixture *f = *state;
    char *path = control_path(f->folder);

    if (geteuid() != 0) {
        free(path);
        skip();
    }
    /* Even where somebody has opened the socket to everybody. */
    assert_int_equal(chmod(f->folder, 0755), 0);
    assert_int_equal(chmod(f->conf, 0644), 0);
    assert_int_equal(chmod(path, 0666), 0);
    call(f, client_as_nobody, argv);
    assert_int_equal(f->code, 1);
    assert_null(f->waiting);
    free(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(shows_status),
        TEST(prints_status_as_one_document),
        TEST(lists_the_queue),
        TEST(prints_the_queue_as_an_array),
        TEST(traces),
        TEST(sends),
        TEST(sends_in_a_manner),
        TEST(refuses_nonsense),
        TEST(outlives_a_client_that_gives_up),
        TEST(keeps_others_out),
        TEST(refuses_strangers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
