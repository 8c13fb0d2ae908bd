/* test_serial_list.c - which ports patterns find; nothing that is no port. */
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "toolkit/serial.h"

struct folder {
    char path[64], pattern[96];
    int fds[4];
    char ptys[2][64];
};

static void link_to(struct folder *folder, const char *name, const char *target)
{
    char *path = xasprintf("%s/%s", folder->path, name);

    assert_int_equal(symlink(target, path), 0);
    free(path);
}

static int setup(void **state)
{
    struct folder *folder = xcalloc(1, sizeof(*folder));

    text_copy(folder->path, sizeof(folder->path), "/tmp/listXXXXXX");
    assert_non_null(mkdtemp(folder->path));
    snprintf(folder->pattern, sizeof(folder->pattern), "%s/tty*", folder->path);
    for (int i = 0; i < 2; i++)
        assert_int_equal(openpty(&folder->fds[2 * i], &folder->fds[2 * i + 1],
                                 folder->ptys[i], NULL, NULL),
                         0);
    *state = folder;
    return 0;
}

static int teardown(void **state)
{
    struct folder *folder = *state;
    static const char *const names[] = { "tty2", "tty10", "tty3",
                                         "tty4", "tty5",  "other" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *path = xasprintf("%s/%s", folder->path, names[i]);

        unlink(path);
        free(path);
    }
    for (int i = 0; i < 4; i++)
        close(folder->fds[i]);
    assert_int_equal(rmdir(folder->path), 0);
    free(folder);
    return 0;
}

static void patterns_find_each_port_once(void **state)
{
    struct folder *folder = *state;
    const char *patterns[] = { folder->pattern, folder->pattern };
    struct serial_place *places;

    link_to(folder, "tty10", folder->ptys[0]);
    link_to(folder, "tty2", folder->ptys[1]);
    link_to(folder, "tty3", folder->ptys[0]); /* tty10 again */
    link_to(folder, "other", folder->ptys[0]);
    assert_int_equal(serial_places(patterns, 2, &places), 2);
    assert_non_null(strstr(places[0].path, "/tty2"));
    assert_string_equal(places[0].real, folder->ptys[1]);
    assert_string_equal(places[1].real, folder->ptys[0]);
    assert_null(places[0].by_id);
    assert_string_equal(places[0].product, "");
    assert_int_equal(places[0].vendor_id, 0);
    serial_places_free(places, 2);
}

/* Opening a console, a watchdog or a file would do harm. */
static void what_is_no_port_is_left_out(void **state)
{
    struct folder *folder = *state;
    const char *patterns[] = { folder->pattern, "/no/such/folder/*" };
    struct serial_place *places;

    link_to(folder, "tty2", "/dev/null");
    link_to(folder, "tty3", "/dev/tty");
    link_to(folder, "tty4", "/no/such/target");
    link_to(folder, "tty5", "/etc/passwd");
    assert_int_equal(serial_places(patterns, 2, &places), 0);
    serial_places_free(places, 0);
}

static void the_default_is_usb(void **state)
{
    struct serial_place *places;
    size_t n = serial_places(NULL, 0, &places);

    (void)state;
    for (size_t i = 0; i < n; i++)
        assert_int_equal(strncmp(places[i].path, "/dev/tty", 8), 0);
    serial_places_free(places, n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(patterns_find_each_port_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_no_port_is_left_out, setup,
                                        teardown),
        cmocka_unit_test(the_default_is_usb),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
