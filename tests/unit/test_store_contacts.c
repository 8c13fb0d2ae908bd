/* test_store_contacts.c - names of contacts, and messages that take the place
 * of an earlier one. */
#include "store_scene.h"

#include <json-c/json.h>

#include "store/manage.h"

#define ROMEO "romeo@example.org"
#define PHONE "+447700900001"

static void name_it(struct scene *s, const char *account, const char *name)
{
    store_contact_name(s->store, "sms", account, PHONE, name, on_plain, s);
    scene_wait(s);
    assert_false(s->failed);
}

/* The name with which the next text is delivered. */
static void expect_name(struct scene *s, const char *account, const char *want)
{
    struct entry entry = scene_in(account, PHONE, "hi");
    struct delivery *d;

    scene_accept(s, &entry);
    d = scene_take_one(s, TO_XMPP, "hi");
    if (want)
        assert_string_equal(d->name, want);
    else
        assert_null(d->name);
    scene_fenced(s, &d->row, 1);
    delivery_free(d);
}

static void test_names(void **state)
{
    struct scene *s = *state;

    expect_name(s, ROMEO, NULL);
    name_it(s, NULL, "Nurse");
    expect_name(s, ROMEO, "Nurse"); /* from the cache */
    expect_name(s, "juliet@example.org", "Nurse");
    name_it(s, ROMEO, "Angelica");
    name_it(s, NULL, "Nurse 2");
    expect_name(s, ROMEO, "Angelica");
    expect_name(s, "juliet@example.org", "Nurse 2");
    scene_reopen(s);
    expect_name(s, ROMEO, "Angelica");
    expect_name(s, "juliet@example.org", "Nurse 2");
    name_it(s, ROMEO, NULL);
    expect_name(s, ROMEO, "Nurse 2");
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM contact"), 2);
}

/* A text that brings a name along, and the one it is delivered with. */
static void comes_from(struct scene *s, const char *name, const char *want)
{
    struct entry entry = scene_in(ROMEO, PHONE, "hello");
    struct delivery *d;

    entry.name = name;
    scene_accept(s, &entry);
    d = scene_take_one(s, TO_XMPP, "hello");
    assert_string_equal(d->name, want);
    scene_fenced(s, &d->row, 1);
    delivery_free(d);
}

static void he_names_it(struct scene *s, const char *name)
{
    store_contact(s->store, "sms", ROMEO, PHONE, name, on_plain, s);
    scene_wait(s);
    assert_false(s->failed);
}

/* A name that a message brings is the account's own; not as good as one that he
 * gave himself. */
static void test_name_of_a_message(void **state)
{
    struct scene *s = *state;

    name_it(s, NULL, "Nurse");
    comes_from(s, "Angelica", "Angelica");
    expect_name(s, "juliet@example.org", "Nurse");
    he_names_it(s, "");
    comes_from(s, "Angelica B", "Angelica B");
    he_names_it(s, "Angelica B");
    comes_from(s, "Angelica C", "Angelica B");
    he_names_it(s, "My nurse");
    he_names_it(s, "");
    comes_from(s, "Angelica C", "My nurse");
    scene_reopen(s);
    comes_from(s, "Angelica D", "My nurse");
    he_names_it(s, NULL);
    comes_from(s, "Angelica E", "Angelica E");
}

static struct delivery *in_slot(struct scene *s, const char *account,
                                const char *slot, const char *text)
{
    struct entry entry = scene_in(account, PHONE, text);

    entry.slot = slot;
    entry.take = true;
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_TAKEN);
    return s->results[0].delivery;
}

static void expect_target(struct delivery *d, const struct id *id)
{
    if (id)
        assert_string_equal(d->target, id_text(id).text);
    else
        assert_null(d->target);
    delivery_free(d);
}

static void test_slots(void **state)
{
    struct scene *s = *state;
    struct delivery *d = in_slot(s, ROMEO, "replace1", "21 degrees");
    struct id first = d->id;

    expect_target(d, NULL);
    expect_target(in_slot(s, ROMEO, "replace2", "other slot"), NULL);
    expect_target(in_slot(s, ROMEO, NULL, "no slot"), NULL);
    expect_target(in_slot(s, "juliet@example.org", "replace1", "other"), NULL);
    expect_target(in_slot(s, ROMEO, "replace1", "22 degrees"), &first);
    /* Every correction names the first one (XEP-0308 4). */
    expect_target(in_slot(s, ROMEO, "replace1", "23 degrees"), &first);
}

/* Taken later, from the rows. */
static void test_slot_of_a_queued_one(void **state)
{
    struct scene *s = *state;
    struct entry one = scene_in(ROMEO, PHONE, "one"),
                 two = scene_in(ROMEO, PHONE, "two");
    struct delivery *d;

    one.slot = two.slot = "replace1";
    scene_accept(s, &one);
    scene_accept(s, &two);
    d = scene_take(s, TO_XMPP, 2, 2);
    assert_null(d->target);
    assert_string_equal(d->next->target, id_text(&one.id).text);
    deliveries_free(d);
}

/* What the receiver never got cannot be corrected. */
static void test_slot_of_a_failed_one(void **state)
{
    struct scene *s = *state;
    struct delivery *d = in_slot(s, ROMEO, "replace1", "lost");

    scene_move_to(s, d, MESSAGE_FAILED, 0);
    delivery_free(d);
    expect_target(in_slot(s, ROMEO, "replace1", "shown"), NULL);
}

/* --- rosters and searches ------------------------------------------------ */

static void on_changed(void *arg, bool made, const struct err *err)
{
    struct scene *s = arg;

    s->changed = made;
    scene_keep(s, err);
}

static bool offered(struct scene *s, const char *account)
{
    store_contact_offer(s->store, "sms", account, PHONE, on_changed, s);
    scene_wait(s);
    assert_false(s->failed);
    return s->changed;
}

static void keep_it(struct scene *s, const char *name)
{
    store_contact(s->store, "sms", ROMEO, PHONE, name, on_plain, s);
    scene_wait(s);
    assert_false(s->failed);
}

static void on_found(void *arg, struct json_object *object,
                     const struct err *err)
{
    struct scene *s = arg;
    struct json_object *value;

    if (!object) {
        scene_keep(s, err);
        return;
    }
    assert_true(json_object_object_get_ex(object, "address", &value));
    text_copy(s->texts[s->n_texts++], sizeof(s->texts[0]),
              json_object_get_string(value));
}

static size_t search(struct scene *s, const char *name, const char *number)
{
    const struct contact_search wanted = { .network = "sms",
                                           .account = ROMEO,
                                           .name = name,
                                           .number = number,
                                           .limit = 3 };

    s->n_texts = 0;
    store_contact_search(s->store, &wanted, on_found, s);
    scene_wait(s);
    assert_false(s->failed);
    return s->n_texts;
}

/* Once: never again when he has it, had it, or does not want it. */
static void test_offers(void **state)
{
    struct scene *s = *state;

    assert_true(offered(s, ROMEO));
    assert_false(offered(s, ROMEO));
    scene_reopen(s);
    assert_false(offered(s, ROMEO));
    assert_int_equal(search(s, NULL, NULL), 1);
    keep_it(s, NULL);
    assert_false(offered(s, ROMEO));
    assert_int_equal(search(s, NULL, NULL), 0);
    keep_it(s, "Nurse");
    assert_int_equal(search(s, NULL, NULL), 1);
    assert_false(offered(s, ROMEO));
    store_subscribe(s->store, "sms", "juliet@example.org", PHONE, true,
                    on_plain, s);
    scene_wait(s);
    assert_false(offered(s, "juliet@example.org"));
    store_subscribe(s->store, "sms", "juliet@example.org", PHONE, false,
                    on_plain, s);
    scene_wait(s);
    assert_false(offered(s, "juliet@example.org")); /* taken off */
    assert_true(offered(s, "nurse@example.org"));
}

static void on_name(void *arg, const char *name, const struct err *err)
{
    struct scene *s = arg;

    text_copy(s->texts[0], sizeof(s->texts[0]), name ? name : "-");
    scene_keep(s, err);
}

static const char *name_of(struct scene *s, const char *account)
{
    store_contact_named(s->store, "sms", account, PHONE, on_name, s);
    scene_wait(s);
    assert_false(s->failed);
    return s->texts[0];
}

static void on_listed(void *arg, struct json_object *object,
                      const struct err *err)
{
    struct scene *s = arg;
    struct json_object *value;

    if (!object)
        scene_keep(s, err);
    else if (json_object_object_get_ex(object, "name", &value))
        text_copy(s->texts[0], sizeof(s->texts[0]),
                  json_object_get_string(value));
}

static const char *listed(struct scene *s)
{
    text_copy(s->texts[0], sizeof(s->texts[0]), "none");
    store_contacts(s->store, "sms", ROMEO, on_listed, s);
    scene_wait(s);
    assert_false(s->failed);
    return s->texts[0];
}

/* A contact that is kept without a name has that of the phone book. */
static void test_named(void **state)
{
    struct scene *s = *state;

    assert_string_equal(listed(s), "none");

    assert_string_equal(name_of(s, ROMEO), "-");
    name_it(s, NULL, "Nurse");
    keep_it(s, "");
    assert_string_equal(name_of(s, ROMEO), "Nurse");
    assert_string_equal(listed(s), "Nurse");
    keep_it(s, "Angelica");
    assert_string_equal(listed(s), "Angelica");
    assert_string_equal(name_of(s, ROMEO), "Angelica");
    assert_string_equal(name_of(s, "juliet@example.org"), "Nurse");
    keep_it(s, NULL);
    assert_string_equal(listed(s), "none");
    expect_name(s, ROMEO, "Nurse");
}

static void test_search(void **state)
{
    static const char *const others[] = { "+447700900002", "+33612345678",
                                          "name:AMAZON" };
    struct scene *s = *state;
    struct entry entry = scene_in(ROMEO, others[1], "hi");

    keep_it(s, "Angelica");
    store_subscribe(s->store, "sms", ROMEO, others[0], true, on_plain, s);
    scene_wait(s);
    store_subscribe(s->store, "sms", ROMEO, "", true, on_plain, s);
    scene_wait(s);
    scene_accept(s, &entry);
    assert_int_equal(search(s, NULL, ""), 3);
    assert_int_equal(search(s, "ANGEL", NULL), 1);
    assert_string_equal(s->texts[0], PHONE);
    assert_int_equal(search(s, "angel", "0612"), 0);
    assert_int_equal(search(s, NULL, "06 12"), 1);
    assert_string_equal(s->texts[0], others[1]);
    assert_int_equal(search(s, NULL, "07700"), 2);
    entry = scene_in(ROMEO, others[2], "parcel");
    scene_accept(s, &entry);
    assert_int_equal(search(s, NULL, "amaz"), 1);
    assert_int_equal(search(s, NULL, NULL), 3); /* the limit */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(test_names),
        SCENE(test_name_of_a_message),
        SCENE(test_offers),
        SCENE(test_named),
        SCENE(test_search),
        SCENE(test_slots),
        SCENE(test_slot_of_a_queued_one),
        SCENE(test_slot_of_a_failed_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
