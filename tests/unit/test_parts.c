/* test_parts.c - the front of a driver's plan, and what a text would cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/core.h"
#include "core/line.h"
#include "core/network.h"
#include "core/parts.h"

/* Each 'p' of the text is a part, 'w' asks for too many words. */
static bool plan(struct line *line, const struct outgoing *message,
                 struct parts *parts, struct err *err)
{
    (void)line;
    if (strchr(message->text, 'x'))
        return err_set(err, ERR_TOO_LONG, "much too long");
    for (const char *at = message->text; *at; at++)
        if (*at == 'p')
            parts_add(parts, at, 1);
    parts_describe(parts, "%zu letters", strlen(message->text));
    if (message->manner)
        parts_remark(parts, "sent %s", message->manner);
    if (strchr(message->text, 'w'))
        parts_remark(parts, "%254s\xE2\x82\xAC", "");
    return true;
}

static const struct driver plain = { .limits.max_parts = 3, .plan = plan };
static const struct driver mannered = { .limits.max_parts = 3,
                                        .plan = plan,
                                        .manners = "nicely" };

struct world {
    struct core core;
    struct network network;
    struct line line;
};

static void make(struct world *world, const struct driver *driver)
{
    memset(world, 0, sizeof(*world));
    world->core.lines = &world->line;
    world->network.core = &world->core;
    world->line.core = &world->core;
    world->line.network = &world->network;
    world->line.driver = driver;
    world->line.state = LINE_ONLINE;
}

static void test_plan(void **state)
{
    struct outgoing message = { .text = "pp" };
    struct parts parts;
    struct world world;
    struct err err;

    (void)state;
    make(&world, &plain);
    assert_true(parts_plan(&world.line, &message, &parts, &err));
    assert_int_equal(parts.n, 2);
    assert_int_equal(parts.rows[1].n, 2);
    assert_string_equal(parts.remark, "");
    parts_free(&parts);
    message.text = "pppp";
    assert_false(parts_plan(&world.line, &message, &parts, &err));
    assert_string_equal(err.text, "the text needs 4 parts, the limit is 3");
    message.text = "";
    assert_false(parts_plan(&world.line, &message, &parts, &err));
}

static void test_manners(void **state)
{
    struct outgoing message = { .text = "p", .manner = "gently" };
    struct parts parts;
    struct world world;
    struct err err;

    (void)state;
    make(&world, &plain);
    assert_false(parts_plan(&world.line, &message, &parts, &err));
    assert_int_equal(err.kind, ERR_UNSUPPORTED);
    make(&world, &mannered);
    assert_true(parts_plan(&world.line, &message, &parts, &err));
    assert_string_equal(parts.remark, "sent gently");
    parts_free(&parts);
    make(&world, &plain);
    message.manner = "";
    assert_true(parts_plan(&world.line, &message, &parts, &err));
    parts_free(&parts);
}

/* The last character did not fit: nothing is left of it. */
static void test_long_words(void **state)
{
    struct outgoing message = { .text = "pw" };
    struct parts parts;
    struct world world;

    (void)state;
    make(&world, &plain);
    assert_true(parts_plan(&world.line, &message, &parts, NULL));
    assert_int_equal(strlen(parts.remark), 254);
    parts_free(&parts);
}

static void test_cost(void **state)
{
    struct cost cost;
    struct world world;
    struct err err;

    (void)state;
    make(&world, &plain);
    assert_true(network_cost(&world.network, "+1", "ppp", &cost, &err));
    assert_int_equal(cost.parts, 3);
    assert_string_equal(cost.about, "3 letters");
    assert_string_equal(cost.remark, "");
    assert_false(network_cost(&world.network, "+1", "x", &cost, &err));
    assert_string_equal(err.text, "much too long");
    world.line.state = LINE_BACKOFF; /* what it costs is known all the same */
    assert_true(network_cost(&world.network, "+1", "p", &cost, &err));
    world.core.lines = NULL;
    assert_false(network_cost(&world.network, "+1", "p", &cost, &err));
    assert_int_equal(err.kind, ERR_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan),
        cmocka_unit_test(test_manners),
        cmocka_unit_test(test_long_words),
        cmocka_unit_test(test_cost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
