/* test_store_fragments.c - segments of long messages: complete sets,
 * duplicates, reused references, time-outs, ceilings. */
#include "store/fragments.h"
#include "store_scene.h"

struct sets {
    struct scene *s;
    size_t n; /* sets given */
    int64_t id;
    unsigned total;
    int64_t at;
    size_t fragments;
    char joined[256], set[64], chat[64];
};

static void on_set(void *arg, const struct fragment_set *set,
                   const struct err *err)
{
    struct sets *sets = arg;

    if (!set) {
        scene_keep(sets->s, err);
        return;
    }
    sets->n++;
    sets->id = set->id;
    sets->total = set->total;
    sets->at = set->at;
    sets->fragments = set->n;
    sets->joined[0] = '\0';
    for (size_t i = 0; i < set->n; i++)
        strncat(sets->joined, set->fragments[i].bytes, set->fragments[i].size);
    text_copy(sets->set, sizeof(sets->set), set->set);
    text_copy(sets->chat, sizeof(sets->chat), set->chat);
}

static void on_one(void *arg, const struct fragment_set *set,
                   const struct err *err)
{
    struct sets *sets = arg;

    if (set)
        on_set(arg, set, NULL);
    scene_keep(sets->s, err);
}

/* Gives a segment; key NULL for none. */
static size_t give(struct sets *sets, unsigned seq, unsigned total,
                   const char *bytes, const char *key)
{
    struct fragment_entry entry = { .network = "sms",
                                    .line = "sim1",
                                    .source = "sim1",
                                    .set = "ref 7",
                                    .chat = "+447700900001",
                                    .key = key,
                                    .total = total,
                                    .seq = seq,
                                    .bytes = bytes,
                                    .size = strlen(bytes),
                                    .at = 1000 - seq };
    sets->n = 0;
    store_fragment(sets->s->store, &entry, on_one, sets);
    scene_wait(sets->s);
    return sets->n;
}

static size_t due(struct sets *sets, int64_t before)
{
    sets->n = 0;
    store_fragments_due(sets->s->store, before, on_set, sets);
    scene_wait(sets->s);
    return sets->n;
}

/* Accepts what was given last; a second time it is a duplicate. */
static void accept_set(struct sets *sets)
{
    struct entry entry = scene_in("romeo@example.org", "+447700900001", "text");
    struct acceptance acceptance = { .entries = &entry,
                                     .n = 1,
                                     .forget_set = sets->id,
                                     .forget_n = sets->fragments };

    store_accept(sets->s->store, &acceptance, on_accepted, sets->s);
    scene_wait(sets->s);
    assert_false(sets->s->failed);
}

static void test_complete(void **state)
{
    struct sets sets = { .s = *state };

    assert_int_equal(give(&sets, 2, 3, "two ", "k2"), 0);
    assert_int_equal(give(&sets, 3, 3, "three", "k3"), 0);
    scene_reopen(sets.s);
    assert_int_equal(give(&sets, 1, 3, "one ", "k1"), 1);
    assert_string_equal(sets.joined, "one two three");
    assert_string_equal(sets.chat, "+447700900001");
    assert_int_equal(sets.total, 3);
    assert_int_equal(sets.at, 997);
    /* Not accepted yet: offered again with every duplicate. */
    assert_int_equal(give(&sets, 1, 3, "one ", "k1"), 1);
    accept_set(&sets);
    assert_int_equal(scene_sql(sets.s, "SELECT count(*) FROM fragment"), 0);
    assert_int_equal(scene_sql(sets.s, "SELECT count(*) FROM fragment_set"), 0);
    accept_set(&sets);
    assert_int_equal(scene_sql(sets.s, "SELECT count(*) FROM message"), 1);
    /* A late copy of an accepted segment opens nothing. */
    assert_int_equal(give(&sets, 2, 3, "two ", "k2"), 0);
    assert_false(sets.s->failed);
    assert_int_equal(scene_sql(sets.s, "SELECT count(*) FROM fragment_set"), 0);
}

static void test_reused_reference(void **state)
{
    struct sets sets = { .s = *state };

    (void)give(&sets, 1, 2, "old", "k1");
    (void)give(&sets, 1, 2, "new ", "k2");
    assert_int_equal(give(&sets, 2, 2, "text", "k3"), 1);
    assert_string_equal(sets.joined, "new text");
    accept_set(&sets);
    /* What was accepted of the old one is not lost. */
    assert_int_equal(due(&sets, 1), 1);
    assert_string_equal(sets.joined, "old");
    assert_int_equal(sets.total, 2);
    accept_set(&sets);
    assert_int_equal(due(&sets, INT64_MAX), 0);
}

static void test_other_total(void **state)
{
    struct sets sets = { .s = *state };

    (void)give(&sets, 1, 3, "old", NULL);
    (void)give(&sets, 1, 2, "new ", NULL);
    assert_int_equal(give(&sets, 2, 2, "text", NULL), 1);
    assert_string_equal(sets.joined, "new text");
}

static void test_due(void **state)
{
    struct sets sets = { .s = *state };

    (void)give(&sets, 2, 3, "two", NULL);
    assert_int_equal(due(&sets, clock_wall_ms() - 60000), 0);
    assert_int_equal(due(&sets, clock_wall_ms() + 1), 1);
    assert_int_equal(sets.fragments, 1);
    assert_string_equal(sets.joined, "two");
    assert_int_equal(due(&sets, clock_wall_ms() + 1), 1);
}

static void test_refused(void **state)
{
    struct sets sets = { .s = *state };
    char *long_text = xcalloc(1, 70001);

    memset(long_text, 'x', 70000);
    (void)give(&sets, 3, 2, "x", NULL);
    assert_int_equal(sets.s->err.kind, ERR_PROTOCOL);
    (void)give(&sets, 0, 2, "x", NULL);
    assert_int_equal(sets.s->err.kind, ERR_PROTOCOL);
    (void)give(&sets, 1, 256, "x", NULL);
    assert_int_equal(sets.s->err.kind, ERR_PROTOCOL);
    (void)give(&sets, 1, 2, long_text, NULL);
    assert_int_equal(sets.s->err.kind, ERR_TOO_LONG);
    assert_int_equal(scene_sql(sets.s, "SELECT count(*) FROM fragment"), 0);
    free(long_text);
}

static void test_ceiling(void **state)
{
    struct sets sets = { .s = *state };

    for (int i = 0; i <= 64; i++) {
        struct fragment_entry entry = { .network = "sms",
                                        .line = "sim1",
                                        .source = "sim1",
                                        .chat = "+447700900001",
                                        .total = 2,
                                        .seq = 1,
                                        .bytes = "x",
                                        .size = 1 };
        char name[16];

        (void)snprintf(name, sizeof(name), "ref %d", i);
        entry.set = name;
        store_fragment(sets.s->store, &entry, on_one, &sets);
        scene_wait(sets.s);
        assert_false(sets.s->failed);
    }
    /* The oldest gives way: it is due, nothing else is. */
    assert_int_equal(scene_sql(sets.s, "SELECT count(*) FROM fragment"), 65);
    assert_int_equal(due(&sets, 1), 1);
    assert_string_equal(sets.set, "ref 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(test_complete),    SCENE(test_reused_reference),
        SCENE(test_other_total), SCENE(test_due),
        SCENE(test_refused),     SCENE(test_ceiling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
