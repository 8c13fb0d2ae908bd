/* space.c - room on the disk. Below min_free new work is refused. Moves go on:
 * when even they find no space, a ballast file is given up for them. Both come
 * back by themselves. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/inside.h"

enum { REFRESH_MS = 1000, BALLAST_BYTES = 2 * 1024 * 1024 };

static char *ballast_path(const struct store *store)
{
    return xasprintf("%s/moongate.ballast", store->space.dir);
}

/* Written, not only reserved: some file systems give reserved blocks away. */
static bool ballast_fill(int fd)
{
    static const char zeros[64 * 1024];

    for (size_t n = 0; n < BALLAST_BYTES; n += sizeof(zeros))
        if (write(fd, zeros, sizeof(zeros)) != (ssize_t)sizeof(zeros))
            return false;
    return fsync(fd) == 0;
}

static bool ballast_make(struct store *store)
{
    char *path = ballast_path(store);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0 && ballast_fill(fd);

    if (fd >= 0)
        (void)close(fd);
    if (!good)
        (void)unlink(path);
    free(path);
    return good;
}

static bool ballast_is_there(struct store *store)
{
    char *path = ballast_path(store);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool there = fd >= 0 && lseek(fd, 0, SEEK_END) == BALLAST_BYTES;

    if (fd >= 0)
        (void)close(fd);
    free(path);
    return there;
}

static bool space_left(const struct store *store, int64_t *left)
{
    struct statvfs fs;

    if (statvfs(store->space.dir, &fs) != 0)
        return false;
    *left = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
    return true;
}

static void space_set(struct store *store, bool full, int64_t left)
{
    if (atomic_exchange(&store->full, full) == full)
        return;
    if (full)
        log_warn(
            "store: %lld bytes left on the disk of %s: new work is refused",
            (long long)left, store->space.dir);
    else
        log_info("store: there is room again on the disk of %s",
                 store->space.dir);
}

static void space_look(struct store *store)
{
    int64_t needed = store->space.min_free, left;

    if (!space_left(store, &left))
        return;
    if (!store->space.ballast)
        needed += 2 * BALLAST_BYTES;
    if (left >= needed && !store->space.ballast)
        store->space.ballast = ballast_make(store);
    space_set(store, left < needed || !store->space.ballast, left);
}

void space_refresh(struct store *store)
{
    int64_t now = clock_mono_ms();

    if (now - store->space.checked < REFRESH_MS)
        return;
    store->space.checked = now;
    space_look(store);
}

void space_give_up(struct store *store)
{
    char *path = ballast_path(store);

    if (store->space.ballast)
        (void)unlink(path);
    store->space.ballast = false;
    store->space.checked = clock_mono_ms();
    if (!atomic_exchange(&store->full, true))
        log_warn("store: no space left in %s: new work is refused, the ballast "
                 "is given up",
                 store->space.dir);
    free(path);
}

bool space_open(struct store *store, const char *dir, int64_t min_free,
                struct err *err)
{
    int64_t left;

    store->space.dir = xstrdup(dir);
    store->space.min_free = min_free;
    if (!space_left(store, &left))
        return err_errno(err, ERR_CONFIG, "cannot look at the disk of %s", dir);
    store->space.ballast = ballast_is_there(store);
    store->space.checked = clock_mono_ms();
    space_look(store);
    return true;
}

void space_close(struct store *store)
{
    free(store->space.dir);
}
