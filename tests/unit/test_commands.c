/* test_commands.c - what every row of the tables of commands must be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/command.h"

enum { HELP_MAX = 78, LABEL_MAX = 60 };

static void check_words(const char *text, size_t max)
{
    assert_non_null(text);
    assert_in_range(strlen(text), 2, max);
    assert_null(strchr(".?:", text[strlen(text) - 1]));
}

static void check_field(const struct command *command,
                        const struct field *field)
{
    check_words(field->label, LABEL_MAX);
    assert_true(strspn(field->name, "abcdefghijklmnopqrstuvwxyz") ==
                strlen(field->name));
    if (field->type == FIELD_CHOICE)
        assert_non_null(field->choices);
    if (field->required)
        assert_null(field->fallback);
    for (const struct field *f = command->fields; f != field; f++)
        assert_string_not_equal(f->name, field->name);
    /* Words of a chat fill the required ones first. */
    for (const struct field *f = command->fields; f != field; f++)
        assert_true(!field->required || f->required || f->named);
    /* These are the command line's. */
    assert_string_not_equal(field->name, "network");
    assert_string_not_equal(field->name, "as");
    assert_string_not_equal(field->name, "json");
}

static void rows_are_well_formed(void **state)
{
    size_t n = 0;

    (void)state;
    for (const struct command *const *c = commands_all(); *c; c++, n++) {
        assert_true(strspn((*c)->name, "abcdefghijklmnopqrstuvwxyz-") ==
                    strlen((*c)->name));
        check_words((*c)->title, LABEL_MAX);
        check_words((*c)->help, HELP_MAX);
        assert_non_null((*c)->run);
        for (const struct field *f = (*c)->fields; f && f->name; f++)
            check_field(*c, f);
    }
    assert_true(n > 20);
}

static void names_and_nodes_are_unique(void **state)
{
    (void)state;
    for (const struct command *const *c = commands_all(); *c; c++) {
        assert_ptr_equal(commands_find((*c)->name), *c);
        if ((*c)->node)
            assert_ptr_equal(commands_find((*c)->node), *c);
    }
}

/* Who may spend money or change anything is not just anybody. */
static void ranks_are_not_forgotten(void **state)
{
    static const char *const open[] = { "help", "status", "queue", "trace",
                                        "parts" };

    (void)state;
    for (const struct command *const *c = commands_all(); *c; c++) {
        bool expected = (*c)->personal;

        for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
            expected |= strcmp((*c)->name, open[i]) == 0;
        if ((*c)->rank == RANK_ALLOWED && !expected)
            fail_msg("%s is for everybody", (*c)->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_well_formed),
        cmocka_unit_test(names_and_nodes_are_unique),
        cmocka_unit_test(ranks_are_not_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
