/* caps.c - entity capabilities: a short name for a long disco#info, so that
 * clients ask once. */
#include "xmpp/caps.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "xmpp/form.h"

enum { ITEMS_MAX = 128, TEXT_MAX = 16 * 1024, SHA1_SIZE = 20 };

/* Texts to be sorted; borrowed or owned by the caller. */
struct items {
    char *texts[ITEMS_MAX];
    size_t n;
};

static void items_add(struct items *items, char *text)
{
    if (items->n < ITEMS_MAX)
        items->texts[items->n++] = text;
    else
        free(text);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Appends them in order ("i;octet") and forgets them. */
static void items_write(struct items *items, struct buf *out)
{
    qsort(items->texts, items->n, sizeof(items->texts[0]), compare);
    for (size_t i = 0; i < items->n; i++) {
        buf_addf(out, "%s", items->texts[i]);
        free(items->texts[i]);
    }
    items->n = 0;
}

static const char *attribute(xmpp_stanza_t *stanza, const char *key)
{
    const char *value = xmpp_stanza_get_attribute(stanza, key);

    return value ? value : "";
}

static bool is_named(xmpp_stanza_t *stanza, const char *name)
{
    return strcmp(xmpp_stanza_get_name(stanza), name) == 0;
}

static void write_identities(xmpp_stanza_t *query, struct buf *out)
{
    struct items items = { .n = 0 };

    for (xmpp_stanza_t *child = stanza_first(query); child;
         child = stanza_after(child))
        if (is_named(child, "identity"))
            items_add(&items,
                      xasprintf("%s/%s/%s/%s<", attribute(child, "category"),
                                attribute(child, "type"),
                                attribute(child, "xml:lang"),
                                attribute(child, "name")));
    items_write(&items, out);
}

static void write_features(xmpp_stanza_t *query, struct buf *out)
{
    struct items items = { .n = 0 };

    for (xmpp_stanza_t *child = stanza_first(query); child;
         child = stanza_after(child))
        if (is_named(child, "feature"))
            items_add(&items, xasprintf("%s<", attribute(child, "var")));
    items_write(&items, out);
}

static void write_values(xmpp_stanza_t *field, struct buf *out)
{
    struct items items = { .n = 0 };

    for (xmpp_stanza_t *child = stanza_first(field); child;
         child = stanza_after(child))
        if (is_named(child, "value"))
            items_add(&items, xasprintf("%s<", stanza_text(child)));
    items_write(&items, out);
}

static char *field_text(xmpp_stanza_t *field)
{
    struct buf text;

    buf_init(&text, TEXT_MAX);
    buf_addf(&text, "%s<", attribute(field, "var"));
    write_values(field, &text);
    return buf_take(&text);
}

/* FORM_TYPE comes first, whatever it sorts to. */
static char *form_text(xmpp_stanza_t *form)
{
    struct items items = { .n = 0 };
    struct buf text;

    buf_init(&text, TEXT_MAX);
    for (xmpp_stanza_t *field = stanza_first(form); field;
         field = stanza_after(field)) {
        if (strcmp(attribute(field, "var"), "FORM_TYPE") == 0)
            write_values(field, &text);
        else
            items_add(&items, field_text(field));
    }
    items_write(&items, &text);
    return buf_take(&text);
}

static void write_forms(xmpp_stanza_t *query, struct buf *out)
{
    struct items items = { .n = 0 };

    for (xmpp_stanza_t *child = stanza_first(query); child;
         child = stanza_after(child))
        if (is_named(child, "x"))
            items_add(&items, form_text(child));
    items_write(&items, out);
}

void caps_ver(xmpp_stanza_t *query, char ver[CAPS_SIZE])
{
    unsigned char digest[SHA1_SIZE];
    xmpp_ctx_t *ctx = xmpp_stanza_get_context(query);
    struct buf text;
    char *base64;

    buf_init(&text, TEXT_MAX);
    write_identities(query, &text);
    write_features(query, &text);
    write_forms(query, &text);
    xmpp_sha1_digest((const unsigned char *)buf_text(&text), text.len, digest);
    base64 = xmpp_base64_encode(ctx, digest, sizeof(digest));
    text_copy(ver, CAPS_SIZE, base64);
    xmpp_free(ctx, base64);
    buf_free(&text);
}

void caps_add(xmpp_stanza_t *presence, const char *ver)
{
    xmpp_stanza_t *caps = stanza_add(presence, "c", NS_CAPS, NULL);

    stanza_set(caps, "hash", "sha-1");
    stanza_set(caps, "node", CAPS_NODE);
    stanza_set(caps, "ver", ver);
}

bool caps_is_node(const char *node, const char *ver)
{
    size_t n = strlen(CAPS_NODE);

    return strncmp(node, CAPS_NODE "#", n + 1) == 0 &&
           strcmp(node + n + 1, ver) == 0;
}
