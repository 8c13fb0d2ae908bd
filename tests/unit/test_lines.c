/* test_lines.c - several lines in one network: who takes what, and what
 * becomes of it when one is away; on the real core and store. */
#include "core_scene.h"

#include "store/manage.h"
#include <json-c/json.h>

/* --- who takes it --------------------------------------------------------- */

static void conversations_alternate_and_stick(void **state)
{
    struct core_scene *s = *state;

    two_lines(s);
    send_text(s, JULIET, "one");
    expect_sent(s, 0, "one");
    send_text(s, NURSE, "two");
    expect_sent(s, 1, "two");
    send_text(s, JULIET, "three");
    expect_sent(s, 0, "three");
    send_text(s, NURSE, "four");
    expect_sent(s, 1, "four");
}

static void weights_share_out(void **state)
{
    struct core_scene *s = *state;
    char to[] = "+447700900100";
    size_t of_a = 0;

    scene_set(add_line(s, "a", "sim-a"), "weight", 3);
    add_line(s, "b", "sim-b");
    start_lines(s);
    for (size_t i = 0; i < 40; i++) {
        to[11] = (char)('0' + i / 10);
        to[12] = (char)('0' + i % 10);
        send_text(s, to, "hello");
        of_a += s->out[s->n_out - 1].line == s->lines[0];
        answer_sent(s, &s->out[s->n_out - 1], "7");
    }
    assert_int_equal(of_a, 30);
}

static void prefixes_and_costs(void **state)
{
    struct core_scene *s = *state;
    struct settings *home = add_line(s, "home", "sim-a");
    struct settings *abroad = add_line(s, "abroad", "sim-b");

    setting_add_item(settings_find(home, "prefixes"), "+44");
    setting_add_item(settings_find(abroad, "prefixes"), "!+1");
    scene_set(abroad, "cost", 5);
    start_lines(s);
    send_text(s, JULIET, "cheap");
    expect_sent(s, 0, "cheap");
    send_text(s, NURSE, "cheap too");
    expect_sent(s, 0, "cheap too");
    send_text(s, PARIS, "abroad");
    expect_sent(s, 1, "abroad");
    lose_line(s, 0);
    send_text(s, JULIET, "dearly");
    expect_sent(s, 1, "dearly");
}

static void nobody_carries_it(void **state)
{
    struct core_scene *s = *state;
    struct user_text message = { .account = "romeo@example.org",
                                 .from = "romeo@example.org/orchard",
                                 .contact = PARIS,
                                 .text = "bonjour" };

    setting_add_item(settings_find(add_line(s, "a", "sim-a"), "prefixes"),
                     "+44");
    start_lines(s);
    inbox_user_text(s->network, &message, on_done, s);
    assert_int_equal(s->done.kind, ERR_NOT_ALLOWED);
    assert_non_null(strstr(s->done.text, "no line"));
}

/* One answers where he was asked. */
static void replies_go_where_the_text_came_in(void **state)
{
    struct core_scene *s = *state;
    struct incoming in = { .chat = JULIET, .text = "hi", .remote_id = "1" };

    two_lines(s);
    send_text(s, NURSE, "first"); /* the next would go to b */
    expect_sent(s, 0, "first");
    send_text(s, JULIET, "at b");
    expect_sent(s, 1, "at b");
    line_received(s->lines[0], &in, 1, 0);
    run_until(s, is_quiet);
    send_text(s, JULIET, "at a");
    expect_sent(s, 0, "at a");
}

static void an_answer_does_not_move_what_has_begun(void **state)
{
    struct core_scene *s = *state;
    struct incoming in = { .chat = JULIET, .text = "hi", .remote_id = "1" };

    two_lines(s);
    send_text(s, JULIET, "0123456789second");
    expect_sent(s, 0, "0123456789");
    answer_failed(s, next_out(s, 0, "second"), ERR_TEMPORARY);
    line_received(s->lines[1], &in, 1, 0);
    run_until(s, is_quiet);
    network_wake(s->network);
    run_until(s, has_out);
    expect_sent(s, 0, "second");
}

/* --- one is away ---------------------------------------------------------- */

static void what_is_not_begun_goes_to_another_line(void **state)
{
    struct core_scene *s = *state;

    two_lines(s);
    send_text(s, JULIET, "one");
    expect_sent(s, 0, "one");
    lose_line(s, 0);
    send_text(s, JULIET, "two");
    expect_sent(s, 1, "two");
    plug_line(s, 0, "sim-a");
    send_text(s, JULIET, "three"); /* and stays there */
    expect_sent(s, 1, "three");
}

/* Waiting behind another text, planned, with an intent that was taken back. */
static void what_waits_in_a_line_goes_to_another(void **state)
{
    struct core_scene *s = *state;

    two_lines(s);
    send_text(s, JULIET, "one");
    expect_sent(s, 0, "one");
    send_text(s, JULIET, "hangs");
    send_text(s, NURSE, "elsewhere");
    expect_sent(s, 1, "elsewhere");
    send_text(s, JULIET, "waits");
    lose_line(s, 0); /* "hangs" is of unknown outcome and keeps its SIM */
    run_until(s, is_quiet);
    assert_int_equal(count_out(s), 0);
    scene_set(s->line_settings[1], "max_parts", 1);
    send_text(s, NURSE, "works");
    expect_sent(s, 1, "works");
}

static void a_refused_text_is_cut_anew_for_the_other_line(void **state)
{
    struct core_scene *s = *state;

    two_lines(s);
    send_text(s, JULIET, "refused");
    answer_failed(s, next_out(s, 0, "refused"), ERR_TEMPORARY);
    lose_line(s, 0);
    /* The other line's coming wakes what waits for its next try. */
    lose_line(s, 1);
    plug_line(s, 1, "sim-b");
    run_until(s, has_out);
    expect_sent(s, 1, "refused");
}

static void what_has_begun_stays_on_its_sim(void **state)
{
    struct core_scene *s = *state;

    s->network->settle_ms = 0;
    two_lines(s);
    send_text(s, JULIET, "0123456789second");
    expect_sent(s, 0, "0123456789");
    next_out(s, 0, "second");
    lose_line(s, 0);
    assert_int_equal(count_out(s), 0);
    lose_line(s, 1);
    plug_line(s, 1, "sim-a"); /* the SIM is in another modem now */
    run_until(s, has_out);
    assert_true(next_out(s, 1, "second")->repeat);
    expect_sent(s, 1, "second");
}

static struct json_object *counts;

static void on_counts(void *arg, struct json_object *object,
                      const struct err *err)
{
    (void)arg;
    (void)err;
    if (object)
        counts = json_object_get(object);
}

static int64_t counted(struct core_scene *s, const char *name)
{
    struct json_object *value;
    int64_t n;

    store_counts(s->core.store, on_counts, s);
    run_until(s, is_quiet);
    assert_true(json_object_object_get_ex(counts, name, &value));
    n = json_object_get_int64(value);
    json_object_put(counts);
    return n;
}

static int64_t delivered(struct core_scene *s)
{
    static const char *const path[] = { "sms", "to_line", "delivered" };
    struct json_object *value;
    int64_t n;

    store_counts(s->core.store, on_counts, s);
    run_until(s, is_quiet);
    value = counts;
    for (size_t i = 0; i < 3; i++)
        assert_true(json_object_object_get_ex(value, path[i], &value));
    n = json_object_get_int64(value);
    json_object_put(counts);
    return n;
}

static void what_has_begun_fails_over_after_a_while(void **state)
{
    struct core_scene *s = *state;

    s->network->settle_ms = 0;
    s->network->failover_ms = 150;
    two_lines(s);
    send_text(s, JULIET, "0123456789second");
    expect_sent(s, 0, "0123456789");
    send_text(s, JULIET, "behind");
    lose_line(s, 0);
    run_until(s, has_out);
    expect_sent(s, 1, "0123456789");
    expect_sent(s, 1, "second");
    expect_sent(s, 1, "behind");
    assert_int_equal(counted(s, "failovers"), 1);
    assert_int_equal(counted(s, "ambiguous_resend"), 1);
    plug_line(s, 0, "sim-a");
    assert_int_equal(count_out(s), 0);
}

/* What is said of a part of the first cut is no word on the second. */
static void a_late_report_of_the_first_sim_delivers_nothing(void **state)
{
    struct core_scene *s = *state;

    s->network->settle_ms = 0;
    s->network->failover_ms = 100;
    two_lines(s);
    send_text(s, JULIET, "0123456789second");
    expect_sent(s, 0, "0123456789");
    lose_line(s, 0);
    run_until(s, has_out);
    expect_sent(s, 1, "0123456789");
    answer_sent(s, next_out(s, 1, "second"), "8");
    line_report(s->lines[1], "8", JULIET, REPORT_DELIVERED, 0, NULL, 0);
    run_until(s, is_quiet);
    plug_line(s, 0, "sim-a");
    line_report(s->lines[0], "7", JULIET, REPORT_DELIVERED, 0, NULL, 0);
    run_until(s, is_quiet);
    assert_int_equal(delivered(s), 0);
    line_report(s->lines[1], "7", JULIET, REPORT_DELIVERED, 0, NULL, 0);
    run_until(s, is_quiet);
    assert_int_equal(delivered(s), 1);
}

/* A text of one part has arrived, whichever SIM brought it. */
static void a_late_report_of_a_short_text_delivers_it(void **state)
{
    struct core_scene *s = *state;

    s->network->settle_ms = 0;
    s->network->failover_ms = 100;
    two_lines(s);
    send_text(s, JULIET, "short");
    lose_line(s, 0);
    run_until(s, has_out);
    next_out(s, 1, "short");
    plug_line(s, 0, "sim-a");
    line_report(s->lines[0], "9", JULIET, REPORT_DELIVERED, 0, NULL, 0);
    run_until(s, is_quiet);
    assert_int_equal(delivered(s), 1);
    expect_sent(s, 1, "short");
    send_text(s, JULIET, "goes on");
    expect_sent(s, 1, "goes on");
}

static void hold_and_fail_come_before_fail_over(void **state)
{
    struct core_scene *s = *state;

    s->network->settle_ms = 0;
    s->network->failover_ms = 50;
    s->network->ambiguous = AMBIGUOUS_FAIL;
    two_lines(s);
    send_text(s, JULIET, "who knows");
    next_out(s, 0, "who knows");
    lose_line(s, 0);
    send_text(s, JULIET, "next");
    run_until(s, has_out);
    expect_sent(s, 1, "next");
    assert_int_equal(counted(s, "failovers"), 0);
}

static void a_line_that_starts_is_waited_for(void **state)
{
    struct core_scene *s = *state;

    two_lines(s);
    send_text(s, JULIET, "one");
    expect_sent(s, 0, "one");
    text_copy(s->sims[0], sizeof(s->sims[0]), "");
    scene_restart(s);
    send_text(s, JULIET, "two");
    assert_int_equal(count_out(s), 0);
    line_online(s->lines[0], CAP_TEXT | CAP_DELIVERED, "sim-a");
    run_until(s, has_out);
    expect_sent(s, 0, "two");
}

static void a_line_that_cannot_start_is_not(void **state)
{
    struct core_scene *s = *state;

    two_lines(s);
    send_text(s, JULIET, "one");
    expect_sent(s, 0, "one");
    text_copy(s->sims[0], sizeof(s->sims[0]), "");
    scene_restart(s);
    send_text(s, JULIET, "two");
    assert_int_equal(count_out(s), 0);
    line_offline(s->lines[0], &(struct err){ .kind = ERR_LINK });
    run_until(s, has_out);
    expect_sent(s, 1, "two");
}

static void another_driver_takes_over(void **state)
{
    struct core_scene *s = *state;

    add_line(s, "modem", "sim-a");
    add_line(s, "api", "api-b");
    start_line(s, 0, &radio);
    start_line(s, 1, &keyed_radio);
    run_until(s, lines_are_ready);
    send_text(s, JULIET, "0123456789second");
    answer_failed(s, next_out(s, 0, "0123456789"), ERR_TEMPORARY);
    lose_line(s, 0);
    lose_line(s, 1);
    plug_line(s, 1, "api-b");
    run_until(s, has_out);
    expect_sent(s, 1, "0123456789");
    run_until(s, has_out);
    expect_sent(s, 1, "second");
    send_text(s, JULIET, "third");
    expect_sent(s, 1, "third");
    assert_int_equal(counted(s, "failovers"), 0);
}

static void a_line_that_cannot_cut_it_is_passed_over(void **state)
{
    struct core_scene *s = *state;
    struct user_text message = { .account = "romeo@example.org",
                                 .from = "romeo@example.org/orchard",
                                 .contact = NURSE,
                                 .text = "0123456789012345678901234567890" };

    scene_set(add_line(s, "a", "sim-a"), "max_parts", 1);
    scene_set(add_line(s, "b", "sim-b"), "max_parts", 2);
    start_lines(s);
    send_text(s, JULIET, "0123456789second");
    expect_sent(s, 1, "0123456789");
    expect_sent(s, 1, "second");
    inbox_user_text(s->network, &message, on_done, s);
    assert_int_equal(s->done.kind, ERR_TOO_LONG);
}

/* One hangs with many texts for it: the others see none of that. */
static void a_line_that_hangs_holds_up_nobody_else(void **state)
{
    struct core_scene *s = *state;
    char to[] = "+447700901000";
    size_t n;

    setting_add_item(settings_find(s->network_settings, "inbox"),
                     "romeo@example.org");
    two_lines(s);
    send_text(s, JULIET, "hangs");
    next_out(s, 0, "hangs");
    send_text(s, NURSE, "one");
    expect_sent(s, 1, "one");
    for (int i = 0; i < 200; i++) {
        struct incoming in = { .chat = to, .text = "hi", .remote_id = to };

        to[10] = (char)('0' + i / 100);
        to[11] = (char)('0' + i / 10 % 10);
        to[12] = (char)('0' + i % 10);
        line_received(s->lines[0], &in, 1, 0); /* so they answer there */
        run_until(s, is_quiet);
        send_text(s, to, "to a");
    }
    for (int i = 0; i < 50; i++) {
        to[9] = '2';
        to[11] = (char)('0' + i / 10);
        to[12] = (char)('0' + i % 10);
        send_text(s, to, "new");
        expect_sent(s, 1, "new");
        s->n_out = 1;
    }
    n = s->lines[0]->in_hand;
    assert_true(n > 3 && n < 100); /* the rest is parked in the store */
    for (int i = 0; i < 20; i++) {
        send_text(s, NURSE, "meanwhile");
        expect_sent(s, 1, "meanwhile");
        s->n_out = 1;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CORE_SCENE(conversations_alternate_and_stick),
        CORE_SCENE(weights_share_out),
        CORE_SCENE(prefixes_and_costs),
        CORE_SCENE(nobody_carries_it),
        CORE_SCENE(replies_go_where_the_text_came_in),
        CORE_SCENE(an_answer_does_not_move_what_has_begun),
        CORE_SCENE(what_is_not_begun_goes_to_another_line),
        CORE_SCENE(what_waits_in_a_line_goes_to_another),
        CORE_SCENE(a_refused_text_is_cut_anew_for_the_other_line),
        CORE_SCENE(what_has_begun_stays_on_its_sim),
        CORE_SCENE(what_has_begun_fails_over_after_a_while),
        CORE_SCENE(a_late_report_of_the_first_sim_delivers_nothing),
        CORE_SCENE(a_late_report_of_a_short_text_delivers_it),
        CORE_SCENE(hold_and_fail_come_before_fail_over),
        CORE_SCENE(a_line_that_starts_is_waited_for),
        CORE_SCENE(a_line_that_cannot_start_is_not),
        CORE_SCENE(another_driver_takes_over),
        CORE_SCENE(a_line_that_cannot_cut_it_is_passed_over),
        CORE_SCENE(a_line_that_hangs_holds_up_nobody_else),
    };

    return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
