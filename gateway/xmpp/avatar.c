/* avatar.c - see avatar.h. PNG files of 64 by 64 pixels, as base64. */
#include "xmpp/avatar.h"

#include <string.h>

enum { SIDE = 64 };

/* A round gate in a wall. */
static const struct avatar gate = {
    .type = "image/png",
    .side = SIDE,
    .sha1 = "57dfadcc9f117aa90976e428289c7ef815ec08e4",
    .base64 =
        "iVBORw0KGgoAAAANSUhEUgAAAEAAAABAAgMAAADXB5lNAAAADFBMVEVKXWv07tmKf2ov"
        "O0WPrOjNAAAAoUlEQVR42s2SwQ2EMAwEkSggJaUKi2dKoR+qoAn64JMfp4UADk5Wp0N8"
        "uP1lZG+ceJvmTbXAWABssmefwFIV2BIHiACz6ZBNpgcxgYDrzimBLt/sPrKrVxMfDxDU"
        "5OhIPQrkFNQzg7HwzK4uKghfgJ8UdMtNgAugnEsnewvUgz143O8fo0+mNdCieJW0bIoD"
        "BYYixaGjWFJwOdo2/EOlvwUrt19WxztbB94AAAAASUVORK5CYII=",
};

/* Head and shoulders of nobody in particular. */
static const struct avatar person = {
    .type = "image/png",
    .side = SIDE,
    .sha1 = "a525f99fc61bba57003e2755035ccc4e14da96bf",
    .base64 =
        "iVBORw0KGgoAAAANSUhEUgAAAEAAAABAAgMAAADXB5lNAAAABlBMVEWapa7y9PUHrneu"
        "AAAAdklEQVR42t3QwQ3AIAgFUDk4Avswggf+/qu0prEUSLSXeijHl/iFX8rvhgBxwIA6"
        "wDnhhX9TO7QZcAedARC+2QPrxdbHpT5SY7nT1PqeiXuk1eP5dDUm/vrn/XyBho6tABog"
        "PsJCEvAADZl36hLIQF5CNWgfwQHOxWnskp3DqgAAAABJRU5ErkJggg==",
};

const struct avatar *avatar_of(const char *contact)
{
    return contact[0] ? &person : &gate;
}

const char *avatar_sha1(const struct network *network, const char *account,
                        const char *contact)
{
    const struct picture *picture = network_picture(network, account, contact);

    return picture ? picture->sha1 : avatar_of(contact)->sha1;
}

size_t avatar_bytes(const struct avatar *avatar)
{
    size_t n = strlen(avatar->base64);

    return n / 4 * 3 - (avatar->base64[n - 1] == '=') -
           (avatar->base64[n - 2] == '=');
}

void avatar_add_update(xmpp_stanza_t *presence, const char *sha1)
{
    xmpp_stanza_t *x = stanza_add(presence, "x", NS_VCARD_UPDATE, NULL);

    stanza_add(x, "photo", NULL, sha1);
}
