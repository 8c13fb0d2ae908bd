/* multicast.c - the receivers of a message to several phones. */
#include "xmpp/multicast.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

bool multicast_is(const struct request *request)
{
    return request->contact[0] == '\0' &&
           stanza_find(request->stanza, "addresses", NS_ADDRESS);
}

static const char *attribute(xmpp_stanza_t *address, const char *key)
{
    const char *value = xmpp_stanza_get_attribute(address, key);

    return value ? value : "";
}

/* "to", "cc" and "bcc" are all the same to a phone; others are no receivers. */
static bool is_receiver(xmpp_stanza_t *address)
{
    const char *type = attribute(address, "type");

    if (!stanza_is(address, "address", NS_ADDRESS) ||
        strcmp(attribute(address, "delivered"), "true") == 0)
        return false;
    return strcmp(type, "to") == 0 || strcmp(type, "cc") == 0 ||
           strcmp(type, "bcc") == 0;
}

static bool is_known(const struct multicast *multicast, const char *contact)
{
    for (size_t i = 0; i < multicast->n; i++)
        if (strcmp(multicast->contacts[i], contact) == 0)
            return true;
    return false;
}

static bool deny(struct denial *denial, const char *condition)
{
    denial->refusal = (struct refusal){ .condition = condition,
                                        .type = "modify",
                                        .text = denial->err.text };
    return false;
}

static bool add(const struct request *request, xmpp_stanza_t *address,
                struct multicast *out, struct denial *denial)
{
    const char *uri = attribute(address, "uri");
    const char *typed = *uri ? uri : attribute(address, "jid");
    char contact[ADDRESS_SIZE];
    struct err err;

    if (!address_from_typed(request->component, typed, contact, &err)) {
        (void)err_set(&denial->err, ERR_BAD_ADDRESS, "%.60s: %.150s", typed,
                      err.text);
        return deny(denial, "jid-malformed");
    }
    if (is_known(out, contact))
        return true;
    if (out->n == MULTICAST_MAX) {
        (void)err_set(&denial->err, ERR_TOO_LONG,
                      "at most %d receivers at once", MULTICAST_MAX);
        return deny(denial, "not-acceptable");
    }
    out->contacts[out->n++] = xstrdup(contact);
    return true;
}

bool multicast_read(const struct request *request, struct multicast *out,
                    struct denial *denial)
{
    xmpp_stanza_t *addresses =
        stanza_find(request->stanza, "addresses", NS_ADDRESS);
    struct multicast made = { .n = 0 };

    for (xmpp_stanza_t *address = stanza_first(addresses); address;
         address = stanza_after(address)) {
        if (is_receiver(address) && !add(request, address, &made, denial)) {
            multicast_free(&made);
            return false;
        }
    }
    *out = made;
    return true;
}

void multicast_free(struct multicast *multicast)
{
    while (multicast->n > 0)
        free(multicast->contacts[--multicast->n]);
}
