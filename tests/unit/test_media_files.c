/* test_media_files.c - the folder that is served: who finds what, for how long,
 * and how much of it there may be. */
#include "on_http.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "core/media_files.h"
#include "toolkit/httpd.h"

enum { HOUR_MS = 3600000, MOST = 1000 };

struct shop {
    char dir[64];
    struct httpd *httpd;
    struct media_files *files;
};

static struct media_files *files_at(const char *dir)
{
    struct media_files_options options = { .dir = dir,
                                           .keep_ms = HOUR_MS,
                                           .most = MOST };
    struct err err;
    struct media_files *files = media_files_new(&options, &err);

    assert_non_null(files);
    return files;
}

static void shop_open(struct shop *shop, void **state)
{
    struct on_loop *on = *state;
    struct httpd_options options = { .listen = "127.0.0.1:0", .hooks = true };
    struct err err;

    strcpy(shop->dir, "/tmp/media-XXXXXX");
    assert_non_null(mkdtemp(shop->dir));
    shop->httpd = httpd_open(&on->owner, &options, &err);
    assert_non_null(shop->httpd);
    shop->files = files_at(shop->dir);
    assert_false(media_files_are_served(shop->files));
    assert_true(media_files_serve(shop->files, &on->owner, &err));
    assert_true(media_files_are_served(shop->files));
}

/* How many entries the folder has. */
static size_t shop_count(const struct shop *shop)
{
    DIR *folder = opendir(shop->dir);
    size_t n = 0;

    while (readdir(folder))
        n++;
    closedir(folder);
    return n - 2;
}

static void shop_close(struct shop *shop)
{
    media_files_sweep(shop->files, clock_wall_ms() + 2 * HOUR_MS + 10000);
    assert_int_equal(shop_count(shop), 0);
    media_files_free(shop->files);
    assert_int_equal(rmdir(shop->dir), 0);
}

static char *draft_of(const struct shop *shop, size_t size)
{
    char *path = media_files_draft(shop->files);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

    assert_true(fd >= 0);
    while (size-- > 0)
        assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
    return path;
}

/* The URL of a new file; NULL: refused. */
static char *publish(struct shop *shop, size_t size, const char *name,
                     struct err *err)
{
    char *draft = draft_of(shop, size);
    char *url = media_files_publish(shop->files, draft, name, err);

    if (!url)
        assert_int_equal(unlink(draft), 0);
    else
        assert_int_equal(access(draft, F_OK), -1);
    free(draft);
    return url;
}

static struct asked get(void **state, const char *url)
{
    return ask(state, &(struct http_request){ .url = url });
}

static void test_served(void **state)
{
    struct shop shop;
    struct err err;
    char *url;

    shop_open(&shop, state);
    url = publish(&shop, 5, "cat.png", &err);
    assert_non_null(url);
    struct asked asked = get(state, url);
    assert_int_equal(asked.status, 200);
    assert_string_equal(asked.body, "xxxxx");
    assert_string_equal(asked.type, "image/png");
    free(url);
    shop_close(&shop);
}

/* Neither other files, nor folders, nor what a link leads to. */
static void test_not_served(void **state)
{
    static const char *const paths[] = {
        "/media/",
        "/media/../moongate.db",
        "/media/%2e%2e/moongate.db",
        "/media/00000000000000000000000000000000",
        "/media/00000000000000000000000000000000/",
        "/media/00000000000000000000000000000000/a.png",
        "/media/../../../../../../../../etc/passwd",
        "/media//etc/passwd",
        "/media",
    };
    struct shop shop;
    struct err err;
    char *url, *path, *link;

    shop_open(&shop, state);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        url = xasprintf("http://127.0.0.1:%d%s", httpd_port(shop.httpd),
                        paths[i]);
        assert_int_equal(get(state, url).status, 404);
        free(url);
    }
    url = publish(&shop, 1, "a.png", &err);
    path = xstrndup(strstr(url, "/media/") + 7, 32);
    link = xasprintf("%s/%s/b.png", shop.dir, path);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    url[strlen(url) - 5] = 'b';
    assert_int_equal(get(state, url).status, 404);
    free(link);
    free(path);
    free(url);
    shop_close(&shop);
}

static void age(const struct shop *shop, const char *url, int seconds)
{
    char *folder = xasprintf("%s/%.32s", shop->dir, strstr(url, "/media/") + 7);
    struct timespec at = { .tv_sec = clock_wall_ms() / 1000 - seconds };
    struct timespec times[2] = { at, at };

    assert_int_equal(utimensat(AT_FDCWD, folder, times, 0), 0);
    free(folder);
}

static void test_expiry(void **state)
{
    struct shop shop;
    struct err err;
    char *old, *new;

    shop_open(&shop, state);
    old = publish(&shop, 400, "old.png", &err);
    new = publish(&shop, 400, "new.png", &err);
    age(&shop, old, 3660);
    age(&shop, new, 3540);
    media_files_sweep(shop.files, clock_wall_ms());
    assert_int_equal(get(state, old).status, 404);
    assert_int_equal(get(state, new).status, 200);
    free(old);
    old = publish(&shop, 400, "again.png", &err); /* there is room again */
    assert_non_null(old);
    free(old);
    free(new);
    shop_close(&shop);
}

static void test_space(void **state)
{
    struct shop shop;
    struct err err;
    char *url;

    shop_open(&shop, state);
    assert_null(publish(&shop, MOST + 1, "a.png", &err));
    assert_int_equal(err.kind, ERR_FULL);
    url = publish(&shop, MOST, "a.png", &err);
    assert_non_null(url);
    assert_null(publish(&shop, 1, "b.png", &err));
    assert_int_equal(err.kind, ERR_FULL);
    free(url);
    shop_close(&shop);
}

/* Another life: what is served stays and counts, drafts go. */
static void test_another_life(void **state)
{
    struct shop shop;
    struct err err;
    char *url, *draft;

    shop_open(&shop, state);
    url = publish(&shop, MOST - 1, "a.png", &err);
    draft = draft_of(&shop, 10);
    struct media_files *again = files_at(shop.dir);
    assert_int_equal(access(draft, F_OK), -1);
    assert_int_equal(shop_count(&shop), 1);
    free(draft);
    draft = draft_of(&shop, 2);
    assert_null(media_files_publish(again, draft, "b.png", &err));
    assert_int_equal(unlink(draft), 0);
    media_files_free(again);
    free(draft);
    free(url);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LOOP(test_served), ON_LOOP(test_not_served),   ON_LOOP(test_expiry),
        ON_LOOP(test_space),  ON_LOOP(test_another_life),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
