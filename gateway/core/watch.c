/* watch.c - see watch.h. */
#include "core/watch.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/limits.h"
#include "core/network.h"
#include "store/store.h"

enum { MINUTE_MS = 60000 };

static void tell_loop(struct network *network, const struct user_text *text)
{
    char *words =
        xasprintf("The conversation of %.200s with %s was stopped "
                  "for %lld minutes: it looks like two machines that "
                  "answer each other.",
                  text->account, log_number(text->contact).text,
                  (long long)network->limits.loops.pause_ms / MINUTE_MS);
    network_tell_admins(network, words);
    free(words);
}

bool watch_out(struct network *network, const struct user_text *text,
               struct err *err)
{
    struct network_limits *limits = &network->limits;
    enum loop_verdict loop;
    if (!destination_allowed(&limits->destinations, text->contact,
                             network->policy.phone_addresses, err))
        return false;
    loop = loop_out(&limits->loops, text->account, text->contact, text->text,
                    clock_mono_ms(), err);
    if (loop == LOOP_BEGUN)
        tell_loop(network, text);
    return loop == LOOP_NONE;
}

void watch_in(struct network *network, const struct entry *entry,
              const struct entry_result *result)
{
    if (entry->account && result->outcome != ENTRY_DUPLICATE)
        loop_in(&network->limits.loops, entry->account, entry->contact,
                entry->text ? entry->text : "", clock_mono_ms());
}

void watch_tell_pause(struct network *network, const char *account)
{
    const struct allowance *allowance = &network->limits.allowance;
    char *words = xasprintf("%.200s is paused for %lld minutes: it wrote to "
                            "more than %lld new contacts in a minute. Enable "
                            "it to let it go on.",
                            account, (long long)allowance->pause_ms / MINUTE_MS,
                            (long long)allowance->burst);
    network_tell_admins(network, words);
    free(words);
}
