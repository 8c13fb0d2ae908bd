/* admins.c - what the admins of a network are told unasked: all of it stands in
 * the log, and the same words come once a minute, others ten times. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/front.h"
#include "core/network.h"

enum { MINUTE_MS = 60000, WORDS_MAX = 10 };

static bool is_news(struct admin_words *told, const char *text)
{
    int64_t now = clock_mono_ms();
    if (told->n == 0 || now - told->since >= MINUTE_MS) {
        told->since = now;
        told->n = 0;
    } else if (told->n >= WORDS_MAX || strcmp(told->last, text) == 0) {
        return false;
    }
    free(told->last);
    told->last = xstrdup(text);
    told->n++;
    return true;
}

static void notify(struct network *network, const char *text)
{
    size_t n = settings_list_size(network->xmpp, "admins");
    if (!is_news(&network->told, text))
        return;
    for (size_t i = 0; i < n; i++)
        network->front->notice(network->self,
                               settings_list_item(network->xmpp, "admins", i),
                               text);
}

void network_tell_admins(struct network *network, const char *text)
{
    log_warn("network %s: %s", network_name(network), text);
    if (network->front_state == FRONT_UP) {
        notify(network, text);
        return;
    }
    free(network->told.waiting);
    network->told.waiting = xstrdup(text);
}

void network_tell_untold(struct network *network)
{
    if (network->told.waiting)
        notify(network, network->told.waiting);
    free(network->told.waiting);
    network->told.waiting = NULL;
}

void admins_forget(struct network *network)
{
    free(network->told.last);
    free(network->told.waiting);
}
