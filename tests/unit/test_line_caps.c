/* test_line_caps.c - what a line may not send: caps, pause and drain, and what
 * contacts see of it; on the real core and store. */
#include "core_scene.h"

/* --- caps ---------------------------------------------------------------- */

static void a_cap_is_exact_and_kept(void **state)
{
    struct core_scene *s = *state;

    scene_set(add_line(s, "a", "sim-a"), "parts_per_day", 3);
    start_lines(s);
    send_text(s, JULIET, "0123456789second");
    expect_sent(s, 0, "0123456789");
    expect_sent(s, 0, "second");
    send_text(s, JULIET, "0123456789too long"); /* only one part is left */
    send_text(s, NURSE, "fits");
    expect_sent(s, 0, "fits");
    send_text(s, NURSE, "not today");
    assert_int_equal(count_out(s), 0);
    assert_int_equal(s->lines[0]->quota.spans[QUOTA_DAY].used, 3);
    scene_restart(s);
    run_until(s, is_quiet);
    assert_int_equal(count_out(s), 0);
    assert_int_equal(s->lines[0]->quota.spans[QUOTA_DAY].used, 3);
    assert_int_equal(s->lines[0]->quota.spans[QUOTA_MONTH].used, 3);
}

static void a_capped_line_leaves_it_to_another(void **state)
{
    struct core_scene *s = *state;

    scene_set(add_line(s, "a", "sim-a"), "parts_per_month", 1);
    add_line(s, "b", "sim-b");
    start_lines(s);
    send_text(s, JULIET, "one");
    expect_sent(s, 0, "one");
    send_text(s, JULIET, "two");
    expect_sent(s, 1, "two");
}

static void a_refused_part_is_given_back(void **state)
{
    struct core_scene *s = *state;

    scene_set(add_line(s, "a", "sim-a"), "parts_per_day", 1);
    start_lines(s);
    send_text(s, JULIET, "refused");
    answer_failed(s, next_out(s, 0, "refused"), ERR_REJECTED);
    assert_int_equal(s->lines[0]->quota.spans[QUOTA_DAY].used, 0);
    send_text(s, JULIET, "fits");
    expect_sent(s, 0, "fits");
    scene_restart(s);
    assert_int_equal(s->lines[0]->quota.spans[QUOTA_DAY].used, 1);
}

/* By SIM: a line that is renamed, or moved, does not begin at nothing. */
static void caps_go_with_the_sim(void **state)
{
    struct core_scene *s = *state;

    two_lines(s);
    send_text(s, JULIET, "one");
    expect_sent(s, 0, "one");
    lose_line(s, 0);
    lose_line(s, 1);
    plug_line(s, 1, "sim-a");
    assert_int_equal(s->lines[1]->quota.spans[QUOTA_DAY].used, 1);
    plug_line(s, 0, "sim-c");
    assert_int_equal(s->lines[0]->quota.spans[QUOTA_DAY].used, 0);
}

static bool minute_is_over(struct core_scene *s)
{
    (void)s;
    return clock_wall_ms() % 60000 < 57000;
}

/* A text longer than the cap of a minute goes on in the next one. */
static void a_long_text_pauses_at_the_cap(void **state)
{
    struct core_scene *s = *state;

    scene_set(add_line(s, "a", "sim-a"), "parts_per_minute", 1);
    start_lines(s);
    run_until(s, minute_is_over);
    send_text(s, JULIET, "0123456789second");
    expect_sent(s, 0, "0123456789");
    assert_int_equal(count_out(s), 0);
    /* As if the minute had passed. */
    s->lines[0]->quota.spans[QUOTA_MINUTE].used = 0;
    network_wake(s->network);
    run_until(s, has_out);
    expect_sent(s, 0, "second");
}

static void a_cap_of_a_keyed_line(void **state)
{
    struct core_scene *s = *state;

    scene_set(add_line(s, "api", "api-a"), "parts_per_day", 2);
    start_line(s, 0, &keyed_radio);
    run_until(s, lines_are_ready);
    send_text(s, JULIET, "0123456789second");
    expect_sent(s, 0, "0123456789");
    run_until(s, has_out);
    expect_sent(s, 0, "second");
    assert_int_equal(s->lines[0]->quota.spans[QUOTA_DAY].used, 2);
    assert_int_equal(s->lines[0]->quota.reserved, 0);
    send_text(s, JULIET, "not today");
    assert_int_equal(count_out(s), 0);
}

/* --- pause and drain ----------------------------------------------------- */

static void a_paused_line_sends_nothing(void **state)
{
    struct core_scene *s = *state;

    two_lines(s);
    send_text(s, JULIET, "one");
    expect_sent(s, 0, "one");
    line_pause(s->lines[0]);
    send_text(s, JULIET, "two");
    expect_sent(s, 1, "two");
    scene_restart(s);
    assert_int_equal(s->lines[0]->duty, DUTY_PAUSED);
    line_pause(s->lines[1]);
    send_text(s, JULIET, "three");
    assert_int_equal(count_out(s), 0);
    line_resume(s->lines[0]);
    run_until(s, has_out);
    expect_sent(s, 0, "three");
}

static void a_pause_stops_between_parts(void **state)
{
    struct core_scene *s = *state;

    two_lines(s);
    send_text(s, JULIET, "0123456789second");
    line_pause(s->lines[0]);
    expect_sent(s, 0, "0123456789");
    assert_int_equal(count_out(s), 0);
    line_resume(s->lines[0]);
    run_until(s, has_out);
    expect_sent(s, 0, "second");
}

static bool is_paused(struct core_scene *s)
{
    return s->lines[0]->duty == DUTY_PAUSED && is_quiet(s);
}

static void a_drain_finishes_what_has_begun(void **state)
{
    struct core_scene *s = *state;

    two_lines(s);
    send_text(s, JULIET, "0123456789second");
    send_text(s, JULIET, "behind");
    line_drain(s->lines[0]);
    assert_int_equal(s->lines[0]->duty, DUTY_DRAINING);
    expect_sent(s, 0, "0123456789");
    expect_sent(s, 0, "second");
    run_until(s, has_out);
    expect_sent(s, 1, "behind");
    run_until(s, is_paused);
    scene_restart(s);
    assert_int_equal(s->lines[0]->duty, DUTY_PAUSED);
}

/* --- what is shown ------------------------------------------------------- */

static void contacts_see_their_own_route(void **state)
{
    struct core_scene *s = *state;
    char text[256];

    setting_add_item(settings_find(add_line(s, "a", "sim-a"), "prefixes"),
                     "+44");
    add_line(s, "b", "sim-b");
    start_lines(s);
    s->network->front_state = FRONT_UP;
    lose_line(s, 1);
    assert_true(s->presences > 0);
    assert_int_equal(network_health(s->network, text, sizeof(text)),
                     HEALTH_TROUBLE);
    assert_string_equal(text, "b: unplugged");
    assert_int_equal(network_contact_health(s->network, JULIET, text, 256),
                     HEALTH_GOOD);
    assert_int_equal(network_contact_health(s->network, PARIS, text, 256),
                     HEALTH_DOWN);
    line_pause(s->lines[0]);
    assert_int_equal(network_contact_health(s->network, JULIET, text, 256),
                     HEALTH_DOWN);
    assert_int_equal(network_contact_health(s->network, "", text, 256),
                     HEALTH_DOWN);
    s->network->front_state = FRONT_DOWN;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CORE_SCENE(a_cap_is_exact_and_kept),
        CORE_SCENE(a_capped_line_leaves_it_to_another),
        CORE_SCENE(a_refused_part_is_given_back),
        CORE_SCENE(caps_go_with_the_sim),
        CORE_SCENE(a_long_text_pauses_at_the_cap),
        CORE_SCENE(a_cap_of_a_keyed_line),
        CORE_SCENE(a_paused_line_sends_nothing),
        CORE_SCENE(a_pause_stops_between_parts),
        CORE_SCENE(a_drain_finishes_what_has_begun),
        CORE_SCENE(contacts_see_their_own_route),
    };

    return cmocka_run_group_tests_name("line caps", tests, NULL, NULL);
}
