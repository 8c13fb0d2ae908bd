/* test_control.c - the daemon's end of the control socket: requests, answers,
 * who may ask, and clients that give up. */
#include "control_scene.h"

static bool answer_menu(void *arg, const char *text, char **more)
{
    text_copy(arg, 256, text);
    if (!strstr(text, "\"ask\":\"Menu\""))
        return false;
    *more = xstrdup("{\"values\": {\"reply\": \"2\"}}");
    return true;
}

static int client_answers(const char *config, int argc, char **argv)
{
    char *folder = xstrdup(config), *path, answer[256] = "nothing";
    struct err err = { 0 };

    (void)argc;
    (void)argv;
    *strrchr(folder, '/') = '\0';
    path = control_path(folder);
    listener_call(path, "{\"command\": \"menu\"}", answer_menu, answer, &err);
    puts(answer);
    free(path);
    free(folder);
    return 0;
}

static void goes_on_after_an_answer(void **state)
{
    static const char *const argv[] = { "menu", NULL };
    struct fixture *f = *state;

    call(f, client_answers, argv);
    assert_printed(f, "{\"ok\":true,\"text\":\"You chose 2\\u001b.\"}");
}

static bool take_answer(void *arg, const char *text, char **more)
{
    (void)more;
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
        { "{\"command\": \"trace\"}", "trace needs id" },
        { "{\"command\": \"trace\", \"values\": 5}", "must be an object" },
        { "{\"command\": \"send\", \"values\": {\"to\": \"x\"}}",
          "send needs text" },
        { "{\"command\": \"send\", \"values\": {\"too\": \"x\"}}",
          "does not take" },
        { "{\"command\": \"queue\", \"values\": {\"limit\": -1}}",
          "limit must be" },
        { "{\"command\": \"mine\"}", "give --network N" },
        { "{\"command\": \"status\", \"network\": \"x\"}", "no network" },
        { "{\"command\": \"status\", \"as\": \"a@b\"}", "give --network N" },
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

static bool stop_waiting(void *arg, const char *text, char **more)
{
    (void)more;
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
    call(f, client, status);
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
    return client(config, argc, argv);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(refuses_nonsense),        TEST(outlives_a_client_that_gives_up),
        TEST(keeps_others_out),        TEST(refuses_strangers),
        TEST(goes_on_after_an_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
