/* fuzz_provider.c - anything as a provider file: it is right, or a mistake is
 * told with its place. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "http/provider.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char path[64];
    struct err err = { 0 };
    int fd = memfd_create("provider", MFD_CLOEXEC);
    struct provider *provider = NULL;

    /* @include would read what is not ours. */
    if (fd < 0 || memmem(bytes, size, "@include", 8) ||
        write(fd, bytes, size) != (ssize_t)size) {
        (void)close(fd);
        return 0;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    provider = provider_load(path, &err);
    (void)close(fd);
    if (!provider && (err.kind != ERR_CONFIG || !*err.text))
        abort();
    if (provider)
        free(provider_options(provider));
    provider_free(provider);
    return 0;
}
