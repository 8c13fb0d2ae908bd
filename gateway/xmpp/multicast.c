/* multicast.c - the receivers of a message to several phones. */
#include "xmpp/multicast.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* "+15550001,+15550002@gateway": no number has a comma. */
static bool is_group(const struct request *request)
{
    return network_policy(request->component->network)->phone_addresses &&
           strchr(request->to.local, ',');
}

bool multicast_is(const struct request *request)
{
    return is_group(request) ||
           (!request->to.local[0] &&
            stanza_find(request->stanza, "addresses", NS_ADDRESS));
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

static bool add(const struct request *request, const char *typed,
                struct multicast *out, struct denial *denial)
{
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

static bool add_group(const struct request *request, struct multicast *out,
                      struct denial *denial)
{
    bool good = true;

    for (const char *at = request->to.local; good && *at;) {
        size_t n = strcspn(at, ",");
        char *typed = xstrndup(at, n);

        good = add(request, typed, out, denial);
        free(typed);
        at += n + (at[n] == ',');
    }
    return good;
}

static bool add_listed(const struct request *request, struct multicast *out,
                       struct denial *denial)
{
    xmpp_stanza_t *addresses =
        stanza_find(request->stanza, "addresses", NS_ADDRESS);

    for (xmpp_stanza_t *address = stanza_first(addresses); address;
         address = stanza_after(address)) {
        const char *uri = attribute(address, "uri");
        const char *typed = *uri ? uri : attribute(address, "jid");

        if (is_receiver(address) && !add(request, typed, out, denial))
            return false;
    }
    return true;
}

bool multicast_read(const struct request *request, struct multicast *out,
                    struct denial *denial)
{
    struct multicast made = { .n = 0 };
    bool good = is_group(request) ? add_group(request, &made, denial)
                                  : add_listed(request, &made, denial);

    if (good && made.n == 0) {
        (void)err_set(&denial->err, ERR_BAD_ADDRESS,
                      "there is nobody in it to whom it is to be sent");
        good = deny(denial, "bad-request");
    }
    if (good)
        *out = made;
    else
        multicast_free(&made);
    return good;
}

void multicast_free(struct multicast *multicast)
{
    while (multicast->n > 0)
        free(multicast->contacts[--multicast->n]);
}
