/* test_people.c - personal lines, teams and claims, on the real core. */
#include "core_scene.h"

#include "core/people.h"

#define TYBALT "tybalt@example.org"
#define ROMEO "romeo@example.org"
#define PARISH "romeo@parish.example.org"

enum { SHOWN_MAX = 32 };

/* What the front was told to show, in order. */
static struct {
    char account[64], contact[32], text[160];
} shown[SHOWN_MAX];
static size_t n_shown;

static bool note_shown(void *self, const struct delivery *delivery)
{
    assert_true(self && n_shown < SHOWN_MAX);
    text_copy(shown[n_shown].account, sizeof(shown[0].account),
              delivery->account);
    text_copy(shown[n_shown].contact, sizeof(shown[0].contact),
              delivery->contact);
    text_copy(shown[n_shown].text, sizeof(shown[0].text), delivery->text);
    n_shown++;
    return true;
}

static bool is_up(struct core_scene *s)
{
    return s->network->front_state == FRONT_UP && is_quiet(s);
}

static void begin(struct core_scene *s)
{
    static struct front front;

    front = scene_front;
    front.deliver = note_shown;
    network_set_front(s->network, &front, s);
    network_front_up(s->network);
    run_until(s, is_up);
    n_shown = 0;
}

/* How often the account saw this since the last call of forget(). */
static unsigned saw(const char *account, const char *text)
{
    unsigned times = 0;

    for (size_t i = 0; i < n_shown; i++)
        times += strcmp(shown[i].account, account) == 0 &&
                 strcmp(shown[i].text, text) == 0;
    return times;
}

static void forget(void)
{
    n_shown = 0;
}

static void comes_in(struct core_scene *s, size_t line, const char *text)
{
    struct incoming in = { .chat = JULIET, .text = text, .remote_id = text };

    line_received(s->lines[line], &in, 1, 0);
    run_until(s, is_quiet);
}

static void writes(struct core_scene *s, const char *account, const char *text,
                   const char *origin_id)
{
    struct user_text message = { .account = account,
                                 .from = account,
                                 .contact = JULIET,
                                 .origin_id = origin_id,
                                 .text = text };

    inbox_user_text(s->network, &message, on_done, s);
    run_until(s, is_quiet);
}

static void set_list(struct settings *s, const char *key, const char *const *to)
{
    for (; *to; to++)
        setting_add_item(settings_find(s, key), *to);
}

static const char *const team[] = { ROMEO, TYBALT, NULL };

/* --- personal lines ------------------------------------------------------- */

static struct core_scene *personal(void **state)
{
    struct core_scene *s = *state;
    struct settings *line = add_line(s, "hers", "sim-a");

    assert_true(setting_set_text(settings_find(line, "owner"), TYBALT, NULL));
    return s;
}

static void only_the_owner_sends(void **state)
{
    struct core_scene *s = personal(state);

    start_lines(s);
    begin(s);
    writes(s, ROMEO, "mine?", NULL);
    assert_int_equal(s->done.kind, ERR_FORBIDDEN);
    assert_int_equal(s->n_out, 0);
    writes(s, TYBALT, "mine", NULL);
    assert_int_equal(s->done.kind, ERR_NONE);
    expect_sent(s, 0, "mine");
}

static void others_take_the_other_line(void **state)
{
    struct core_scene *s = personal(state);

    add_line(s, "ours", "sim-b");
    start_lines(s);
    begin(s);
    for (int i = 0; i < 3; i++) {
        writes(s, ROMEO, "mine", NULL);
        expect_sent(s, 1, "mine");
    }
    lose_line(s, 1);
    writes(s, ROMEO, "waits", NULL);
    assert_int_equal(s->done.kind, ERR_NONE);
    assert_int_equal(count_out(s), 0);
}

static void what_comes_in_is_the_owners(void **state)
{
    struct core_scene *s = personal(state);

    add_line(s, "ours", "sim-b");
    start_lines(s);
    begin(s);
    writes(s, ROMEO, "hello", NULL);
    expect_sent(s, 1, "hello");
    comes_in(s, 0, "to her number");
    comes_in(s, 1, "to ours");
    assert_int_equal(saw(TYBALT, "to her number"), 1);
    assert_int_equal(saw(ROMEO, "to ours"), 1);
    assert_int_equal(n_shown, 2);
}

/* --- teams ---------------------------------------------------------------- */

static struct core_scene *with_team(void **state)
{
    struct core_scene *s = *state;

    set_list(s->network_settings, "team", team);
    add_line(s, "a", "sim-a");
    start_lines(s);
    begin(s);
    return s;
}

static void all_of_a_team_see_all(void **state)
{
    struct core_scene *s = with_team(state);

    comes_in(s, 0, "help");
    comes_in(s, 0, "help"); /* the SIM shows it again */
    assert_int_equal(saw(ROMEO, "help"), 1);
    assert_int_equal(saw(TYBALT, "help"), 1);
    forget();
    writes(s, ROMEO, "coming", "o1");
    writes(s, ROMEO, "coming", "o1"); /* sent again by his client */
    expect_sent(s, 0, "coming");
    assert_int_equal(saw(TYBALT, "[romeo] coming"), 1);
    assert_int_equal(n_shown, 1);
}

static void who_is_not_in_the_team_is_refused(void **state)
{
    struct core_scene *s = with_team(state);

    writes(s, PARISH, "let me in", NULL);
    assert_int_equal(s->done.kind, ERR_FORBIDDEN);
    assert_int_equal(s->n_out, 0);
    assert_int_equal(n_shown, 0);
}

/* No copy of what was not accepted. */
static void a_refused_text_has_no_copies(void **state)
{
    struct core_scene *s = with_team(state);

    assert_true(limits_parse("1 messages/month",
                             &s->network->limits.allowance.account, NULL));
    writes(s, ROMEO, "one", "first");
    assert_int_equal(n_shown, 1);
    writes(s, ROMEO, "one too many", "second");
    assert_int_equal(s->done.kind, ERR_LIMITED);
    assert_int_equal(n_shown, 1);
    assert_int_equal(s->n_out, 1);
}

/* Who is in a team needs no registration. */
static void the_admins_word_is_enough(void **state)
{
    struct core_scene *s = with_team(state);

    s->network->registration = REGISTRATION_CLOSED;
    writes(s, ROMEO, "hello", NULL);
    assert_int_equal(s->done.kind, ERR_NONE);
    assert_int_equal(n_shown, 1);
}

/* Another team of the same network has nothing to do with it. */
static void a_line_may_have_another_team(void **state)
{
    static const char *const others[] = { PARISH, "nurse@example.org", NULL };
    struct core_scene *s = *state;

    set_list(s->network_settings, "team", team);
    add_line(s, "a", "sim-a");
    set_list(add_line(s, "b", "sim-b"), "team", others);
    start_lines(s);
    begin(s);
    comes_in(s, 1, "for b");
    assert_int_equal(saw(PARISH, "for b"), 1);
    assert_int_equal(saw("nurse@example.org", "for b"), 1);
    assert_int_equal(n_shown, 2);
    forget();
    writes(s, PARISH, "from b", NULL);
    expect_sent(s, 1, "from b");
    assert_int_equal(saw("nurse@example.org", "[romeo] from b"), 1);
    assert_int_equal(n_shown, 1);
}

static void the_mark_is_clear(void **state)
{
    const char *jids[] = { ROMEO, PARISH, TYBALT };
    const struct people people = { jids, 3 };
    char *same = people_marked(&people, ROMEO, "x");
    char *other = people_marked(&people, TYBALT, "x");

    (void)state;
    assert_string_equal(same, "[romeo@example.org] x");
    assert_string_equal(other, "[tybalt] x");
    free(same);
    free(other);
}

/* --- claims --------------------------------------------------------------- */

static void on_claimed(void *arg, const struct err *err)
{
    struct core_scene *s = arg;

    s->done = err ? *err : (struct err){ 0 };
}

static enum err_kind claims(struct core_scene *s, const char *account,
                            unsigned hours)
{
    claim_take(s->network, account, JULIET, hours, on_claimed, s);
    run_until(s, is_quiet);
    return s->done.kind;
}

static enum err_kind releases(struct core_scene *s, const char *account,
                              bool anyone)
{
    claim_release(s->network, account, JULIET, anyone, on_claimed, s);
    run_until(s, is_quiet);
    return s->done.kind;
}

static void only_who_claimed_sees_more(void **state)
{
    struct core_scene *s = with_team(state);

    comes_in(s, 0, "one");
    forget();
    assert_int_equal(claims(s, ROMEO, 1), ERR_NONE);
    assert_int_equal(n_shown, 1);
    assert_string_equal(shown[0].account, TYBALT);
    assert_string_equal(shown[0].contact, JULIET);
    assert_non_null(strstr(shown[0].text, "[romeo] answers"));
    forget();
    comes_in(s, 0, "two");
    writes(s, ROMEO, "quiet", NULL);
    assert_int_equal(saw(ROMEO, "two"), 1);
    assert_int_equal(n_shown, 1);
    writes(s, TYBALT, "me too", NULL);
    assert_int_equal(saw(ROMEO, "[tybalt] me too"), 1);
    assert_int_equal(releases(s, ROMEO, false), ERR_NONE);
    assert_int_equal(claim_until(s->network, JULIET), 0);
    forget();
    comes_in(s, 0, "three");
    assert_int_equal(saw(TYBALT, "three"), 1);
    assert_int_equal(saw(ROMEO, "three"), 1);
}

static void a_claim_is_one_mans(void **state)
{
    struct core_scene *s = with_team(state);

    assert_int_equal(claims(s, PARISH, 1), ERR_FORBIDDEN);
    assert_int_equal(releases(s, ROMEO, true), ERR_NOT_ALLOWED);
    assert_int_equal(claims(s, ROMEO, 1), ERR_NONE);
    assert_int_equal(claims(s, TYBALT, 1), ERR_NOT_ALLOWED);
    assert_non_null(strstr(s->done.text, ROMEO));
    assert_int_equal(releases(s, TYBALT, false), ERR_NOT_ALLOWED);
    assert_int_equal(claims(s, ROMEO, 2), ERR_NONE);
    assert_int_equal(releases(s, TYBALT, true), ERR_NONE);
    assert_int_equal(claims(s, TYBALT, 1), ERR_NONE);
}

static void a_claim_outlives_the_gateway(void **state)
{
    struct core_scene *s = with_team(state);

    assert_int_equal(claims(s, TYBALT, 1), ERR_NONE);
    scene_restart(s);
    network_lines_ready(s->network);
    begin(s);
    comes_in(s, 0, "still his");
    assert_int_equal(saw(TYBALT, "still his"), 1);
    assert_int_equal(n_shown, 1);
}

static void a_claim_runs_out(void **state)
{
    struct core_scene *s = with_team(state);

    assert_int_equal(claims(s, TYBALT, 0), ERR_NONE);
    forget();
    comes_in(s, 0, "for all");
    assert_int_equal(saw(TYBALT, "for all"), 1);
    assert_int_equal(saw(ROMEO, "for all"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CORE_SCENE(only_the_owner_sends),
        CORE_SCENE(others_take_the_other_line),
        CORE_SCENE(what_comes_in_is_the_owners),
        CORE_SCENE(all_of_a_team_see_all),
        CORE_SCENE(who_is_not_in_the_team_is_refused),
        CORE_SCENE(a_refused_text_has_no_copies),
        CORE_SCENE(the_admins_word_is_enough),
        CORE_SCENE(a_line_may_have_another_team),
        cmocka_unit_test(the_mark_is_clear),
        CORE_SCENE(only_who_claimed_sees_more),
        CORE_SCENE(a_claim_is_one_mans),
        CORE_SCENE(a_claim_outlives_the_gateway),
        CORE_SCENE(a_claim_runs_out),
    };

    return cmocka_run_group_tests_name("people", tests, NULL, NULL);
}
