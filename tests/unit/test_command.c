/* test_command.c - calls from their making to their end, values and words,
 * through a door that writes down what it hears. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/command.h"
#include "core/core.h"
#include "fake_commands.h"
#include "fake_network.h"

struct fixture {
    struct network network;
    struct core core;
    char heard[512];
};

/* --- a door --------------------------------------------------------------- */

static void heard(struct fixture *f, const char *what, const char *more)
{
    size_t n = strlen(f->heard);

    assert_false(fake_commands.inside);
    (void)snprintf(f->heard + n, sizeof(f->heard) - n, "%s %s\n", what, more);
}

static void on_done(void *arg, struct call *call, const struct err *err)
{
    heard(arg, err ? "failed" : "done", err ? err->text : call_text(call));
    call_free(call);
}

static void on_ask(void *arg, struct call *call, const char *title,
                   const struct field *fields)
{
    (void)title;
    heard(arg, fields[0].name, call_text(call));
}

static const struct door door = { .done = on_done, .ask = on_ask };

static struct call *call_of(struct fixture *f, const char *who,
                            const char *name)
{
    return call_new(&f->core, &f->network, who, commands_find(name), &door, f);
}

static const char *take_heard(struct fixture *f)
{
    static char copy[sizeof(f->heard)];

    text_copy(copy, sizeof(copy), f->heard);
    f->heard[0] = '\0';
    return copy;
}

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    fake_network_init(&f->network);
    f->core.networks = &f->network;
    *state = f;
    fake_commands = (struct fake_commands){ 0 };
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    fake_network_clear(&f->network);
    free(f);
    return 0;
}

/* --- tests ---------------------------------------------------------------- */

#define JULIET "juliet@example.org"

static void runs_and_ends(void **state)
{
    struct fixture *f = *state;
    struct call *call = call_of(f, JULIET, "send");
    struct err err;

    assert_string_equal(call_missing(call)->name, "to");
    assert_false(call_run(call, &err));
    assert_string_equal(err.text, "send needs to");
    assert_true(call_set_words(call, "07700900123 hello  you\nthere ", &err));
    assert_string_equal(call_value(call, "to"), "+447700900123");
    assert_null(call_missing(call));
    assert_true(call_run(call, &err));
    assert_string_equal(take_heard(f),
                        "done to +447700900123\ntext hello  you\nthere\n");
}

static void numbers_as_people_write_them(void **state)
{
    static const char *const words[][3] = {
        { "07700 900123 hello", "+447700900123", "hello" },
        { "+44 (0)7700 900 123 four tickets", "+447700900123", "four tickets" },
        { "020 7946 0018 at 2", "+442079460018", "at 2" },
        { "+33 6 12 34 56 78 90euros", "+33612345678", "90euros" },
        { "+447700900123 4 tickets", "+447700900123", "4 tickets" },
        { "\"07700 900 123\" 4 tickets", "+447700900123", "4 tickets" },
        { "12345 67890 is my code", "12345;phone-context=+44",
          "67890 is my code" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct call *call = call_of(f, JULIET, "send");
        struct err err;

        assert_true(call_set_words(call, words[i][0], &err));
        assert_string_equal(call_value(call, "to"), words[i][1]);
        assert_string_equal(call_value(call, "text"), words[i][2]);
        call_free(call);
    }
}

/* Rather asked than sent to somebody else. */
static void numbers_without_an_end(void **state)
{
    static const char *const words[] = {
        "+49 170 123 45 67 hallo",
        "07700 900123 4 tickets",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct call *call = call_of(*state, JULIET, "send");
        struct err err;

        assert_false(call_set_words(call, words[i], &err));
        assert_non_null(strstr(err.text, "in quotes"));
        call_free(call);
    }
}

/* His country counts as soon as it is known, also for a number that is none
 * in that of the network. */
static void numbers_of_ones_own_country(void **state)
{
    struct fixture *f = *state;
    struct call *call = call_of(f, JULIET, "send");
    struct err err;

    text_copy(f->network.account, sizeof(f->network.account), JULIET);
    text_copy(f->network.settings, sizeof(f->network.settings),
              "{\"country\":\"49\"}");
    assert_true(call_set_words(call, "0170 1234567 hallo", &err));
    assert_true(call_run(call, &err));
    assert_string_equal(take_heard(f), "done to +491701234567\ntext hallo\n");
    call = call_of(f, "romeo@example.org", "send");
    assert_true(call_set_words(call, "0170 1234567 hallo", &err));
    assert_true(call_run(call, &err));
    assert_string_equal(take_heard(f), "done to +441701234567\ntext hallo\n");
    f->network.policy.plan.country_code[0] = '\0';
    call = call_of(f, "romeo@example.org", "send");
    assert_true(call_set_words(call, "0170 1234567 hallo", &err));
    assert_true(call_run(call, &err));
    assert_non_null(strstr(take_heard(f), "failed \"0170 1234567\""));
    call = call_of(f, JULIET, "send");
    assert_true(call_set_words(call, "0170 1234567 hallo", &err));
    assert_false(call_set(call, "to", "my aunt", &err));
    assert_true(call_run(call, &err));
    assert_string_equal(take_heard(f), "done to +491701234567\ntext hallo\n");
}

static void asks_again_until_it_ends(void **state)
{
    struct fixture *f = *state;
    struct call *call = call_of(f, JULIET, "menu");
    struct err err;

    assert_true(call_run(call, &err));
    assert_string_equal(take_heard(f), "reply 1 balance\n");
    for (int i = 0; i < 3; i++) {
        assert_non_null(call_missing(call));
        assert_true(call_set_words(call, "2 more", &err));
        assert_true(call_run(call, &err));
        assert_string_equal(take_heard(f), "reply you said 2 more\n");
    }
    assert_true(call_set(call, "reply", "end", &err));
    assert_true(call_run(call, &err));
    assert_string_equal(take_heard(f), "done \n");
    assert_int_equal(fake_commands.dropped, 1);
}

static void is_left_while_it_asks(void **state)
{
    struct fixture *f = *state;
    struct call *call = call_of(f, JULIET, "menu");
    struct err err;

    assert_true(call_run(call, &err));
    call_free(call);
    assert_int_equal(fake_commands.dropped, 1);
}

static void is_left_while_it_runs(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct call *call = call_of(f, NULL, "queue-hold");

    assert_true(call_run(call, &err));
    call_keep(call, xstrdup("notes"), fake_drop);
    call_free(call);
    assert_int_equal(fake_commands.dropped, 0);
    call_done(fake_commands.later);
    assert_int_equal(fake_commands.dropped, 1);
    assert_string_equal(take_heard(f), "");

    assert_true(call_run(call_of(f, NULL, "queue-hold"), &err));
    (void)err_set(&err, ERR_FULL, "no room");
    call_failed(fake_commands.later, &err);
    assert_string_equal(take_heard(f), "failed no room\n");
}

static void keeps_to_ranks(void **state)
{
    static const struct {
        const char *who, *name, *said; /* said NULL: it may */
    } cases[] = {
        { JULIET, "queue-hold", "juliet@example.org may not use queue-hold" },
        { "admin@example.org", "queue-hold", NULL },
        { NULL, "queue-hold", NULL },
        { "x@evil.org", "queue", "x@evil.org may not use network sms" },
        { NULL, "send", "send: give --as JID: for whom?" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct call *call = call_of(f, cases[i].who, cases[i].name);
        struct err err;

        fake_commands.later = NULL;
        assert_int_equal(call_run(call, &err), !cases[i].said);
        if (cases[i].said)
            assert_string_equal(err.text, cases[i].said);
        if (cases[i].said)
            call_free(call);
        else
            call_done(fake_commands.later);
    }
}

static void needs_a_network(void **state)
{
    struct fixture *f = *state;
    struct call *call =
        call_new(&f->core, NULL, NULL, commands_find("queue"), &door, f);
    struct err err;

    assert_false(call_run(call, &err));
    assert_string_equal(err.text, "queue: give --network N; there is sms");
    call_free(call);
}

static void checks_values(void **state)
{
    static const struct {
        const char *name, *value, *kept, *said;
    } cases[] = {
        { "line", "a b", "a b", NULL },
        { "line", "", NULL, NULL },
        { "line", " \t", NULL, "line: must not hold control characters" },
        { "line", "  ", NULL, "the line is empty" },
        { "line", "a\nb", NULL, "line: must not hold control characters" },
        { "line", "\xff", NULL, "line: not valid UTF-8" },
        { "yes", "Yes", "1", NULL },
        { "yes", "off", "0", NULL },
        { "yes", "", "0", NULL },
        { "yes", "maybe", NULL, "yes: say yes or no" },
        { "pick", "RED", "red", NULL },
        { "pick", "gren", NULL,
          "pick: \"gren\" is none of red|green; did you mean green?" },
        { "pick", "re", NULL,
          "pick: \"re\" is none of red|green; did you mean red?" },
        { "who", "a@b", "a@b", NULL },
        { "who", "ab", NULL, "who: no JID" },
        { "n", "20", "20", NULL },
        { "n", "021", NULL, "n must be from 1 to 20" },
        { "n", "1x", NULL, "n: give a whole number" },
        { "n", "99999999999999999999", NULL, "n: give a whole number" },
        { "q", "1", NULL, "every does not take \"q\"" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct call *call = call_of(f, JULIET, "every");
        struct err err = { 0 };
        bool good = call_set(call, cases[i].name, cases[i].value, &err);

        assert_string_equal(err.text, cases[i].said ? cases[i].said : "");
        assert_int_equal(good, !cases[i].said);
        if (cases[i].kept)
            assert_string_equal(call_value(call, cases[i].name), cases[i].kept);
        else if (strcmp(cases[i].name, "yes") != 0)
            assert_null(call_value(call, cases[i].name));
        call_free(call);
    }
}

static void refuses_what_is_too_long(void **state)
{
    struct fixture *f = *state;
    struct call *call = call_of(f, JULIET, "every");
    char text[1100];
    struct err err;

    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    assert_false(call_set(call, "line", text, &err));
    assert_int_equal(err.kind, ERR_TOO_LONG);
    call_free(call);
}

static void reads_words(void **state)
{
    static const struct {
        const char *name, *words, *field, *value, *said;
    } cases[] = {
        { "send", "+441234567890 manner=flash hi you", "manner", "flash",
          NULL },
        { "send", "+441234567890 manner=flash hi you", "text", "hi you", NULL },
        { "send", "+441234567890 hi manner=flash", "text", "hi manner=flash",
          NULL },
        { "send", "text=hi you all", "text", "hi you all", NULL },
        { "send", "manner=\"a b\" \"+44 1234 567890\" x", "manner", "a b",
          NULL },
        { "send", "manner=\"a b\" \"+44 1234 567890\" x", "to", "+441234567890",
          NULL },
        { "send", "to=01234567890 x=y", "text", "x=y", NULL },
        { "send", "+441234567890 \"quoted\" stays", "text", "\"quoted\" stays",
          NULL },
        { "send", "", "text", NULL, NULL },
        { "send", "aunt hello", NULL, NULL, "\"aunt\": " },
        { "menu", "x", NULL, NULL, "menu does not take \"x\"" },
        { "every", "a yes RED", "pick", "red", NULL },
        { "every", "a N=7", "n", "7", NULL },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct call *call = call_of(f, JULIET, cases[i].name);
        const char *value;
        struct err err = { 0 };

        if (call_set_words(call, cases[i].words, &err) != !cases[i].said)
            fail_msg("%s: %s", cases[i].words, err.text);
        if (cases[i].said)
            assert_memory_equal(err.text, cases[i].said, strlen(cases[i].said));
        value = cases[i].field ? call_value(call, cases[i].field) : NULL;
        if (cases[i].value)
            assert_string_equal(value, cases[i].value);
        else
            assert_null(value);
        call_free(call);
    }
}

static void finds_commands(void **state)
{
    static const struct {
        const char *words, *name, *rest;
    } cases[] = {
        { "queue", "queue", "" },
        { "Queue x", "queue", " x" },
        { " queue hold 0a", "queue-hold", " 0a" },
        { "queue-hold 0a", "queue-hold", " 0a" },
        { "holla", NULL, NULL },
        { "", NULL, NULL },
    };
    const char *rest;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct command *command = command_of_words(cases[i].words, &rest);

        if (!cases[i].name) {
            assert_null(command);
            continue;
        }
        assert_string_equal(command->name, cases[i].name);
        assert_string_equal(rest, cases[i].rest);
    }
}

static void suggests(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(command_suggest("mneu", &f->network, JULIET), "menu");
    assert_null(command_suggest("queue-hld", &f->network, JULIET));
    assert_string_equal(command_suggest("queue-hld", &f->network, NULL),
                        "queue-hold");
    assert_null(command_suggest("xyzzy", &f->network, JULIET));
}

static void tells_its_usage(void **state)
{
    char usage[128];

    (void)state;
    command_usage(commands_find("send"), false, usage, sizeof(usage));
    assert_string_equal(usage, "send TO [manner=MANNER] TEXT");
    command_usage(commands_find("send"), true, usage, sizeof(usage));
    assert_string_equal(usage, "send TO [--manner MANNER] TEXT");
    command_usage(commands_find("menu"), true, usage, sizeof(usage));
    assert_string_equal(usage, "menu");
}

static void on_rows_done(void *arg, struct call *call, const struct err *err)
{
    char *words = call_words(call, 2);

    assert_null(err);
    heard(arg, "rows", words);
    free(words);
    call_free(call);
}

static void says_rows_in_words(void **state)
{
    static const struct door rows_door = { .done = on_rows_done };
    struct fixture *f = *state;
    struct err err;
    struct call *call = call_new(&f->core, &f->network, JULIET,
                                 commands_find("queue"), &rows_door, f);

    assert_true(call_run(call, &err));
    assert_string_equal(take_heard(f),
                        "rows id ab, n 3\nid ab, n 3\nand 1 more\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(runs_and_ends),
        TEST(numbers_as_people_write_them),
        TEST(numbers_without_an_end),
        TEST(numbers_of_ones_own_country),
        TEST(asks_again_until_it_ends),
        TEST(is_left_while_it_asks),
        TEST(is_left_while_it_runs),
        TEST(keeps_to_ranks),
        TEST(needs_a_network),
        TEST(checks_values),
        TEST(refuses_what_is_too_long),
        TEST(reads_words),
        TEST(finds_commands),
        TEST(suggests),
        TEST(tells_its_usage),
        TEST(says_rows_in_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
