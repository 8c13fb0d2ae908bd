/* iq.c - small requests: ping (XEP-0199), version (XEP-0092), time (XEP-0202),
 * uptime (XEP-0012), and the prompt of gateways (jabber:iq:gateway, XEP-0100
 * 6.3). */
#include "xmpp/dispatch.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/account.h"

#ifndef MOONGATE_VERSION
#define MOONGATE_VERSION "0.1"
#endif

void iq_ping(struct request *request)
{
    component_answer(request->component, request_result(request, NULL));
}

void iq_version(struct request *request)
{
    xmpp_stanza_t *query;
    xmpp_stanza_t *result = request_result(request, &query);

    stanza_add(query, "name", NULL, "Moongate");
    stanza_add(query, "version", NULL, MOONGATE_VERSION);
    component_answer(request->component, result);
}

/* What only the gateway itself has, not its contacts. */
static bool is_gateway(struct request *request)
{
    if (!request->contact[0])
        return true;
    request_refuse_plain(request, "service-unavailable", "cancel", NULL);
    return false;
}

/* XEP-0012 4: how long it has been running. */
void iq_last(struct request *request)
{
    const struct component *component = request->component;
    xmpp_stanza_t *result, *query;
    char seconds[24];

    if (!is_gateway(request))
        return;
    (void)snprintf(seconds, sizeof(seconds), "%lld",
                   (long long)(clock_mono_ms() - component->started) / 1000);
    result = request_result(request, &query);
    stanza_set(query, "seconds", seconds);
    component_answer(request->component, result);
}

void iq_time(struct request *request)
{
    int64_t now = clock_wall_ms();
    int zone = clock_zone_min(now);
    xmpp_stanza_t *result, *query;
    char tzo[16];

    if (!is_gateway(request))
        return;
    (void)snprintf(tzo, sizeof(tzo), "%c%02d:%02d", zone < 0 ? '-' : '+',
                   abs(zone) / 60, abs(zone) % 60);
    result = request_result(request, &query);
    stanza_add(query, "tzo", NULL, tzo);
    stanza_add(query, "utc", NULL, clock_iso(now).text);
    component_answer(request->component, result);
}

static bool has_prompt(struct request *request)
{
    struct denial denial;

    if (!is_gateway(request))
        return false;
    if (request_allowed(request, &denial))
        return true;
    request_refuse(request, &denial.refusal);
    return false;
}

void iq_gateway_get(struct request *request)
{
    const struct component *component = request->component;
    bool phones = network_policy(component->network)->phone_addresses;
    xmpp_stanza_t *result, *query;

    if (!has_prompt(request))
        return;
    result = request_result(request, &query);
    stanza_add(query, "desc", NULL,
               phones ? "Type the phone number as you would dial it, or with "
                        "+ and the country code."
                      : "Type the address of the person to write to.");
    stanza_add(query, "prompt", NULL, phones ? "Phone number" : "Address");
    component_answer(request->component, result);
}

/* An IQ that waits for the user's settings; holds its stanza. */
struct prompted {
    struct component *component;
    xmpp_stanza_t *stanza, *prompt;
};

static void on_account(void *arg, const struct account *account,
                       const struct err *err)
{
    struct prompted *prompted = arg;
    struct component *component = prompted->component;
    struct number_plan plan =
        account_plan(component->network, account ? account->settings : NULL);
    xmpp_stanza_t *answer, *query;
    char address[ADDRESS_SIZE], jid[JID_BARE_SIZE];
    struct err why;

    if (err)
        why = *err;
    if (!err &&
        address_from_typed_by(component, &plan, stanza_text(prompted->prompt),
                              address, &why)) {
        (void)component_jid(component, address, jid);
        answer = stanza_answer(prompted->stanza, "result");
        query = stanza_add(answer, "query", NS_GATEWAY, NULL);
        stanza_add(query, "jid", NULL, jid);
    } else {
        struct refusal refusal = refusal_of(&why);

        answer = stanza_answer(prompted->stanza, NULL);
        stanza_refuse(answer, &refusal);
    }
    component_answer(component, answer);
    (void)xmpp_stanza_release(prompted->stanza);
    free(prompted);
}

/* A number without country is read as in the country of who typed it. */
void iq_gateway_set(struct request *request)
{
    struct prompted *prompted;
    xmpp_stanza_t *prompt;

    if (!has_prompt(request))
        return;
    prompt = stanza_find(request->payload, "prompt", NS_GATEWAY);
    if (!prompt) {
        request_refuse_plain(request, "bad-request", "modify",
                             "there is no <prompt/>");
        return;
    }
    prompted = xmalloc(sizeof(*prompted));
    prompted->component = request->component;
    prompted->stanza = xmpp_stanza_clone(request->stanza);
    prompted->prompt = prompt;
    account_get(request->component->network, request->account, on_account,
                prompted);
}
