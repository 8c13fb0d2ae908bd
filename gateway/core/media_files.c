/* media_files.c - DIR/ID/NAME, ID being the 32 digits of a random id: whoever
 * has the URL may read the file, nobody can list or guess one. Drafts are
 * DIR/ID.draft. The age of a file is that of its folder. */
#include "core/media_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/media_type.h"
#include "base/mem.h"
#include "toolkit/httpd.h"

#define PATH "/media/"
enum { ID_DIGITS = 32, FOLDER_MODE = 0700 };
static const char draft_end[] = ".draft";

struct media_files {
    struct media_files_options options;
    char *dir;
    int64_t used; /* bytes of what is published */
    struct hook *hook;
};

/* --- the folder ----------------------------------------------------------- */

static bool is_draft(const char *name)
{
    size_t n = strlen(name), end = strlen(draft_end);

    return n > end && strcmp(name + n - end, draft_end) == 0;
}

static bool is_id(const char *name)
{
    struct id id;

    return strlen(name) == ID_DIGITS && id_parse(name, &id);
}

/* The one file in a published folder: its size; `drop`: it is deleted, and its
 * folder. */
static int64_t look_into(int dir, const char *id, bool drop)
{
    int fd = openat(dir, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    int64_t size = 0;

    if (!folder)
        return 0;
    while ((entry = readdir(folder))) {
        struct stat stat;

        if (entry->d_name[0] == '.')
            continue;
        if (fstatat(fd, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0)
            size += stat.st_size;
        if (drop)
            (void)unlinkat(fd, entry->d_name, 0);
    }
    (void)closedir(folder);
    if (drop)
        (void)unlinkat(dir, id, AT_REMOVEDIR);
    return size;
}

static int64_t changed_ms(int dir, const char *name)
{
    struct stat stat;

    if (fstatat(dir, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    return (int64_t)stat.st_mtim.tv_sec * 1000;
}

static void drop(struct media_files *files, int dir, const char *id,
                 bool counted)
{
    int64_t size = look_into(dir, id, true);

    if (counted)
        files->used -= size < files->used ? size : files->used;
}

/* What was published before `before` goes, and drafts before `old`; `count`:
 * the rest is counted for the first time. */
static void walk(struct media_files *files, int64_t before, int64_t old,
                 bool count)
{
    DIR *folder = opendir(files->dir);
    const struct dirent *entry;

    if (!folder)
        return;
    while ((entry = readdir(folder))) {
        int64_t at = changed_ms(dirfd(folder), entry->d_name);

        if (is_draft(entry->d_name) && at < old) {
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
        } else if (is_id(entry->d_name)) {
            if (at < before)
                drop(files, dirfd(folder), entry->d_name, !count);
            else if (count)
                files->used += look_into(dirfd(folder), entry->d_name, false);
        }
    }
    (void)closedir(folder);
}

void media_files_sweep(struct media_files *files, int64_t now)
{
    enum { DRAFT_MS = 3600000 };

    walk(files, now - files->options.keep_ms, now - DRAFT_MS, false);
}

struct media_files *media_files_new(const struct media_files_options *options,
                                    struct err *err)
{
    struct media_files *files;
    int64_t now = clock_wall_ms();

    if (mkdir(options->dir, FOLDER_MODE) < 0 && errno != EEXIST) {
        err_errno(err, ERR_CONFIG, "cannot make %s", options->dir);
        return NULL;
    }
    files = xcalloc(1, sizeof(*files));
    files->options = *options;
    files->dir = xstrdup(options->dir);
    walk(files, now - options->keep_ms, INT64_MAX, true);
    return files;
}

void media_files_free(struct media_files *files)
{
    if (!files)
        return;
    free(files->dir);
    free(files);
}

/* --- in ------------------------------------------------------------------- */

char *media_files_draft(const struct media_files *files)
{
    struct id id = id_new();

    return xasprintf("%s/%s%s", files->dir, id_text(&id).text, draft_end);
}

/* The draft is moved into a folder of its own. */
static bool move_in(struct media_files *files, const char *draft,
                    const char *id, const char *name, struct err *err)
{
    char *folder = xasprintf("%s/%s", files->dir, id);
    char *path = xasprintf("%s/%s", folder, name);
    bool made = mkdir(folder, FOLDER_MODE) == 0;
    bool good = made && rename(draft, path) == 0;

    if (!good)
        err_errno(err, ERR_STORE, "cannot keep a file in %s", files->dir);
    if (made && !good)
        (void)rmdir(folder);
    free(folder);
    free(path);
    return good;
}

char *media_files_publish(struct media_files *files, const char *draft,
                          const char *name, struct err *err)
{
    struct id id = id_new();
    struct stat stat;

    if (lstat(draft, &stat) < 0 || stat.st_size > files->options.most ||
        files->used > files->options.most - stat.st_size) {
        err_set(err, ERR_FULL, "the folder of media is full");
        return NULL;
    }
    if (!move_in(files, draft, id_text(&id).text, name, err))
        return NULL;
    files->used += stat.st_size;
    return xasprintf("%s%s/%s", hook_url(files->hook), id_text(&id).text, name);
}

/* --- out ------------------------------------------------------------------ */

/* ID/NAME to an open file; -1: there is none. */
static int open_file(const struct media_files *files, const char *asked)
{
    const char *slash = strchr(asked, '/');
    char *path;
    int fd;

    if (!slash || slash - asked != ID_DIGITS || !media_name_valid(slash + 1))
        return -1;
    char *id = xstrndup(asked, ID_DIGITS);
    path = is_id(id) ? xasprintf("%s/%s", files->dir, asked) : NULL;
    fd = path ? open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
    free(id);
    free(path);
    return fd;
}

static void on_asked(void *arg, const struct hook_request *request)
{
    struct media_files *files = arg;
    const char *asked = request->url + strlen(hook_url(files->hook));
    char *path = xstrndup(asked, strcspn(asked, "?"));
    bool reads = strcmp(request->method, "GET") == 0 ||
                 strcmp(request->method, "HEAD") == 0;
    int fd = reads ? open_file(files, path) : -1;

    if (fd < 0) {
        hook_answer(request->call, 404, NULL, NULL, 0);
    } else {
        const char *type = media_name_type(path);
        bool shown = strcmp(media_type_word(type), "file") != 0;

        hook_answer_file(request->call, fd, type, !shown);
    }
    free(path);
}

bool media_files_serve(struct media_files *files, struct owner *owner,
                       struct err *err)
{
    files->hook = hook_open(owner, PATH, 0, on_asked, files, err);
    return files->hook != NULL;
}

bool media_files_are_served(const struct media_files *files)
{
    return files && files->hook;
}
