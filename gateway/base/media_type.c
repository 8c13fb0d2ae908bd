/* media_type.c - a table of types that no browser runs, and names. */
#include "base/media_type.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

struct type {
    const char *extension, *type;
};

/* The first row of a type gives the extension to names without one. */
static const struct type types[] = {
    { "jpg", "image/jpeg" },      { "jpeg", "image/jpeg" },
    { "png", "image/png" },       { "gif", "image/gif" },
    { "webp", "image/webp" },     { "avif", "image/avif" },
    { "heic", "image/heic" },     { "mp4", "video/mp4" },
    { "webm", "video/webm" },     { "3gp", "video/3gpp" },
    { "mov", "video/quicktime" }, { "mp3", "audio/mpeg" },
    { "ogg", "audio/ogg" },       { "oga", "audio/ogg" },
    { "opus", "audio/ogg" },      { "m4a", "audio/mp4" },
    { "amr", "audio/amr" },       { "wav", "audio/wav" },
    { "pdf", "application/pdf" }, { "txt", "text/plain" },
    { "vcf", "text/vcard" },
};
enum { TYPES = sizeof(types) / sizeof(types[0]), EXTENSION_MAX = 8 };

void media_type_clean(const char *type, char out[MEDIA_TYPE_MAX])
{
    size_t n = type ? strcspn(type, "; \t\r\n") : 0;

    out[0] = '\0';
    if (n == 0 || n >= MEDIA_TYPE_MAX || !memchr(type, '/', n))
        return;
    for (size_t i = 0; i < n; i++) {
        if (!isalnum((unsigned char)type[i]) && !strchr("/+.-_", type[i]))
            return;
    }
    for (size_t i = 0; i < n; i++)
        out[i] = (char)tolower((unsigned char)type[i]);
    out[n] = '\0';
}

bool media_type_fits(const char *type, const char *pattern)
{
    size_t n = strlen(pattern);

    if (strcmp(pattern, "any") == 0)
        return true;
    if (strchr(pattern, '/'))
        return strcasecmp(type, pattern) == 0;
    return strncasecmp(type, pattern, n) == 0 && type[n] == '/';
}

const char *media_type_word(const char *type)
{
    if (media_type_fits(type, "image"))
        return "photo";
    if (media_type_fits(type, "audio"))
        return "audio";
    if (media_type_fits(type, "video"))
        return "video";
    return "file";
}

/* --- names ---------------------------------------------------------------- */

static bool is_safe(char c)
{
    return isalnum((unsigned char)c) || c == '.' || c == '-' || c == '_';
}

/* The extension without its dot; "" when there is none. */
static const char *extension_of(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && dot > name && strlen(dot + 1) <= EXTENSION_MAX ? dot + 1 : "";
}

static const char *extension_for(const char *type)
{
    for (size_t i = 0; i < TYPES; i++) {
        if (strcasecmp(types[i].type, type) == 0)
            return types[i].extension;
    }
    return "";
}

/* The stem is cut before the extension is. */
static void put_name(const char *stem, size_t size, const char *extension,
                     char out[MEDIA_NAME_MAX])
{
    size_t most = MEDIA_NAME_MAX - 2 - strlen(extension);
    size_t n = 0;

    for (size_t i = 0; i < size && n < most; i++) {
        bool again = n > 0 && out[n - 1] == '_';
        char c = is_safe(stem[i]) ? stem[i] : '_';

        if (!(c == '_' && again) && !(c == '.' && n == 0))
            out[n++] = c;
    }
    snprintf(out + n, MEDIA_NAME_MAX - n, "%s%s", *extension ? "." : "",
             extension);
}

void media_name(const char *name, const char *type, char out[MEDIA_NAME_MAX])
{
    const char *slash = name ? strrchr(name, '/') : NULL;
    const char *stem = slash ? slash + 1 : name ? name : "";
    const char *extension;
    char clean[EXTENSION_MAX + 1] = "";
    size_t size;

    stem += strspn(stem, ".");
    extension = extension_of(stem);
    size = strlen(stem) - strlen(extension) - (*extension != '\0');
    for (size_t n = 0; extension[n]; n++) {
        clean[n] = is_safe(extension[n]) ? extension[n] : '_';
        clean[n + 1] = '\0';
    }
    if (size == 0) {
        stem = media_type_word(type);
        size = strlen(stem);
    }
    put_name(stem, size, *clean ? clean : extension_for(type), out);
}

bool media_name_valid(const char *name)
{
    size_t n = 0;

    for (; name[n]; n++) {
        if (!is_safe(name[n]) || n + 1 >= MEDIA_NAME_MAX)
            return false;
    }
    return n > 0 && name[0] != '.';
}

const char *media_name_type(const char *name)
{
    const char *extension = extension_of(name);

    for (size_t i = 0; i < TYPES; i++) {
        if (strcasecmp(types[i].extension, extension) == 0)
            return types[i].type;
    }
    return "application/octet-stream";
}
