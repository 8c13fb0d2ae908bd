/* inbox_team.c - what the others of a team see of one's texts. A copy is a row
 * of its own for each of them, accepted in the transaction of the text. */
#include "core/inbox.h"

#include <stdlib.h>
#include <strings.h>

#include "base/clock.h"
#include "core/core.h"
#include "core/line.h"
#include "core/network.h"
#include "core/outbox.h"
#include "core/people.h"
#include "store/store.h"

static const int64_t KEEP_MS = 14LL * 86400 * 1000;

int64_t inbox_keep_until(void)
{
    return clock_wall_ms() + KEEP_MS;
}

void inbox_hand_over(struct network *network, const struct entry_result *result)
{
    if (result->delivery)
        sink_stream_hand(network, result->delivery);
    else if (result->outcome == ENTRY_QUEUED)
        network->to_xmpp.backlog = true;
}

static struct entry copy_for(struct network *network, const char *account,
                             const char *contact, const char *text)
{
    return (struct entry){
        .id = id_new(),
        .direction = TO_XMPP,
        .kind = KIND_TEXT,
        .network = network_name(network),
        .contact = contact,
        .account = account,
        .text = text,
        .with_first = true,
        .make_account = true,
        .expires = inbox_keep_until(),
        .take = sink_stream_is_open(network),
    };
}

size_t inbox_copies(struct network *network, const struct user_text *text,
                    struct line *line, char **marked, struct entry *out)
{
    const char *jids[PEOPLE_MAX];
    struct line *team =
        people_team_line(network, text->account, text->contact, line);
    size_t seeing = team ? people_seeing(team, text->contact, jids) : 0;
    size_t n = 0;
    if (seeing > 0)
        *marked = people_marked(&team->people, text->account, text->text);
    for (size_t i = 0; i < seeing; i++)
        if (strcasecmp(jids[i], text->account) != 0)
            out[n++] = copy_for(network, jids[i], text->contact, *marked);
    return n;
}

static void on_told(void *arg, struct entry_result *results, size_t n,
                    const struct err *err)
{
    struct network *network = arg;
    if (core_failed(network->core, err))
        return;
    for (size_t i = 0; i < n; i++)
        inbox_hand_over(network, &results[i]);
    lane_pump(&network->to_xmpp);
}

void inbox_tell_team(struct line *line, const char *account,
                     const char *contact, const char *words)
{
    struct network *network = line->network;
    const struct people *people = &line->people;
    char *marked = people_marked(people, account, words);
    struct entry entries[PEOPLE_MAX];
    struct acceptance acceptance = { .entries = entries };
    for (size_t i = 0; i < people->n; i++)
        if (strcasecmp(people->jids[i], account) != 0)
            entries[acceptance.n++] =
                copy_for(network, people->jids[i], contact, marked);
    if (acceptance.n > 0) {
        entries[0].with_first = false;
        for (size_t i = 0; i < acceptance.n; i++)
            entries[i].kind = KIND_NOTICE;
        store_accept(network->core->store, &acceptance, on_told, network);
    }
    free(marked);
}
