/* secret.c - a secret is a literal, the first line of a file, or an
 * environment variable, or a credential of systemd's. The value lives in its
 * own allocation, which is wiped before it is freed; it never enters a log or
 * an error text. */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

enum { SECRET_MAX = 4096 };

static bool read_all(int fd, char *out, size_t max, size_t *size)
{
    size_t n = 0;

    while (n < max) {
        ssize_t got = read(fd, out + n, max - n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0)
            break;
        n += (size_t)got;
    }
    *size = n;
    return true;
}

static void warn_if_open(int fd, const char *path)
{
    struct stat info;

    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
        (info.st_mode & S_IROTH) != 0)
        log_warn("secret file is readable by everybody: chmod o-r %s", path);
}

static bool take_line(char *text, size_t size, const char *path, char **out,
                      struct err *err)
{
    char *end = memchr(text, '\n', size);
    size_t n = end != NULL ? (size_t)(end - text) : size;

    if (n > 0 && text[n - 1] == '\r')
        n--;
    if (n == 0)
        return err_set(err, ERR_CONFIG, "secret file %s is empty", path);
    if (end == NULL && size > SECRET_MAX)
        return err_set(err, ERR_CONFIG,
                       "secret file %s: its first line is over %d octets", path,
                       (int)SECRET_MAX);
    if (memchr(text, '\0', n) != NULL)
        return err_set(err, ERR_CONFIG, "secret file %s is not text", path);
    *out = xstrndup(text, n);
    return true;
}

static bool load_file(const char *path, char **out, struct err *err)
{
    char text[SECRET_MAX + 1];
    size_t size;
    bool ok;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return err_errno(err, ERR_CONFIG, "cannot open secret file %s", path);
    warn_if_open(fd, path);
    ok = read_all(fd, text, sizeof text, &size);
    if (!ok)
        err_errno(err, ERR_CONFIG, "cannot read secret file %s", path);
    close(fd);
    if (ok)
        ok = take_line(text, size, path, out, err);
    explicit_bzero(text, sizeof text);
    return ok;
}

static bool load_variable(const char *name, char **out, struct err *err)
{
    const char *value = getenv(name);

    if (value == NULL || value[0] == '\0')
        return err_set(err, ERR_CONFIG, "environment variable %s is %s", name,
                       value == NULL ? "not set" : "empty");
    *out = xstrdup(value);
    return true;
}

/* systemd puts them into a folder of the service's own (systemd.exec(5)). */
static bool load_credential(const char *name, char **out, struct err *err)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    char *path;
    bool ok;

    if (folder == NULL || *name == '\0' || strchr(name, '/') != NULL)
        return err_set(err, ERR_CONFIG,
                       "there is no credential %s: give it with "
                       "LoadCredential= in the service's unit",
                       name);
    path = xasprintf("%s/%s", folder, name);
    ok = load_file(path, out, err);
    free(path);
    return ok;
}

bool secret_load(const char *spec, char **out, struct err *err)
{
    if (strncmp(spec, "file:", 5) == 0)
        return load_file(spec + 5, out, err);
    if (strncmp(spec, "env:", 4) == 0)
        return load_variable(spec + 4, out, err);
    if (strncmp(spec, "credential:", 11) == 0)
        return load_credential(spec + 11, out, err);
    if (spec[0] == '\0')
        return err_set(err, ERR_CONFIG, "the secret is empty");
    *out = xstrdup(spec);
    return true;
}

void secret_free(char *secret)
{
    if (secret == NULL)
        return;
    explicit_bzero(secret, strlen(secret));
    free(secret);
}

bool secret_equal(const void *a, const void *b, size_t size)
{
    const volatile uint8_t *left = a;
    const volatile uint8_t *right = b;
    unsigned difference = 0;

    for (size_t i = 0; i < size; i++)
        difference |= left[i] ^ right[i];
    return difference == 0;
}
