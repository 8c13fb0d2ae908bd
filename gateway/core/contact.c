/* contact.c - see contact.h. */
#include "core/contact.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "base/mem.h"
#include "core/core.h"
#include "core/network.h"
#include "store/manage.h"

/* A question to the store. */
struct inquiry {
    struct network *network;
    contact_name_fn *named;
    contact_found_fn *found;
    contact_offer_fn *offered;
    void *arg;
};

static struct inquiry *inquiry_new(struct network *network, void *arg)
{
    struct inquiry *inquiry = xcalloc(1, sizeof(*inquiry));
    inquiry->network = network;
    inquiry->arg = arg;
    return inquiry;
}

static void on_name(void *arg, const char *name, const struct err *err)
{
    struct inquiry *inquiry = arg;
    core_failed(inquiry->network->core, err);
    inquiry->named(inquiry->arg, name && name[0] ? name : NULL);
    free(inquiry);
}

void contact_name_get(struct network *network, const char *account,
                      const char *address, contact_name_fn *fn, void *arg)
{
    struct inquiry *inquiry = inquiry_new(network, arg);
    inquiry->named = fn;
    store_contact_named(network->core->store, network_name(network), account,
                        address, on_name, inquiry);
}

static const char *text_of(struct json_object *object, const char *key)
{
    struct json_object *value;
    if (!json_object_object_get_ex(object, key, &value) || !value)
        return "";
    return json_object_get_string(value);
}

static void on_found(void *arg, struct json_object *object,
                     const struct err *err)
{
    struct inquiry *inquiry = arg;
    if (object) {
        inquiry->found(inquiry->arg, text_of(object, "address"),
                       text_of(object, "name"), NULL);
        return;
    }
    core_failed(inquiry->network->core, err);
    inquiry->found(inquiry->arg, NULL, NULL, err);
    free(inquiry);
}

void contact_search(struct network *network, const char *account,
                    const char *name, const char *number, size_t limit,
                    contact_found_fn *fn, void *arg)
{
    struct inquiry *inquiry = inquiry_new(network, arg);
    const struct contact_search search = { .network = network_name(network),
                                           .account = account,
                                           .name = name,
                                           .number = number,
                                           .limit = limit };
    inquiry->found = fn;
    store_contact_search(network->core->store, &search, on_found, inquiry);
}

static void on_offered(void *arg, bool made, const struct err *err)
{
    struct inquiry *inquiry = arg;
    core_failed(inquiry->network->core, err);
    inquiry->offered(inquiry->arg, made && !err);
    free(inquiry);
}

void contact_offer(struct network *network, const char *account,
                   const char *address, contact_offer_fn *fn, void *arg)
{
    struct inquiry *inquiry = inquiry_new(network, arg);
    inquiry->offered = fn;
    store_contact_offer(network->core->store, network_name(network), account,
                        address, on_offered, inquiry);
}
