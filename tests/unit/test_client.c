/* test_client.c - the command line's end of the control socket: words to
 * requests, answers to what people and scripts read. */
#include "control_scene.h"

static void shows_status(void **state)
{
    static const char *const argv[] = { "status", NULL };
    struct fixture *f = *state;

    call(f, client, argv);
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

    call(f, client, argv);
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
    static const char *const some[] = { "queue", "--limit=5", NULL };
    static const char *const none[] = { "queue", "--state", "sent", NULL };
    static const char *const many[] = { "queue", "--limit", "10001", NULL };
    struct fixture *f = *state;

    call(f, client, all);
    assert_int_equal(f->code, 0);
    assert_string_equal(f->asked, "all 1000");
    assert_printed(f, "01234567  out");
    assert_printed(f, "+447700900123  queued  4 min  3    CMS 38?[2J?\n");
    assert_printed(f, "held    1 s");
    call(f, client, some);
    assert_string_equal(f->asked, "open 5");
    call(f, client, many);
    assert_int_equal(f->code, 2);
    assert_printed(f, "limit must be from 1 to 10000");
    call(f, client, none);
    assert_string_equal(f->printed, "no such messages\n");
}

static void prints_the_queue_as_an_array(void **state)
{
    static const char *const argv[] = { "queue", "--json", NULL };
    struct fixture *f = *state;
    struct json_object *array;

    call(f, client, argv);
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

    call(f, client, known);
    assert_int_equal(f->code, 0);
    assert_printed(f, "0123ff sent\n");
    assert_printed(f, "1970-01-01T00:00:01");
    assert_printed(f, "+1.500 s  sent          part 1 of 1");
    call(f, client, unknown);
    assert_int_equal(f->code, 1);
    assert_string_equal(f->printed, "moongate: no message ffff\n");
}

static void sends(void **state)
{
    static const char *const argv[] = {
        "send", "--to", "+441", "--", "-x \"\xc3\xa9\"", NULL
    };
    struct fixture *f = *state;

    call(f, client, argv);
    assert_int_equal(f->code, 0);
    assert_string_equal(f->asked, "+441|-x \"\xc3\xa9\"");
    assert_string_equal(f->printed, "00ff\n");
}

static int code_of(struct fixture *f, const char *a, const char *b,
                   const char *c)
{
    const char *const argv[] = { a, b, c, NULL };

    call(f, client, argv);
    return f->code;
}

static void explains_mistakes(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(code_of(f, "trace", NULL, NULL), 2);
    assert_printed(f, "trace: needs ID; see moongate help trace");
    assert_int_equal(code_of(f, "trace", "", NULL), 2);
    assert_printed(f, "ID is empty");
    assert_int_equal(code_of(f, "trace", "--idd=5", NULL), 2);
    assert_printed(f, "does not take --idd=5");
    assert_int_equal(code_of(f, "trace", "--id", NULL), 2);
    assert_printed(f, "--id needs a value");
    assert_int_equal(code_of(f, "mine", NULL, NULL), 2);
    assert_printed(f, "needs --as JID");
}

static void shows_any_rows(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(code_of(f, "names", NULL, NULL), 0);
    assert_string_equal(f->printed, "name  number\nAnna  5\nBo    12\n");
}

/* Standard input is no terminal here. */
static void asks_only_on_a_terminal(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(code_of(f, "menu", NULL, NULL), 1);
    assert_printed(f, "1 balance\n2 end\n");
    assert_printed(f, "menu asks for more (Menu): run it in a terminal");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(shows_status),
        TEST(prints_status_as_one_document),
        TEST(lists_the_queue),
        TEST(prints_the_queue_as_an_array),
        TEST(traces),
        TEST(sends),
        TEST(explains_mistakes),
        TEST(shows_any_rows),
        TEST(asks_only_on_a_terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
