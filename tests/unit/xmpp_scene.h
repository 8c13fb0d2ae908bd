/* xmpp_scene.h - a component between a fake server and a fake core, for the
 * tests test_xmpp_*.c. */
#ifndef XMPP_SCENE_H
#define XMPP_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "fake_network.h"
#include "fake_toolkit.h"
#include "xmpp/xmpp.h"

#define SERVER_HEADER                                                          \
    "<?xml version='1.0'?><stream:stream id='3c5f' from='sms.localhost' "      \
    "xmlns='jabber:component:accept' "                                         \
    "xmlns:stream='http://etherx.jabber.org/streams'>"

struct scene {
    struct network network;
    struct component *component;
    bool stopped;
};

static inline void scene_make(struct scene *scene,
                              const struct component_options *options)
{
    static const struct component_options usual = {
        .server = "127.0.0.1:5347",
        .secret = "s3cret",
        .jid = "sms.localhost",
        .ping_to = "localhost",
    };

    log_set_level(LOG_LEVEL_ERROR);
    memset(scene, 0, sizeof(*scene));
    fake_reset();
    fake_network_init(&scene->network);
    scene->component =
        component_new(NULL, options ? options : &usual, &scene->network);
}

static inline void scene_clear(struct scene *scene)
{
    component_free(scene->component);
    fake_advance(0);
    fake_network_clear(&scene->network);
    assert_true(fake_is_clean());
}

/* The id of the ping that is in `text`; "" for none. */
static inline const char *ping_id(const char *text)
{
    static char id[33];
    const char *iq = strstr(text, "<iq ");
    const char *at;

    id[0] = '\0';
    for (at = iq; at && strncmp(at, "id=\"", 4) != 0; at++)
        continue;
    if (at && strstr(text, "urn:xmpp:ping"))
        memcpy(id, at + 4, 32);
    id[32] = '\0';
    return id;
}

static inline void answer_ping(const char *id)
{
    char text[256];

    (void)snprintf(text, sizeof(text),
                   "<iq type='result' from='localhost' to='sms.localhost' "
                   "id='%s'/>",
                   id);
    fake_data(text);
    fake_advance(0);
}

/* Connected, shaken hands, the first fence answered. */
static inline void scene_online(struct scene *scene)
{
    component_start(scene->component);
    fake_open();
    fake_data(SERVER_HEADER);
    fake_data("<handshake/>");
    answer_ping(ping_id(fake_written()));
    (void)fake_written();
    (void)fake_calls(&scene->network);
}

/* What goes out for what comes in. */
static inline const char *converse(const char *text)
{
    fake_data(text);
    return fake_written();
}

static inline void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no %s in %s", part, text);
}

static inline void has_not(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("%s in %s", part, text);
}

#endif
