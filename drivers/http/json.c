/* json.c - JSON from strangers, and pointers into it. */
#include "http/json.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { DEPTH_MAX = 32, POINTER_DEPTH = 32, INDEX_DIGITS = 9 };

struct json_object *json_parse(const char *text, size_t size)
{
    struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
    struct json_object *value;
    char *copy;

    if (!tokener)
        abort();
    json_tokener_set_flags(tokener,
                           JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    /* The NUL behind it makes a number at the end complete. */
    copy = xstrndup(text, size);
    value = size < 0x7FFFFFFF
                ? json_tokener_parse_ex(tokener, copy, (int)strlen(copy) + 1)
                : NULL;
    if (json_tokener_get_error(tokener) != json_tokener_success ||
        strlen(copy) != size) {
        json_object_put(value);
        value = NULL;
    }
    free(copy);
    json_tokener_free(tokener);
    return value;
}

bool json_pointer_valid(const char *pointer)
{
    unsigned depth = 0;

    if (*pointer && *pointer != '/')
        return false;
    for (; *pointer; pointer++) {
        depth += *pointer == '/';
        if (*pointer == '~' && pointer[1] != '0' && pointer[1] != '1')
            return false;
    }
    return depth <= POINTER_DEPTH;
}

/* One reference token, unescaped; the caller frees. */
static char *token(const char *text, size_t size)
{
    char *out = xstrndup(text, size), *to = out;

    for (const char *from = out; *from; from++) {
        if (*from == '~' && from[1] != '\0')
            *to++ = *++from == '1' ? '/' : '~';
        else
            *to++ = *from;
    }
    *to = '\0';
    return out;
}

static struct json_object *item(struct json_object *array, const char *name)
{
    size_t digits = strspn(name, "0123456789");

    /* RFC 6901 4: no leading zeros, and "-" names nothing that is. */
    if (digits == 0 || digits > INDEX_DIGITS || name[digits] ||
        (*name == '0' && digits > 1))
        return NULL;
    return json_object_array_get_idx(array, strtoul(name, NULL, 10));
}

static struct json_object *find(struct json_object *value, const char *pointer,
                                size_t *n);

static struct json_object *find_each(struct json_object *array,
                                     const char *pointer, size_t *n)
{
    size_t length = json_object_array_length(array);

    for (size_t i = 0; i < length; i++) {
        struct json_object *hit =
            find(json_object_array_get_idx(array, i), pointer, n);

        if (hit)
            return hit;
    }
    return NULL;
}

/* The *n-th hit; those before it are counted off *n. */
static struct json_object *find(struct json_object *value, const char *pointer,
                                size_t *n)
{
    struct json_object *next = NULL;

    if (!value)
        return NULL;
    if (!*pointer)
        return (*n)-- == 0 ? value : NULL;
    size_t size = strcspn(pointer + 1, "/");
    const char *rest = pointer + 1 + size;
    if (json_object_is_type(value, json_type_array) && size == 1 &&
        pointer[1] == '*')
        return find_each(value, rest, n);
    char *name = token(pointer + 1, size);
    if (json_object_is_type(value, json_type_array))
        next = item(value, name);
    else if (json_object_is_type(value, json_type_object))
        (void)json_object_object_get_ex(value, name, &next);
    free(name);
    return find(next, rest, n);
}

struct json_object *json_at(struct json_object *root, const char *pointer,
                            size_t n)
{
    return find(root, pointer, &n);
}

const char *json_text(struct json_object *value, size_t *size)
{
    enum json_type type = json_object_get_type(value);
    const char *text;

    if (type == json_type_null || type == json_type_array ||
        type == json_type_object)
        return NULL;
    text = json_object_get_string(value);
    if (size)
        *size = type == json_type_string
                    ? (size_t)json_object_get_string_len(value)
                    : strlen(text);
    return text;
}
