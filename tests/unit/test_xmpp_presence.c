/* test_xmpp_presence.c - who is told of a change, and how often. */
#include "xmpp_scene.h"

#include "base/mem.h"
#include "core/front.h"

#define ALICE "a@example.org"
#define BOB "b@example.org"
#define PHONE "+447700900123"
#define CONTACT PHONE "@sms.localhost"

static size_t count(const char *text, const char *part)
{
    size_t n = 0;

    for (; (text = strstr(text, part)); text++)
        n++;
    return n;
}

static const char *presence(const char *from, const char *to, const char *type)
{
    char text[512];

    (void)snprintf(text, sizeof(text), "<presence from='%s' to='%s'%s%s%s/>",
                   from, to, *type ? " type='" : "", type, *type ? "'" : "");
    return converse(text);
}

static void change(struct scene *scene, enum health health, const char *why)
{
    scene->network.health = health;
    scene->network.health_text = why;
    component_front()->presence(scene->component);
}

static const char *const both[] = { ALICE, "",  ALICE, PHONE, BOB,
                                    "",    BOB, PHONE, NULL };

/* Everybody was told how things are. */
static void begin(struct scene *scene, const char *const *rows)
{
    scene_make(scene, NULL);
    scene->network.subscriptions = rows;
    scene_online(scene);
    fake_advance(5000);
    (void)fake_written();
}

/* Who is there, and who may be; not who is known to be away. */
static void test_available_only(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    begin(&scene, both);
    has(presence(ALICE "/r", "sms.localhost", ""), "<c ");
    has(presence(ALICE "/r", "sms.localhost", "unavailable"), "unavailable");
    change(&scene, HEALTH_DOWN, "sim1: no modem");
    fake_advance(5000);
    out = fake_written();
    assert_int_equal(count(out, "<presence "), 2);
    assert_int_equal(count(out, "to=\"" BOB "\""), 2);
    /* She is back: what she has missed. */
    out = presence(ALICE "/r", "sms.localhost", "");
    has(out, "<status>sim1: no modem</status>");
    fake_advance(1000);
    out = fake_written();
    assert_int_equal(count(out, "<presence "), 1);
    has(out, "from=\"" CONTACT "\"");
    has(out, "to=\"" ALICE "\"");
    change(&scene, HEALTH_GOOD, "");
    fake_advance(5000);
    assert_int_equal(count(fake_written(), "<presence "), 4);
    scene_clear(&scene);
}

/* Her server asks on her behalf, contact by contact: that is enough. */
static void test_back_by_probe(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, both);
    (void)presence(ALICE "/r", "sms.localhost", "");
    (void)presence(ALICE "/r", "sms.localhost", "unavailable");
    change(&scene, HEALTH_DOWN, "sim1: no modem");
    fake_advance(5000);
    (void)fake_written();
    (void)presence(ALICE "/r", "sms.localhost", "");
    has(presence(ALICE "/r", CONTACT, "probe"), "<show>dnd</show>");
    fake_advance(1000);
    assert_string_equal(fake_written(), "");
    scene_clear(&scene);
}

/* The answer to the probe at the start says that she is away. */
static void test_away_at_the_start(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    scene_make(&scene, NULL);
    scene.network.subscriptions = both;
    scene_online(&scene);
    fake_advance(40);
    assert_int_equal(count(fake_written(), "type=\"probe\""), 2);
    assert_string_equal(presence(ALICE, "sms.localhost", "unavailable"), "");
    fake_advance(5000);
    out = fake_written();
    assert_int_equal(count(out, "to=\"" ALICE "\""), 0);
    assert_int_equal(count(out, "to=\"" BOB "\""), 2);
    scene_clear(&scene);
}

/* What is in so much time's output; pings are answered. */
static size_t pass(unsigned seconds, const char *part)
{
    size_t n = 0;

    for (; seconds > 0; seconds--) {
        const char *out;

        fake_advance(1000);
        out = fake_written();
        n += count(out, part);
        if (strstr(out, "urn:xmpp:ping"))
            answer_ping(ping_id(out));
    }
    return n;
}

/* Prosody acknowledges a request for subscription with unavailable presence. */
static void test_acknowledgement(void **state)
{
    static const char *const rows[] = { ALICE, PHONE, NULL };
    struct scene scene;

    (void)state;
    begin(&scene, rows);
    assert_string_equal(presence(ALICE, "sms.localhost", "unavailable"), "");
    change(&scene, HEALTH_DOWN, "no");
    fake_advance(5000);
    assert_int_equal(count(fake_written(), "<presence "), 1);
    scene_clear(&scene);
}

/* A line that comes and goes every two seconds for ten minutes. */
static void test_flapping(void **state)
{
    size_t told = 0, first = 0;
    struct scene scene;

    (void)state;
    begin(&scene, both);
    for (unsigned i = 0; i < 300; i++) {
        change(&scene, i % 2 ? HEALTH_GOOD : HEALTH_DOWN, i % 2 ? "" : "no");
        told += pass(2, "from=\"" CONTACT "\"");
        if (i == 1)
            first = told;
    }
    assert_true(first >= 2); /* at once, or nearly */
    assert_true(told < 80);
    (void)pass(120, "<presence ");
    change(&scene, HEALTH_DOWN, "for good");
    assert_int_equal(pass(60, "for good"), 4);
    scene_clear(&scene);
}

/* A page of subscriptions is read when the one before is told: memory has a
 * ceiling, and so has what is lost when the stream dies. */
static void test_pages(void **state)
{
    enum { N = 3 * FAKE_PAGE + 7 };
    const char **rows = xcalloc(2 * N + 1, sizeof(*rows));
    char(*contacts)[16] = xcalloc(N, sizeof(*contacts));
    struct scene scene;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        (void)snprintf(contacts[i], sizeof(contacts[i]), "+4477%08zu", i);
        rows[2 * i] = ALICE;
        rows[2 * i + 1] = contacts[i];
    }
    begin(&scene, rows);
    scene.network.pages = 0;
    change(&scene, HEALTH_DOWN, "no");
    fake_advance(20);
    assert_int_equal(scene.network.pages, 1);
    fake_advance(500);
    assert_int_equal(scene.network.pages, 2);
    fake_advance(2000);
    assert_int_equal(scene.network.pages, 5);
    assert_int_equal(count(fake_written(), "<presence "), N);
    change(&scene, HEALTH_GOOD, "");
    fake_advance(1100);
    assert_true(count(fake_written(), "<presence ") > 0);
    fake_gone("the link");
    scene_clear(&scene);
    free(rows);
    free(contacts);
}

/* The last word is heard by those who are there. */
static void test_goodbye(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    begin(&scene, both);
    (void)presence(ALICE "/r", "sms.localhost", "");
    (void)presence(ALICE "/r", "sms.localhost", "unavailable");
    component_stop(scene.component, (void (*)(void *))free, NULL);
    fake_advance(2500);
    out = fake_written();
    assert_int_equal(count(out, "type=\"unavailable\""), 2);
    assert_int_equal(count(out, "to=\"" BOB "\""), 2);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_available_only),
        cmocka_unit_test(test_back_by_probe),
        cmocka_unit_test(test_away_at_the_start),
        cmocka_unit_test(test_acknowledgement),
        cmocka_unit_test(test_flapping),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_goodbye),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
