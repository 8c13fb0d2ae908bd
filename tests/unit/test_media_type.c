/* test_media_type.c - types and names that strangers make up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/media_type.h"

struct row {
    const char *name, *type, *out;
};

static const struct row names[] = {
    { "cat.jpg", "image/jpeg", "cat.jpg" },
    { "my cat.jpg", "image/jpeg", "my_cat.jpg" },
    { "../../etc/passwd", "", "passwd" },
    { "..", "image/png", "photo.png" },
    { ".bashrc", "", "bashrc" },
    { "...a", "", "a" },
    { "a/b/", "audio/ogg", "audio.ogg" },
    { NULL, "video/mp4", "video.mp4" },
    { "", "", "file" },
    { "x", "text/plain", "x.txt" },
    { "x", "application/x-unheard-of", "x" },
    { "caf\xc3\xa9 \xf0\x9f\x98\x80.png", "", "caf_.png" },
    { "a\r\nb: c.pdf", "", "a_b_c.pdf" },
    { "a?b#c%2f..txt", "", "a_b_c_2f..txt" },
    { "many.dots.tar.gz", "", "many.dots.tar.gz" },
    { "long.extension-of-a-word", "", "long.extension-of-a-word" },
    { "\"'<>&", "image/gif", "_.gif" },
    { "page.html", "image/png", "page.html" },
};

static void test_names(void **state)
{
    char out[MEDIA_NAME_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        media_name(names[i].name, names[i].type, out);
        assert_string_equal(out, names[i].out);
        assert_true(media_name_valid(out));
    }
}

static void test_long_names(void **state)
{
    char name[400], out[MEDIA_NAME_MAX];

    (void)state;
    for (size_t n = 1; n < sizeof(name) - 5; n++) {
        memset(name, 'a', n);
        strcpy(name + n, ".png");
        media_name(name, "", out);
        assert_true(media_name_valid(out));
        assert_string_equal(out + strlen(out) - 4, ".png");
    }
}

static void test_valid(void **state)
{
    static const char *const wrong[] = { "",    ".",   "..",   ".a",  "a/b",
                                         "a b", "a%b", "a\nb", "\xff" };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(media_name_valid(wrong[i]));
}

static void test_types(void **state)
{
    char out[MEDIA_TYPE_MAX];
    static const char *const wrong[] = { "", "image", "a/b\r\nX: y", "<a>/b",
                                         ";image/png" };

    (void)state;
    media_type_clean("Image/JPEG; charset=x", out);
    assert_string_equal(out, "image/jpeg");
    media_type_clean("application/vnd.api+json", out);
    assert_string_equal(out, "application/vnd.api+json");
    media_type_clean(NULL, out);
    assert_string_equal(out, "");
    for (size_t i = 0; i < 2; i++) {
        media_type_clean(wrong[i], out);
        assert_string_equal(out, "");
    }
    media_type_clean(wrong[3], out);
    assert_string_equal(out, "");
    media_type_clean(wrong[4], out);
    assert_string_equal(out, "");
    media_type_clean(wrong[2], out); /* what is behind a line break is not it */
    assert_string_equal(out, "a/b");
}

static void test_fits(void **state)
{
    (void)state;
    assert_true(media_type_fits("image/png", "image"));
    assert_true(media_type_fits("image/png", "image/png"));
    assert_true(media_type_fits("", "any"));
    assert_false(media_type_fits("imagery/png", "image"));
    assert_false(media_type_fits("image/png", "image/p"));
    assert_false(media_type_fits("", "image"));
}

/* What a browser would run is never served as such. */
static void test_served(void **state)
{
    static const char *const active[] = { "a.html", "a.svg", "a.xml", "a.js",
                                          "a.htm",  "a",     "a.",    "png" };

    (void)state;
    for (size_t i = 0; i < sizeof(active) / sizeof(active[0]); i++)
        assert_string_equal(media_name_type(active[i]),
                            "application/octet-stream");
    assert_string_equal(media_name_type("a.PNG"), "image/png");
    assert_string_equal(media_type_word("image/png"), "photo");
    assert_string_equal(media_type_word(""), "file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names), cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_valid), cmocka_unit_test(test_types),
        cmocka_unit_test(test_fits),  cmocka_unit_test(test_served),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
