/* answer.c - answers to IQs wait twice: until what was read before is decided,
 * and then, if need be, until the server reads again. Both queues are first
 * in, first out. */
#include <stdlib.h>

#include <utlist.h>

#include "base/log.h"
#include "base/mem.h"
#include "xmpp/component.h"

enum { HELD_MAX = 10000 };

struct answer {
    struct answer *prev, *next;
    struct component *component;
    xmpp_stanza_t *stanza;
};

static void answer_free(struct answer *answer)
{
    (void)xmpp_stanza_release(answer->stanza);
    free(answer);
}

/* False: not now. An answer to a stream that is gone is of no use. */
static bool answer_send(struct answer *answer)
{
    struct stream *stream = answer->component->stream;

    return stream_send(stream, answer->stanza, STREAM_PATIENT) ||
           !stream_is_up(stream);
}

static void on_decided(void *arg)
{
    struct answer *answer = arg;
    struct component *component = answer->component;

    if (!component->held && answer_send(answer)) {
        answer_free(answer);
    } else if (component->n_held < HELD_MAX) {
        DL_APPEND(component->held, answer);
        component->n_held++;
    } else {
        answer_free(answer);
    }
}

void component_answer(struct component *component, xmpp_stanza_t *stanza)
{
    struct answer *answer = xcalloc(1, sizeof(*answer));

    answer->component = component;
    answer->stanza = stanza;
    network_after_decided(component->network, on_decided, answer);
}

void component_answer_held(struct component *component)
{
    struct answer *answer, *next;

    DL_FOREACH_SAFE (component->held, answer, next) {
        if (!answer_send(answer))
            return;
        DL_DELETE(component->held, answer);
        component->n_held--;
        answer_free(answer);
    }
}

void component_forget_held(struct component *component)
{
    struct answer *answer, *next;

    DL_FOREACH_SAFE (component->held, answer, next) {
        DL_DELETE(component->held, answer);
        answer_free(answer);
    }
    component->n_held = 0;
}
