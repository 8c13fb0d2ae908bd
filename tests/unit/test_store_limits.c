/* test_store_limits.c - what is accepted is counted with it: exactly, across
 * restarts and rollbacks; pauses, and quiet hours. */
#include "store_scene.h"

#include <stdlib.h>
#include <time.h>

#include "base/kind.h"
#include "base/limit.h"

#define ROMEO "romeo@example.org"
#define BENVOLIO "benvolio@example.org"
#define PHONE "+447700900001"
#define NURSE "+447700900002"

static struct allowance allowance;

static int limits_setup(void **state)
{
    allowance = (struct allowance){ .pause_ms = 3600000 };
    return scene_setup(state);
}

#define LIMITS(name)                                                           \
    cmocka_unit_test_setup_teardown(name, limits_setup, scene_teardown)

static void cap(struct limits *limits, const char *text)
{
    assert_true(limits_parse(text, limits, NULL));
}

static struct entry text_to(const char *account, const char *contact,
                            size_t parts)
{
    struct entry entry = scene_out(account, contact, "hi");

    entry.allowance = &allowance;
    entry.cost = parts;
    return entry;
}

static struct entry_result *try(struct scene *s, const char *account,
                                const char *contact, size_t parts)
{
    struct entry entry = text_to(account, contact, parts);

    return scene_accept(s, &entry);
}

static bool goes(struct scene *s, const char *account, const char *contact,
                 size_t parts)
{
    struct entry_result *result = try(s, account, contact, parts);

    return result->outcome != ENTRY_REFUSED;
}

static void on_changed(void *arg, bool made, const struct err *err)
{
    (void)made;
    scene_keep(arg, err);
}

static void put(struct scene *s, struct account_change change)
{
    change.network = "sms";
    change.jid = ROMEO;
    store_account_put(s->store, &change, on_changed, s);
    scene_wait(s);
    assert_false(s->failed);
}

/* --- amounts -------------------------------------------------------------- */

static void so_many_and_no_more(void **state)
{
    struct scene *s = *state;
    struct entry entries[5];

    cap(&allowance.account, "3 messages/month");
    for (size_t i = 0; i < 5; i++)
        entries[i] = text_to(ROMEO, i % 2 ? PHONE : NURSE, 1);
    scene_accept_all(s, entries, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(s->results[i].outcome,
                         i < 3 ? ENTRY_QUEUED : ENTRY_REFUSED);
    assert_int_equal(s->results[4].err.kind, ERR_LIMITED);
    assert_non_null(strstr(s->results[4].err.text, "3 of 3 texts this month"));
    assert_true(goes(s, BENVOLIO, PHONE, 1)); /* each has his own */
    scene_reopen(s);
    assert_false(goes(s, ROMEO, PHONE, 1));
}

static void parts_are_counted(void **state)
{
    struct scene *s = *state;

    cap(&allowance.account, "5 parts/month");
    assert_true(goes(s, ROMEO, PHONE, 3));
    assert_false(goes(s, ROMEO, PHONE, 3));
    assert_true(goes(s, ROMEO, PHONE, 2));
    assert_false(goes(s, ROMEO, PHONE, 1));
    assert_int_equal(try(s, ROMEO, PHONE, 6)->err.kind, ERR_TOO_LONG);
}

static void all_together(void **state)
{
    struct scene *s = *state;
    struct entry_result *result;

    cap(&allowance.network, "2 messages/month");
    assert_true(goes(s, ROMEO, PHONE, 1));
    assert_true(goes(s, BENVOLIO, PHONE, 1));
    result = try(s, ROMEO, PHONE, 1);
    assert_int_equal(result->outcome, ENTRY_REFUSED);
    assert_non_null(strstr(result->err.text, "this gateway has sent 2 of 2"));
}

static void new_contacts(void **state)
{
    struct scene *s = *state;

    cap(&allowance.account, "1 contacts/month");
    assert_true(goes(s, ROMEO, PHONE, 1));
    assert_false(goes(s, ROMEO, NURSE, 1));
    assert_true(goes(s, ROMEO, PHONE, 1));
    assert_false(goes(s, ROMEO, NURSE, 1)); /* the refused one is still new */
}

/* What the gateway says in the conversation is no text of the contact. */
static void only_who_wrote_is_answered(void **state)
{
    static const char code[] = "12345;phone-context=+44";
    struct scene *s = *state;
    struct entry entry = text_to(ROMEO, code, 1);
    struct entry in = scene_in(ROMEO, code, "[benvolio] answers from now on");

    entry.answers_only = true;
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_REFUSED);
    assert_int_equal(s->results[0].err.kind, ERR_NOT_ALLOWED);
    assert_non_null(strstr(s->results[0].err.text, "12345 is a short number"));
    in.kind = KIND_NOTICE;
    in.make_account = true;
    assert_int_not_equal(scene_accept(s, &in)->outcome, ENTRY_REFUSED);
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_REFUSED);
    in = scene_in(ROMEO, code, "Your code is 4711");
    assert_int_not_equal(scene_accept(s, &in)->outcome, ENTRY_REFUSED);
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_QUEUED);
    entry.account = BENVOLIO;
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_REFUSED);
}

static void a_refusal_costs_nothing(void **state)
{
    struct scene *s = *state;
    int64_t rows;

    cap(&allowance.account, "1 parts/month");
    cap(&allowance.network, "9 messages/month");
    assert_true(goes(s, ROMEO, PHONE, 1));
    assert_false(goes(s, ROMEO, PHONE, 1));
    rows = scene_sql(s, "SELECT amount FROM usage WHERE owner = 'network:sms'");
    assert_int_equal(rows, 1);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM message"), 1);
}

static void what_comes_again_is_not_refused(void **state)
{
    struct scene *s = *state;
    struct entry entry = text_to(ROMEO, PHONE, 1);

    cap(&allowance.account, "1 messages/month");
    entry.source = ROMEO;
    entry.key = "o1";
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_QUEUED);
    entry.id = id_new();
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_DUPLICATE);
    entry.key = "o2";
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_REFUSED);
    allowance = (struct allowance){ 0 };
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_QUEUED);
}

static void nothing_is_counted_without_a_limit(void **state)
{
    struct scene *s = *state;

    assert_true(goes(s, ROMEO, PHONE, 1));
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM usage"), 0);
}

/* --- of one account ------------------------------------------------------- */

static void limits_of_ones_own(void **state)
{
    struct scene *s = *state;

    cap(&allowance.account, "1 messages/month");
    put(s,
        (struct account_change){ .make = true, .limits = "2 messages/month" });
    put(s, (struct account_change){ .settings = "{\"nick\":\"Romeo\"}" });
    assert_true(goes(s, ROMEO, PHONE, 1));
    scene_reopen(s);
    assert_true(goes(s, ROMEO, PHONE, 1));
    assert_false(goes(s, ROMEO, PHONE, 1));
    put(s, (struct account_change){ .limits = "none" });
    assert_true(goes(s, ROMEO, PHONE, 1));
    put(s, (struct account_change){ .limits = "" });
    assert_false(goes(s, ROMEO, PHONE, 1));
    assert_int_equal(scene_sql(s, "SELECT sum(ruled) FROM account"), 0);
}

static void a_burst_pauses(void **state)
{
    struct scene *s = *state;
    char contact[24];
    unsigned accepted = 0;
    bool paused = false;

    allowance.burst = 2;
    for (int i = 0; i < 7 && !paused; i++) { /* at most over one minute's end */
        (void)snprintf(contact, sizeof(contact), "+4477009%05d", i);
        accepted += goes(s, ROMEO, contact, 1);
        paused = s->results[0].paused;
    }
    assert_true(paused);
    assert_in_range(accepted, 2, 4);
    assert_int_equal(s->results[0].err.kind, ERR_LIMITED);
    assert_in_range(s->results[0].err.retry_after, 3590, 3600);
    assert_false(goes(s, ROMEO, "+447700900000", 1)); /* known ones too */
    assert_false(s->results[0].paused);               /* told once */
    assert_true(goes(s, BENVOLIO, PHONE, 1));
    scene_reopen(s);
    assert_false(goes(s, ROMEO, "+447700900000", 1));
    put(s, (struct account_change){ .state = ACCOUNT_ENABLED });
    assert_true(goes(s, ROMEO, "+447700900000", 1));
}

/* --- quiet hours ---------------------------------------------------------- */

/* "HH:MM-HH:MM" around now, or beside it. */
static char *quiet_setting(int from, int to)
{
    time_t a = time(NULL) + (time_t)from * 60, b = time(NULL) + (time_t)to * 60;
    struct tm ta, tb;

    localtime_r(&a, &ta);
    localtime_r(&b, &tb);
    return xasprintf("{\"quiet\":\"%02d:%02d-%02d:%02d\"}", ta.tm_hour,
                     ta.tm_min, tb.tm_hour, tb.tm_min);
}

static void quiet(struct scene *s, int from, int to)
{
    char *settings = quiet_setting(from, to);

    put(s, (struct account_change){ .make = true, .settings = settings });
    free(settings);
}

static void comes_in(struct scene *s, enum entry_outcome outcome)
{
    struct entry entry = scene_in(ROMEO, PHONE, "hi");

    entry.take = true;
    assert_int_equal(scene_accept(s, &entry)->outcome, outcome);
    delivery_free(s->results[0].delivery);
}

static void wake(struct scene *s)
{
    store_wake(s->store, "sms", TO_XMPP, ROMEO, on_plain, s);
    scene_wait(s);
}

static void texts_wait_while_it_is_quiet(void **state)
{
    struct scene *s = *state;
    int64_t now = clock_wall_ms();

    quiet(s, -10, 30);
    comes_in(s, ENTRY_QUEUED);
    scene_take_one(s, TO_XMPP, NULL);
    assert_in_range(s->next_at, now + 28 * 60000, now + 31 * 60000);
    wake(s); /* he is there, but wants quiet */
    scene_take_one(s, TO_XMPP, NULL);
    assert_true(goes(s, ROMEO, PHONE, 1)); /* he may write */
    scene_reopen(s);
    scene_take_one(s, TO_XMPP, NULL);
    put(s, (struct account_change){ .settings = "{}" });
    wake(s);
    delivery_free(scene_take_one(s, TO_XMPP, "hi"));
}

static void at_other_times_they_come(void **state)
{
    struct scene *s = *state;

    quiet(s, 30, 60);
    comes_in(s, ENTRY_TAKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIMITS(so_many_and_no_more),
        LIMITS(parts_are_counted),
        LIMITS(all_together),
        LIMITS(new_contacts),
        LIMITS(only_who_wrote_is_answered),
        LIMITS(a_refusal_costs_nothing),
        LIMITS(what_comes_again_is_not_refused),
        LIMITS(nothing_is_counted_without_a_limit),
        LIMITS(limits_of_ones_own),
        LIMITS(a_burst_pauses),
        LIMITS(texts_wait_while_it_is_quiet),
        LIMITS(at_other_times_they_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
