/* test_line_call.c - driver commands: one answer, dialogues, silence, loss. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "core/core.h"
#include "core/line.h"
#include "core/line_call.h"
#include "toolkit/config.h"
#include "toolkit/settings.h"

/* What the driver was asked, and who waits for it. */
static char asked[256];
static uint64_t asked_call;
static bool answers_at_once, refuses;

static bool fake_run(struct line *line, const char *name, const char *argument,
                     uint64_t call, struct err *err)
{
    snprintf(asked, sizeof(asked), "%s %s", name, argument ? argument : "-");
    asked_call = call;
    if (refuses)
        return err_set(err, ERR_TEMPORARY, "busy");
    if (answers_at_once)
        line_answer(line, call, "at once", false, NULL);
    return true;
}

static const struct driver_command commands[] = {
    { .name = "ussd", .argument = "code", .help = "a code" },
    { .name = NULL },
};

static const struct driver driver = {
    .name = "fake",
    .commands = commands,
    .command = fake_run,
};

struct scene {
    struct core core;
    struct line line;
    char told[256];
    unsigned n_told;
};

static void on_answer(void *arg, const char *text, bool more,
                      const struct err *err)
{
    struct scene *scene = arg;

    snprintf(scene->told, sizeof(scene->told), "%s%s", err ? err->text : text,
             more ? " (more)" : "");
    scene->n_told++;
}

static int setup(void **state)
{
    static const struct option none[] = { { .key = NULL } };
    const struct option *const tables[] = { none, NULL };
    struct scene *scene = xcalloc(1, sizeof(*scene));

    asked[0] = '\0';
    answers_at_once = refuses = false;
    scene->core.loop = loop_new();
    owner_init(&scene->core.owner, scene->core.loop);
    scene->line.core = &scene->core;
    scene->line.driver = &driver;
    scene->line.state = LINE_ONLINE;
    scene->line.settings = settings_default(tables, "line1", "test:1");
    *state = scene;
    return 0;
}

static void on_closed(void *arg)
{
    loop_stop(((struct scene *)arg)->core.loop);
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    line_calls_free(&scene->line);
    owner_close(&scene->core.owner, on_closed, scene);
    loop_run(scene->core.loop);
    loop_free(scene->core.loop);
    settings_free((struct settings *)(uintptr_t)scene->line.settings);
    free(scene);
    return 0;
}

/* Lets what was asked for later happen. */
static void turn(struct scene *scene)
{
    struct timer *timer = timer_new(&scene->core.owner, on_closed, scene);

    timer_start(timer, 1);
    loop_run(scene->core.loop);
    timer_free(timer);
}

static uint64_t begin(struct scene *scene, const char *code)
{
    struct err err;

    return line_command(&scene->line, "ussd", code, on_answer, scene, &err);
}

static void test_one_answer(void **state)
{
    struct scene *scene = *state;
    uint64_t call = begin(scene, "*100#");

    assert_int_not_equal(call, 0);
    assert_string_equal(asked, "ussd *100#");
    assert_int_equal(asked_call, call);
    line_answer(&scene->line, call, "1.50 EUR", false, NULL);
    assert_int_equal(scene->n_told, 0); /* never from within the driver */
    turn(scene);
    assert_string_equal(scene->told, "1.50 EUR");
    line_answer(&scene->line, call, "again", false, NULL);
    turn(scene);
    assert_int_equal(scene->n_told, 1);
}

static void test_answer_within_the_command(void **state)
{
    struct scene *scene = *state;

    answers_at_once = true;
    assert_int_not_equal(begin(scene, "*100#"), 0);
    assert_int_equal(scene->n_told, 0);
    turn(scene);
    assert_string_equal(scene->told, "at once");
}

static void test_dialogue(void **state)
{
    struct scene *scene = *state;
    uint64_t call = begin(scene, "*100#");
    struct err err;

    assert_false(line_command_reply(&scene->line, call, "1", &err));
    line_answer(&scene->line, call, "1 balance 2 tariff", true, NULL);
    turn(scene);
    assert_string_equal(scene->told, "1 balance 2 tariff (more)");
    assert_true(line_command_reply(&scene->line, call, "1", &err));
    assert_string_equal(asked, "reply 1");
    assert_int_equal(asked_call, call);
    line_answer(&scene->line, call, "1.50 EUR", false, NULL);
    turn(scene);
    assert_string_equal(scene->told, "1.50 EUR");
    assert_false(line_command_reply(&scene->line, call, "2", &err));
    assert_int_equal(err.kind, ERR_EXPIRED);
}

/* The menu was not given on yet when the network ended the dialogue. */
static void test_two_answers_in_one_turn(void **state)
{
    struct scene *scene = *state;
    uint64_t call = begin(scene, "*100#");

    line_answer(&scene->line, call, "menu", true, NULL);
    line_answer(&scene->line, call, "the end", false, NULL);
    turn(scene);
    assert_string_equal(scene->told, "menu\nthe end");
    assert_int_equal(scene->n_told, 1);
}

static void test_cancel(void **state)
{
    struct scene *scene = *state;
    uint64_t call = begin(scene, "*100#");

    line_command_cancel(&scene->line, call);
    assert_string_equal(asked, "cancel -");
    line_answer(&scene->line, call, "too late", false, NULL);
    turn(scene);
    assert_int_equal(scene->n_told, 0);
    line_command_cancel(&scene->line, call);
}

static void test_lost_line(void **state)
{
    struct scene *scene = *state;
    uint64_t done = begin(scene, "*1#");

    assert_int_not_equal(begin(scene, "*2#"), 0);
    line_answer(&scene->line, done, "done", false, NULL);
    scene->line.state = LINE_CLOSING;
    line_calls_lost(&scene->line);
    turn(scene);
    assert_int_equal(scene->n_told, 2);
    assert_string_equal(scene->told, "line line1 was lost");
    assert_null(scene->line.calls);
}

static void test_refusals(void **state)
{
    struct scene *scene = *state;
    struct err err;

    assert_int_equal(
        line_command(&scene->line, "dance", "", on_answer, scene, &err), 0);
    assert_int_equal(err.kind, ERR_UNSUPPORTED);
    assert_string_equal(err.text,
                        "line line1 cannot do that: dance; it knows ussd");
    refuses = true;
    assert_int_equal(begin(scene, "*1#"), 0);
    assert_null(scene->line.calls);
    refuses = false;
    for (int i = 0; i < 16; i++)
        assert_int_not_equal(begin(scene, "*1#"), 0);
    assert_int_equal(
        line_command(&scene->line, "ussd", "", on_answer, scene, &err), 0);
    assert_int_equal(err.kind, ERR_TEMPORARY);
    scene->line.state = LINE_BACKOFF;
    assert_int_equal(
        line_command(&scene->line, "ussd", "", on_answer, scene, &err), 0);
    assert_int_equal(err.kind, ERR_LINK);
    scene->line.state = LINE_ONLINE;
    turn(scene);
    assert_int_equal(scene->n_told, 0);
}

/* Whoever is told may end the call of another, or begin a new one. */
static void cancel_other(void *arg, const char *text, bool more,
                         const struct err *err)
{
    struct scene *scene = arg;

    (void)text;
    (void)more;
    (void)err;
    line_command_cancel(&scene->line, asked_call);
    scene->n_told++;
}

static void test_calls_end_in_callbacks(void **state)
{
    struct scene *scene = *state;
    struct err err;
    uint64_t first =
        line_command(&scene->line, "ussd", "1", cancel_other, scene, &err);
    uint64_t second = begin(scene, "*2#");

    line_answer(&scene->line, first, "a", false, NULL);
    line_answer(&scene->line, second, "b", false, NULL);
    turn(scene);
    assert_int_equal(scene->n_told, 1);
    assert_null(scene->line.calls);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_answer), TEST(test_answer_within_the_command),
        TEST(test_dialogue),   TEST(test_two_answers_in_one_turn),
        TEST(test_cancel),     TEST(test_lost_line),
        TEST(test_refusals),   TEST(test_calls_end_in_callbacks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
