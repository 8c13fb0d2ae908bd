/* on_provider.h - provider files made by a test. */
#ifndef MOONGATE_TESTS_ON_PROVIDER_H
#define MOONGATE_TESTS_ON_PROVIDER_H

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
#include "http/http_line.h"

/* A temporary file with that text; its path is the test's until removed. */
static inline const char *file_with(const char *text)
{
    static char path[64];
    int fd;

    snprintf(path, sizeof(path), "/tmp/moongate-XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
    return path;
}

static inline struct provider *provider_with(const char *text, struct err *err)
{
    const char *path = file_with(text);
    struct provider *provider = provider_load(path, err);

    (void)unlink(path);
    return provider;
}

#endif
