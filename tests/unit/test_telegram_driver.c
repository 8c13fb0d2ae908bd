/* test_telegram_driver.c - the driver against the fake core and a server with
 * canned answers: offset and ack, invitations, plans. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fake_core.h"
#include "on_http.h"
#include "telegram/invites.h"
#include "telegram/media.h"
#include "telegram/reactions.h"

extern const struct driver telegram_driver;

enum { WAIT = 5000, ROOM = 2000, ANSWERS = 6 };

/* Whole HTTP answers; NULL ends the server. */
struct scene {
    struct liar liar;
    char texts[ANSWERS][ROOM];
    const char *answers[ANSWERS + 1];
    struct fake *fake;
};

static void put_answer(struct scene *scene, size_t i, const char *result)
{
    int size = (int)strlen("{\"ok\":true,\"result\":}") + (int)strlen(result);

    snprintf(scene->texts[i], ROOM,
             "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n"
             "\r\n{\"ok\":true,\"result\":%s}",
             size, result);
}

/* Started, online, and its first poll not yet sent. */
static struct scene *scene_new(size_t n)
{
    static const char me[] = "{\"id\":42,\"username\":\"moon_bot\"}";
    struct scene *scene = xcalloc(1, sizeof(*scene));
    char api[64];
    const char *options[] = { "token=42:abc", api, "poll_timeout=0", NULL };

    for (size_t i = 0; i < n; i++) {
        put_answer(scene, i, i == 0 ? me : "[]");
        scene->answers[i] = scene->texts[i];
    }
    liar_begin(&scene->liar, scene->answers, false);
    snprintf(api, sizeof(api), "api=http://127.0.0.1:%d", scene->liar.port);
    scene->fake = fake_new(&telegram_driver, options);
    assert_true(fake_start(scene->fake));
    assert_non_null(fake_wait(scene->fake, "online ", WAIT));
    return scene;
}

static void scene_free(struct scene *scene)
{
    fake_free(scene->fake);
    liar_end(&scene->liar);
    free(scene);
}

static void put_text(struct scene *scene, size_t i, int update,
                     const char *text)
{
    char result[ROOM / 2];

    snprintf(result, sizeof(result),
             "[{\"update_id\":%d,\"message\":{\"message_id\":%d,\"date\":9,"
             "\"chat\":{\"id\":7,\"type\":\"private\"},\"text\":\"%s\"}}]",
             update, update, text);
    put_answer(scene, i, result);
}

static void test_offset(void **state)
{
    struct scene *scene = scene_new(4);

    (void)state;
    put_text(scene, 1, 10, "one");
    put_text(scene, 2, 11, "two");
    fake_ack(scene->fake, ACK_STORED, true);
    assert_non_null(
        fake_wait(scene->fake, "received 7|one in slot 7:10@42", WAIT));
    /* Nothing is confirmed, and nothing asked, before the ack. */
    fake_run(scene->fake, 100);
    assert_int_equal(fake_count(scene->fake, "state offset 1"), 0);
    assert_int_equal(scene->liar.requests, 2);
    fake_release(scene->fake);
    assert_non_null(fake_wait(scene->fake, "state offset 11 ", WAIT));
    assert_non_null(fake_wait(scene->fake, "received 7|two", WAIT));
    assert_non_null(strstr(scene->liar.last, "\"offset\":11"));
    assert_non_null(fake_wait(scene->fake, "state offset 12 ", WAIT));
    scene_free(scene);
}

static void test_refused_by_the_store(void **state)
{
    struct scene *scene = scene_new(5);

    (void)state;
    put_text(scene, 1, 10, "one");
    put_text(scene, 2, 10, "one"); /* for getChat, which ignores it */
    put_text(scene, 3, 10, "one");
    fake_ack(scene->fake, ACK_RETRY, false);
    assert_non_null(fake_wait(scene->fake, "received 7|one", WAIT));
    assert_non_null(fake_wait(scene->fake, "received 7|one", WAIT));
    assert_null(strstr(scene->liar.last, "\"offset\""));
    assert_int_equal(fake_count(scene->fake, "state offset 1"), 0);
    scene_free(scene);
}

/* It has nothing, and then nothing new, and does not hold the request. */
static void test_a_server_that_does_not_wait(void **state)
{
    int64_t start = clock_mono_ms();
    struct scene *scene = scene_new(6);

    (void)state;
    put_text(scene, 2, 10, "one");
    put_text(scene, 3, 10, "one");
    put_text(scene, 4, 11, "two"); /* for getChat, which ignores it */
    put_text(scene, 5, 11, "two");
    fake_ack(scene->fake, ACK_STORED, false);
    assert_non_null(fake_wait(scene->fake, "received 7|one", WAIT));
    assert_true(clock_mono_ms() - start >= 900);
    assert_non_null(fake_wait(scene->fake, "received 7|two", WAIT));
    assert_true(clock_mono_ms() - start >= 1900);
    scene_free(scene);
}

/* The chat is asked for its picture once, and what it has is told. */
static void test_picture(void **state)
{
    struct scene *scene = scene_new(4);

    (void)state;
    put_text(scene, 1, 10, "one");
    put_answer(scene, 2,
               "{\"id\":7,\"photo\":{\"small_file_id\":\"file\","
               "\"small_file_unique_id\":\"unique\"}}");
    fake_ack(scene->fake, ACK_STORED, true);
    assert_non_null(fake_wait(scene->fake, "received 7|one", WAIT));
    assert_non_null(fake_wait(scene->fake, "picture 7 unique file", WAIT));
    assert_non_null(strstr(scene->liar.last, "{\"chat_id\":7}"));
    fake_run(scene->fake, 1200);
    assert_int_equal(scene->liar.requests, 3);
    scene_free(scene);
}

static void test_invitation(void **state)
{
    struct scene *scene = scene_new(4);
    const char *answer;
    char start[64];

    (void)state;
    assert_true(fake_command(scene->fake, "invite", "juliet@example.org", 3));
    answer =
        fake_wait(scene->fake, "answer 3 https://t.me/moon_bot?start=", WAIT);
    assert_non_null(answer);
    snprintf(start, sizeof(start), "/start %s", strchr(answer, '=') + 1);
    put_text(scene, 1, 10, start);
    put_text(scene, 2, 11, "/start wrong");
    answer = fake_wait(scene->fake, "received 7|[Your invitation", WAIT);
    assert_non_null(answer);
    assert_non_null(strstr(answer, " for juliet@example.org"));
    answer = fake_wait(scene->fake, "received 7|/start in", WAIT);
    assert_non_null(answer);
    assert_null(strstr(answer, " for "));
    assert_false(fake_command(scene->fake, "invite", "", 4));
    scene_free(scene);
}

static void test_invites(void **state)
{
    char *a = invites_add(NULL, "c1", "juliet@example.org", 1000);
    char *b = invites_add(a, "c2", "romeo@example.org", 2000);
    char *used, *jid, *after;
    const int64_t days = INVITE_DAYS * 86400LL * 1000;

    (void)state;
    assert_null(invites_use(b, "c3", 7, 3000, &after));
    assert_null(invites_use(b, "c", 7, 3000, &after));
    assert_null(invites_use(NULL, "c1", 7, 3000, &after));
    assert_null(invites_use("rubbish", "rubbish", 7, 3000, &after));
    assert_null(invites_use(b, "c1", 7, 1000 + days, &after));
    jid = invites_use(b, "c1", 7, 3000, &used);
    assert_string_equal(jid, "juliet@example.org");
    free(jid);
    assert_null(invites_use(used, "c1", 8, 3000, &after));
    jid = invites_use(used, "c1", 7, 3000, &after);
    assert_string_equal(jid, "juliet@example.org");
    free(jid);
    free(after);
    jid = invites_use(used, "c2", 8, 3000, &after);
    assert_string_equal(jid, "romeo@example.org");
    free(jid);
    free(after);
    free(used);
    free(a);
    /* Those that are over go, and so do the oldest of too many. */
    a = invites_add(b, "c4", "x@y", 1500 + days);
    assert_null(strstr(a, "c1 "));
    assert_non_null(strstr(a, "c2 "));
    free(b);
    for (int i = 0; i < INVITES_OF_ONE; i++) {
        b = invites_add(a, "mine", "z@y", 1500 + days);
        free(a);
        a = b;
    }
    b = invites_add(a, "last", "z@y", 1500 + days);
    assert_int_equal(strlen(b), strlen(a));
    assert_non_null(strstr(b, "c4 "));
    free(a);
    a = b;
    for (int i = 0; i < INVITES_MAX; i++) {
        char who[16];

        snprintf(who, sizeof(who), "%d@y", i);
        b = invites_add(a, "more", who, 1500 + days);
        free(a);
        a = b;
    }
    assert_null(strstr(a, "c4 "));
    free(a);
}

static void test_plan(void **state)
{
    struct scene *scene = scene_new(2);
    static const char bold[] =
        "{\"text\":\"hi\",\"entities\":[{\"type\":\"bold\",\"offset\":0,"
        "\"length\":2}]}";
    static char text[10000];
    const char *part;
    size_t size;

    (void)state;
    assert_int_equal(fake_plan(scene->fake, "7", "*hi*"), 1);
    part = fake_part(scene->fake, 0, &size);
    assert_int_equal(size, strlen(bold));
    assert_memory_equal(part, bold, size);
    memset(text, 'x', sizeof(text) - 1);
    assert_int_equal(fake_plan(scene->fake, "-7", text), 3);
    assert_int_equal(fake_plan(scene->fake, "7", " \n"), 0);
    assert_int_equal(fake_plan(scene->fake, "romeo", "hi"), 0);
    assert_int_equal(fake_plan(scene->fake, "+447700900123", "hi"), 0);
    assert_int_equal(fake_plan(scene->fake, "0", "hi"), 0);
    assert_int_equal(fake_plan(scene->fake, "99999999999999999", "hi"), 0);
    scene_free(scene);
}

static void test_media_ways(void **state)
{
    static const struct {
        const char *url, *method;
    } rows[] = {
        { "https://x/a.jpg", "sendPhoto" },
        { "https://x/a.PNG?y=1", "sendPhoto" },
        { "https://x/a.gif#z", "sendAnimation" },
        { "https://x/a.pdf", "sendDocument" },
        { "https://x/a.opus", "sendVoice" },
        { "https://x/a.exe", NULL },
        { "https://x/?a.jpg", NULL },
        { ".jpg", NULL },
        { "", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct media_way *way = media_way(rows[i].url);

        assert_true(!way == !rows[i].method);
        if (way)
            assert_string_equal(way->method, rows[i].method);
        assert_ptr_equal(media_way_named(rows[i].method), way);
    }
    assert_null(media_way_named("sendMessage"));
}

/* What came with a message is looked for when it is wanted. */
static void test_locate(void **state)
{
    struct scene *scene = scene_new(4);

    (void)state;
    put_answer(scene, 1,
               "[{\"update_id\":1,\"message\":{\"message_id\":1,\"chat\":{"
               "\"id\":7},\"photo\":[{\"file_id\":\"a\"},{\"file_id\":"
               "\"b\",\"file_size\":9},{\"file_id\":\"c\",\"file_size\":"
               "99999999}]}}]");
    fake_ack(scene->fake, ACK_STORED, true);
    assert_non_null(fake_wait(scene->fake, "received 7|", WAIT));
    assert_non_null(
        fake_wait(scene->fake, "attached b image/jpeg photo.jpg 9", WAIT));
    put_answer(scene, 2, "{\"file_path\":\"photos/1.jpg\"}");
    put_answer(scene, 3, "{\"file_path\":\"../etc/passwd\"}");
    assert_true(telegram_driver.locate(fake_line(scene->fake), "b", 5, NULL));
    assert_non_null(fake_wait(scene->fake, "located 5 api http://", WAIT));
    assert_non_null(strstr(scene->liar.last, "\"file_id\":\"b\""));
    assert_true(telegram_driver.locate(fake_line(scene->fake), "b", 6, NULL));
    assert_non_null(fake_wait(scene->fake, "located 6 rejected", WAIT));
    scene_free(scene);
}

static void test_wrong_options(void **state)
{
    static const char *const tokens[] = { "token=x", "token=1:", "token=1:a b",
                                          "token=:a" };

    (void)state;
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        const char *options[] = { tokens[i], NULL };
        struct fake *fake = fake_new(&telegram_driver, options);

        assert_false(fake_start(fake));
        assert_int_equal(fake_error(fake)->kind, ERR_CONFIG);
        fake_free(fake);
    }
}

static void test_reactions(void **state)
{
    (void)state;
    assert_true(reaction_is_allowed("\xf0\x9f\x91\x8d"));
    assert_true(reaction_is_allowed("\xe2\x9d\xa4"));
    assert_true(reaction_is_allowed("\xe2\x9d\xa4\xef\xb8\x8f"));
    assert_false(reaction_is_allowed("\xef\xb8\x8f"));
    assert_false(reaction_is_allowed(""));
    assert_false(reaction_is_allowed("x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offset),
        cmocka_unit_test(test_refused_by_the_store),
        cmocka_unit_test(test_a_server_that_does_not_wait),
        cmocka_unit_test(test_invitation),
        cmocka_unit_test(test_picture),
        cmocka_unit_test(test_invites),
        cmocka_unit_test(test_plan),
        cmocka_unit_test(test_wrong_options),
        cmocka_unit_test(test_media_ways),
        cmocka_unit_test(test_locate),
        cmocka_unit_test(test_reactions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
