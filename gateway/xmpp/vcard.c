/* vcard.c - see vcard.h. The elements of vcard-temp are in the order of its
 * DTD. */
#include "xmpp/vcard.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "xmpp/avatar.h"

static bool has_number(const struct named *named)
{
    return network_policy(named->component->network)->phone_addresses &&
           named->contact[0] && strncmp(named->contact, "name:", 5) != 0;
}

static const char *description(const struct named *named)
{
    bool phones = network_policy(named->component->network)->phone_addresses;

    if (named->contact[0])
        return NULL;
    return phones ? "Texts to and from phones" : "A gateway to another network";
}

/* --- XEP-0054 ------------------------------------------------------------ */

static void add_photo(xmpp_stanza_t *card, const struct avatar *avatar)
{
    xmpp_stanza_t *photo = stanza_add(card, "PHOTO", NULL, NULL);

    stanza_add(photo, "TYPE", NULL, avatar->type);
    stanza_add(photo, "BINVAL", NULL, avatar->base64);
}

static void add_number(xmpp_stanza_t *card, const char *contact)
{
    xmpp_stanza_t *tel = stanza_add(card, "TEL", NULL, NULL);
    char number[NUMBER_MAX];

    number_dial(contact, number, sizeof(number));
    stanza_add(tel, "CELL", NULL, NULL);
    stanza_add(tel, "MSG", NULL, NULL);
    stanza_add(tel, "NUMBER", NULL, number);
}

static void write_card(const struct named *named, xmpp_stanza_t *result)
{
    xmpp_stanza_t *card = stanza_add(result, "vCard", NS_VCARD, NULL);
    char jid[JID_BARE_SIZE];

    stanza_add(card, "FN", NULL, named->shown);
    if (named->name)
        stanza_add(card, "NICKNAME", NULL, named->name);
    add_photo(card, named->avatar);
    if (has_number(named))
        add_number(card, named->contact);
    if (component_jid(named->component, named->contact, jid))
        stanza_add(card, "JABBERID", NULL, jid);
    if (description(named))
        stanza_add(card, "DESC", NULL, description(named));
}

/* --- XEP-0292, RFC 6351 -------------------------------------------------- */

/* <name><kind>text</kind></name> */
static xmpp_stanza_t *add_property(xmpp_stanza_t *card, const char *name,
                                   const char *kind, const char *text)
{
    xmpp_stanza_t *property = stanza_add(card, name, NULL, NULL);

    stanza_add(property, kind, NULL, text);
    return property;
}

static void add_uri(xmpp_stanza_t *card, const char *name, const char *scheme,
                    const char *rest)
{
    char *uri = xasprintf("%s%s", scheme, rest);

    add_property(card, name, "uri", uri);
    free(uri);
}

static void add_picture(xmpp_stanza_t *card, const struct avatar *avatar)
{
    char *scheme = xasprintf("data:%s;base64,", avatar->type);

    add_uri(card, "photo", scheme, avatar->base64);
    free(scheme);
}

static void add_jid(const struct named *named, xmpp_stanza_t *card)
{
    bool phones = network_policy(named->component->network)->phone_addresses;
    char local[JID_PART_MAX + 1], uri[3 * JID_BARE_SIZE];
    const char *domain = named->component->options.jid;

    if (!named->contact[0])
        add_uri(card, "impp", "xmpp:", domain);
    else if (jid_from_address(named->contact, phones, local) &&
             jid_uri(local, domain, uri, sizeof(uri)))
        add_uri(card, "impp", "", uri);
}

static void add_tel(xmpp_stanza_t *card, const char *contact)
{
    xmpp_stanza_t *tel = stanza_add(card, "tel", NULL, NULL);
    xmpp_stanza_t *parameters = stanza_add(tel, "parameters", NULL, NULL);
    xmpp_stanza_t *type = stanza_add(parameters, "type", NULL, NULL);
    char *uri = xasprintf("tel:%s", contact);

    stanza_add(type, "text", NULL, "cell");
    stanza_add(type, "text", NULL, "text");
    stanza_add(tel, "uri", NULL, uri);
    free(uri);
}

void vcard4_add(const struct named *named, xmpp_stanza_t *parent)
{
    xmpp_stanza_t *card = stanza_add(parent, "vcard", NS_VCARD4, NULL);

    add_property(card, "kind", "text",
                 named->contact[0] ? "individual" : "application");
    add_property(card, "fn", "text", named->shown);
    if (named->name)
        add_property(card, "nickname", "text", named->name);
    if (has_number(named))
        add_tel(card, named->contact);
    add_jid(named, card);
    add_picture(card, named->avatar);
    if (description(named))
        add_property(card, "note", "text", description(named));
}

static void write_card4(const struct named *named, xmpp_stanza_t *result)
{
    vcard4_add(named, result);
}

/* --- requests ------------------------------------------------------------ */

void vcard_get(struct request *request)
{
    named_answer(request, write_card);
}

void vcard4_get(struct request *request)
{
    named_answer(request, write_card4);
}

void vcard_set(struct request *request)
{
    request_refuse_plain(request, "not-allowed", "cancel",
                         "this card is the gateway's own; names of contacts "
                         "are given with: contacts-rename");
}
