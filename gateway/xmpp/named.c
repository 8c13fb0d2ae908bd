/* named.c - see named.h. */
#include "xmpp/named.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/code.h"
#include "base/mem.h"
#include "core/contact.h"

enum { BASE64_MAX = 96 * 1024 };

/* One request that waits; holds its stanza. */
struct asked {
    struct component *component;
    xmpp_stanza_t *stanza;
    named_fn *write;
    char *account, *name;
    char contact[];
};

/* "name:AMAZON" is AMAZON; "12345;phone-context=+44" is 12345. */
static void show_address(const char *contact, char out[ADDRESS_SIZE])
{
    text_copy(out, ADDRESS_SIZE, contact);
    if (strncmp(contact, "name:", 5) == 0)
        text_copy(out, ADDRESS_SIZE, contact + 5);
    else if (strstr(out, ";phone-context="))
        *strstr(out, ";phone-context=") = '\0';
}

static void answer(struct asked *asked, const struct avatar *avatar)
{
    struct component *component = asked->component;
    bool phones = network_policy(component->network)->phone_addresses;
    xmpp_stanza_t *result = stanza_answer(asked->stanza, "result");
    char shown[ADDRESS_SIZE];
    struct named named = { .component = component,
                           .contact = asked->contact,
                           .name = asked->name,
                           .shown = asked->name ? asked->name : shown,
                           .avatar = avatar,
                           .asked = asked->stanza };

    text_copy(shown, sizeof(shown), asked->contact);
    if (phones)
        show_address(asked->contact, shown);
    asked->write(&named, result);
    component_answer(component, result);
    (void)xmpp_stanza_release(asked->stanza);
    free(asked->account);
    free(asked->name);
    free(asked);
}

static void on_picture(void *arg, const struct picture *picture,
                       const void *bytes, size_t size)
{
    struct asked *asked = arg;
    struct avatar avatar;
    struct buf base64;

    if (!picture) {
        answer(asked, avatar_of(asked->contact));
        return;
    }
    buf_init(&base64, BASE64_MAX);
    (void)code_base64(&base64, bytes, size);
    avatar = (struct avatar){ .sha1 = picture->sha1,
                              .type = picture->type,
                              .base64 = buf_text(&base64) };
    answer(asked, &avatar);
    buf_free(&base64);
}

static void on_name(void *arg, const char *name)
{
    struct asked *asked = arg;

    asked->name = xstrdup(name);
    network_picture_get(asked->component->network, asked->account,
                        asked->contact, on_picture, asked);
}

void named_answer(struct request *request, named_fn *write)
{
    struct component *component = request->component;
    size_t size = strlen(request->contact) + 1;
    struct denial denial;
    struct asked *asked;
    char *name;

    if (!request_allowed(request, &denial)) {
        request_refuse(request, &denial.refusal);
        return;
    }
    asked = xcalloc(1, sizeof(*asked) + size);
    asked->component = component;
    asked->stanza = xmpp_stanza_clone(request->stanza);
    asked->write = write;
    asked->account = xstrdup(request->account);
    memcpy(asked->contact, request->contact, size);
    if (asked->contact[0]) {
        contact_name_get(component->network, request->account, asked->contact,
                         on_name, asked);
        return;
    }
    name = xasprintf("Moongate: %s", network_name(component->network));
    on_name(asked, name);
    free(name);
}
