/* discover.c - lists the modems that are plugged in, for people who write a
 * configuration. All ports are asked side by side; ports of one modem are told
 * as one, with the others named beside it. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "gsm/gsm.h"
#include "gsm/scan.h"

enum { ALSO_MAX = 1024 };

struct look {
    const struct discovery *to;
    struct timer *timer; /* tells, outside of the probes' calls */
    struct serial_place *places;
    struct probe **probes; /* NULL: not asked */
    bool *told;
    size_t n, asked, ended;
};

static const struct probe_facts *facts_of(const struct look *look, size_t i)
{
    return look->probes[i] ? probe_facts(look->probes[i]) : NULL;
}

static bool is_modem(const struct look *look, size_t i)
{
    return look->probes[i] && facts_of(look, i)->result == PROBE_MODEM;
}

/* Cheap modems share one IMEI; the SIMs differ. */
static bool same_modem(const struct look *look, size_t a, size_t b)
{
    const struct probe_facts *x = facts_of(look, a), *y = facts_of(look, b);

    return x->imei[0] != '\0' && strcmp(x->imei, y->imei) == 0 &&
           strcmp(x->imsi, y->imsi) == 0;
}

static bool imei_is_unique(const struct look *look, size_t i)
{
    const char *imei = facts_of(look, i)->imei;

    for (size_t j = 0; j < look->n; j++)
        if (is_modem(look, j) && !same_modem(look, i, j) && j != i &&
            strcmp(facts_of(look, j)->imei, imei) == 0)
            return false;
    return strlen(imei) >= 14;
}

/* "Huawei Technologies" is huawei to a configuration. */
static void tell_name(struct status *status, const char *maker)
{
    char name[24];
    size_t n = 0;

    for (; n + 1 < sizeof(name) && isalpha((unsigned char)maker[n]); n++)
        name[n] = (char)tolower((unsigned char)maker[n]);
    name[n] = '\0';
    status_text(status, "name", "%s", n > 0 ? name : "sim");
}

static void tell_place(struct status *status, const struct look *look, size_t i)
{
    const struct serial_place *place = &look->places[i];

    status_text(status, "port", "%s", place->path);
    if (place->by_id)
        status_text(status, "link", "%s", place->by_id);
    if (place->product[0] != '\0')
        status_text(status, "usb", "%s", place->product);
}

static void tell_sim(struct status *status, const struct probe_facts *facts)
{
    static const char *const words[] = {
        [CPIN_READY] = "ready",
        [CPIN_PIN] = "asks for its PIN",
        [CPIN_PUK] = "is locked and asks for its PUK",
        [CPIN_OTHER] = "is not ready",
    };

    if (facts->imsi[0] != '\0')
        status_text(status, "imsi", "%s", facts->imsi);
    if (facts->has_pin)
        status_text(status, "sim", "%s", words[facts->pin]);
    else
        status_text(status, "sim", "%s",
                    facts->imsi[0] != '\0' ? "ready" : "none, or not ready");
}

static void tell_network(struct status *status, const struct probe_facts *facts)
{
    status_text(status, "network", "%s",
                gsm_network_words(facts->creg, facts->cereg));
    if (facts->operator_name[0] != '\0')
        status_text(status, "operator", "%s", facts->operator_name);
    if (facts->dbm != 0)
        status_text(status, "signal", "%d dBm", facts->dbm);
}

static void tell_also(struct status *status, struct look *look, size_t i)
{
    struct buf also;

    buf_init(&also, ALSO_MAX);
    for (size_t j = 0; j < look->n; j++) {
        if (j == i || !is_modem(look, j) || !same_modem(look, i, j))
            continue;
        look->told[j] = true;
        buf_addf(&also, "%s%s", also.len ? ", " : "", look->places[j].path);
    }
    if (also.len > 0)
        status_text(status, "also", "%s", buf_text(&also));
    buf_free(&also);
}

/* An IMEI is looked for on USB ports, unless `ports` says where. */
static void tell_device(struct status *status, const struct look *look,
                        size_t i)
{
    const struct serial_place *place = &look->places[i];

    if (!imei_is_unique(look, i)) {
        status_text(status, "device", "%s",
                    place->by_id ? place->by_id : place->path);
        return;
    }
    status_text(status, "device", "imei:%s", facts_of(look, i)->imei);
    if (!place->usb)
        status_text(status, "ports", "%s", place->path);
}

static void tell_modem(struct look *look, size_t i)
{
    const struct probe_facts *facts = facts_of(look, i);
    struct status *status = look->to->found(look->to->arg);

    look->told[i] = true;
    tell_place(status, look, i);
    tell_name(status, facts->maker);
    tell_device(status, look, i);
    status_text(status, "maker", "%s", facts->maker);
    status_text(status, "model", "%s", facts->model);
    if (facts->imei[0] != '\0')
        status_text(status, "imei", "%s", facts->imei);
    tell_sim(status, facts);
    tell_network(status, facts);
    tell_also(status, look, i);
}

static void tell_problem(struct look *look, size_t i)
{
    const struct probe_facts *facts = facts_of(look, i);
    struct status *status = look->to->found(look->to->arg);

    tell_place(status, look, i);
    status_text(status, "problem", "%s", facts->err.text);
    status_text(status, "code", "%s", facts->err.code);
}

/* The port of a modem that speaks unasked stands for it. */
static void tell_all(struct look *look)
{
    for (int spoke = 1; spoke >= 0; spoke--)
        for (size_t i = 0; i < look->n; i++)
            if (is_modem(look, i) && !look->told[i] &&
                facts_of(look, i)->spoke >= spoke)
                tell_modem(look, i);
    for (size_t i = 0; i < look->n; i++) {
        enum probe_result result =
            look->probes[i] ? facts_of(look, i)->result : PROBE_SILENT;

        if (result == PROBE_BUSY || result == PROBE_DENIED)
            tell_problem(look, i);
    }
}

static void look_end(void *arg)
{
    struct look *look = arg;
    const struct discovery *to = look->to;
    size_t n = look->n;

    tell_all(look);
    for (size_t i = 0; i < look->n; i++)
        probe_free(look->probes[i]);
    serial_places_free(look->places, look->n);
    timer_free(look->timer);
    free(look->probes);
    free(look->told);
    free(look);
    to->done(to->arg, n);
}

static void tell_progress(const struct look *look)
{
    for (size_t i = 0; i < look->n && look->to->progress; i++) {
        if (look->probes[i] && facts_of(look, i)->result == PROBE_ASKING) {
            look->to->progress(look->to->arg, look->places[i].path,
                               look->ended + 1, look->asked);
            return;
        }
    }
}

static void on_probed(void *arg)
{
    struct look *look = arg;

    if (++look->ended == look->asked)
        timer_start(look->timer, 0);
    else
        tell_progress(look);
}

void gsm_discover(struct owner *owner, const struct discovery *discovery)
{
    struct look *look = xcalloc(1, sizeof(*look));

    look->to = discovery;
    look->n =
        serial_places(discovery->ports, discovery->n_ports, &look->places);
    look->timer = timer_new(owner, look_end, look);
    look->probes = xcalloc(look->n + 1, sizeof(*look->probes));
    look->told = xcalloc(look->n + 1, sizeof(*look->told));
    for (size_t i = 0; i < look->n; i++) {
        if (discovery->n_ports == 0 && place_is_no_modem(&look->places[i]))
            continue;
        look->probes[i] =
            probe_new(owner, look->places[i].path, 0, true, on_probed, look);
        look->asked++;
    }
    tell_progress(look);
    if (look->asked == 0)
        timer_start(look->timer, 0);
}
