/* scan.c - a line that names its modem by IMEI or IMSI looks for its port.
 *
 * Every half second the ports are listed. One that is new, or was plugged in
 * again, is asked at once, all of them side by side; the one where the modem
 * was found last comes first and alone. A port that kept silent may be a modem
 * that boots: it is asked again after 1, 2, 4 ... seconds. One that is locked
 * belongs to another line, or another line is looking at it: then we look
 * again soon, and whoever asks lets go within seconds. A modem that is not ours
 * is left alone until it is plugged in again.
 *
 * A modem has several ports, and often announces arrivals on one of them only;
 * interface numbers tell nothing reliable. So all that answer as our modem stay
 * open for a moment, and one that speaks unasked is preferred. */
#include "gsm/scan.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "gsm/gsm.h"

enum {
    PORTS_MAX = 64, /* known at a time */
    LOOK_EVERY_MS = 500,
    FIRST_MS = 50,          /* between ends of questions and the next look */
    LISTEN_MS = 1000,       /* for the modem's other ports */
    BUSY_MS = 300,          /* until a locked port is tried again */
    DENIED_MS = 5000,       /* until one that we may not open is */
    SILENT_MS = 1000,       /* doubled each time */
    SILENT_TIMES = 4,       /* doublings */
    FIRST_SEARCH_MS = 3000, /* then the line says why it is not there, */
    SEARCH_MS = 60000,      /* once: later searches take their time */
    RETRY_S = 1,
};

struct seek_port {
    char *path, *stable; /* stable: what is remembered */
    struct timespec made;
    ino_t inode;
    bool listed, foreign; /* foreign: a modem, not ours */
    unsigned silent;
    int64_t next; /* clock_mono_ms */
    struct probe *probe;
};

struct seek {
    struct gsm *g;
    struct identity wanted;
    struct seek_port *ports[PORTS_MAX];
    size_t n;
    int64_t began, found_at; /* found_at: when the first port was ours */
    bool tried_last;         /* the remembered place had its chance */
    size_t denied, busy;     /* at the last look */
};

/* What is remembered: the place, and for whom a search was in vain. */
static const char port_key[] = "port", missing_key[] = "missing";

bool identity_parse(const char *device, struct identity *out)
{
    bool by_sim = strncmp(device, "imsi:", 5) == 0;

    if (!by_sim && strncmp(device, "imei:", 5) != 0)
        return false;
    *out = (struct identity){ .by_sim = by_sim, .digits = device + 5 };
    return true;
}

bool identity_check(const struct identity *identity, struct err *err)
{
    size_t n = strlen(identity->digits), max = identity->by_sim ? 15 : 16;

    if (n >= 14 && n <= max && strspn(identity->digits, "0123456789") == n)
        return true;
    return err_set(err, ERR_CONFIG,
                   identity->by_sim
                       ? "device: an IMSI is 14 or 15 digits, as \"moongate "
                         "modems --json\" shows it"
                       : "device: an IMEI is 15 digits, as \"moongate modems\" "
                         "shows it");
}

bool identity_fits(const struct identity *identity,
                   const struct probe_facts *facts)
{
    if (facts->result != PROBE_MODEM)
        return false;
    if (identity->by_sim)
        return strcmp(identity->digits, facts->imsi) == 0;
    return strlen(facts->imei) >= 14 &&
           strncmp(identity->digits, facts->imei, 14) == 0;
}

bool place_is_no_modem(const struct serial_place *place)
{
    static const struct {
        unsigned vendor, first, last; /* products */
    } others[] = {
        { 0x2341, 0, 0xffff },      /* Arduino: restarts when it is opened */
        { 0x2a03, 0, 0xffff },      /* Arduino */
        { 0x239a, 0, 0xffff },      /* Adafruit */
        { 0x2e8a, 0, 0xffff },      /* Raspberry Pi Pico */
        { 0x16c0, 0x0483, 0x0483 }, /* Teensy */
        { 0x0483, 0x374a, 0x374f }, /* ST-LINK */
        { 0x1366, 0, 0xffff },      /* SEGGER */
        { 0x1546, 0x01a4, 0x01a9 }, /* u-blox GNSS */
        { 0x0658, 0x0200, 0x0200 }, /* Z-Wave */
        { 0x1cf1, 0, 0xffff },      /* ConBee */
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (others[i].vendor == place->vendor_id &&
            place->product_id >= others[i].first &&
            place->product_id <= others[i].last)
            return true;
    return false;
}

static void port_free(struct seek_port *port)
{
    free(port->path);
    free(port->stable);
    free(port);
}

static void port_forget(struct seek *seek, size_t i)
{
    probe_free(seek->ports[i]->probe);
    port_free(seek->ports[i]);
    seek->ports[i] = seek->ports[--seek->n];
}

static struct seek_port *port_find(struct seek *seek, const char *path)
{
    for (size_t i = 0; i < seek->n; i++)
        if (strcmp(seek->ports[i]->path, path) == 0)
            return seek->ports[i];
    return NULL;
}

/* Notes that the place is there; one that was plugged in again is new. */
static void port_note(struct seek *seek, const struct serial_place *place)
{
    struct seek_port *port = port_find(seek, place->path);
    struct stat info;

    if (place_is_no_modem(place) || stat(place->real, &info) != 0)
        return;
    if (!port) {
        if (seek->n == PORTS_MAX)
            return;
        port = seek->ports[seek->n++] = xcalloc(1, sizeof(*port));
        port->path = xstrdup(place->path);
    } else if (port->inode == info.st_ino &&
               port->made.tv_sec == info.st_ctim.tv_sec &&
               port->made.tv_nsec == info.st_ctim.tv_nsec) {
        port->listed = true;
        return;
    }
    free(port->stable);
    port->stable = xstrdup(place->by_id ? place->by_id : place->path);
    port->inode = info.st_ino;
    port->made = info.st_ctim;
    port->foreign = false;
    port->silent = 0;
    port->next = 0;
    port->listed = true;
}

static void list_ports(struct seek *seek)
{
    const struct settings *s = line_options(seek->g->line);
    const char *patterns[PORTS_MAX];
    struct serial_place *places;
    size_t n = settings_list_size(s, "ports");

    n = n < PORTS_MAX ? n : PORTS_MAX;
    for (size_t i = 0; i < n; i++)
        patterns[i] = settings_list_item(s, "ports", i);
    for (size_t i = 0; i < seek->n; i++)
        seek->ports[i]->listed = false;
    n = serial_places(patterns, n, &places);
    for (size_t i = 0; i < n; i++)
        port_note(seek, &places[i]);
    serial_places_free(places, n);
    for (size_t i = seek->n; i-- > 0;)
        if (!seek->ports[i]->listed)
            port_forget(seek, i);
}

static void take(struct seek *seek, struct seek_port *port)
{
    struct gsm *g = seek->g;
    const char *last = line_state_get(g->line, port_key);

    log_info("line %s: its modem is at %s", line_name(g->line), port->path);
    if (!last || strcmp(last, port->stable) != 0)
        line_state_put(g->line, port_key, port->stable);
    if (line_state_get(g->line, missing_key))
        line_state_put(g->line, missing_key, NULL);
    text_copy(g->port, sizeof(g->port), port->path);
    g->serial = probe_take(port->probe, &gsm_serial_events, g);
    gsm_seek_end(g);
    gsm_enter(g, GSM_PROBING);
}

static bool is_ours(const struct seek *seek, const struct seek_port *port)
{
    return port->probe &&
           identity_fits(&seek->wanted, probe_facts(port->probe));
}

/* Ours, and better than `best`? */
static bool is_better(const struct seek *seek, const struct seek_port *port,
                      const struct seek_port *best)
{
    if (!is_ours(seek, port))
        return false;
    if (!best)
        return true;
    if (probe_facts(port->probe)->spoke != probe_facts(best->probe)->spoke)
        return probe_facts(port->probe)->spoke;
    return strverscmp(port->path, best->path) < 0;
}

static bool take_best(struct seek *seek)
{
    struct seek_port *best = NULL;

    for (size_t i = 0; i < seek->n; i++)
        if (is_better(seek, seek->ports[i], best))
            best = seek->ports[i];
    if (best)
        take(seek, best);
    else
        seek->found_at = 0; /* unplugged again */
    return best != NULL;
}

static void note_silent(struct seek_port *port)
{
    unsigned times = port->silent < SILENT_TIMES ? port->silent : SILENT_TIMES;

    port->next = clock_mono_ms() + (SILENT_MS << times);
    port->silent++;
}

/* What was learnt of a port that is not ours. */
static void judge(struct seek *seek, struct seek_port *port)
{
    const struct probe_facts *facts = probe_facts(port->probe);
    const char *id = seek->wanted.by_sim ? facts->imsi : facts->imei;

    switch (facts->result) {
    case PROBE_MODEM:
        port->foreign = id[0] != '\0';
        if (!port->foreign)
            note_silent(port);
        break;
    case PROBE_BUSY:
        port->next = clock_mono_ms() + BUSY_MS;
        break;
    case PROBE_DENIED:
        port->next = clock_mono_ms() + DENIED_MS;
        break;
    case PROBE_SILENT:
    case PROBE_GONE:
    case PROBE_ASKING:
        note_silent(port);
        break;
    }
    probe_free(port->probe);
    port->probe = NULL;
}

static void on_probed(void *arg)
{
    struct gsm *g = arg;

    if (g->state == GSM_SEEKING)
        timer_start(g->deadline, FIRST_MS);
}

static void ask(struct seek *seek, struct seek_port *port)
{
    const struct settings *s = line_options(seek->g->line);

    port->probe =
        probe_new(line_owner(seek->g->line), port->path,
                  (int)settings_int(s, "baud"), false, on_probed, seek->g);
}

/* The port where it was found last, when it is there. */
static struct seek_port *last_port(struct seek *seek)
{
    const char *last = line_state_get(seek->g->line, port_key);

    for (size_t i = 0; last && i < seek->n; i++)
        if (strcmp(seek->ports[i]->stable, last) == 0)
            return seek->ports[i];
    return NULL;
}

/* Asks what is due; returns how many are being asked. */
static size_t ask_due(struct seek *seek)
{
    struct seek_port *last = seek->tried_last ? NULL : last_port(seek);
    int64_t now = clock_mono_ms();
    size_t asking = 0;

    seek->tried_last = true;
    for (size_t i = 0; i < seek->n; i++) {
        struct seek_port *port = seek->ports[i];

        if (!port->probe && !port->foreign && port->next <= now &&
            (!last || port == last))
            ask(seek, port);
        asking +=
            port->probe && probe_facts(port->probe)->result == PROBE_ASKING;
    }
    return asking;
}

/* Closes what has ended without being ours. */
static void judge_ended(struct seek *seek)
{
    seek->denied = seek->busy = 0;
    for (size_t i = 0; i < seek->n; i++) {
        struct seek_port *port = seek->ports[i];
        enum probe_result result =
            port->probe ? probe_facts(port->probe)->result : PROBE_ASKING;

        seek->denied += result == PROBE_DENIED;
        seek->busy += result == PROBE_BUSY;
        if (is_ours(seek, port)) {
            if (seek->found_at == 0)
                seek->found_at = clock_mono_ms();
        } else if (result != PROBE_ASKING) {
            judge(seek, port);
        }
    }
}

static bool was_missing(const struct seek *seek)
{
    const char *digits = line_state_get(seek->g->line, missing_key);

    return digits && strcmp(digits, seek->wanted.digits) == 0;
}

static void give_up(struct seek *seek)
{
    struct err err;

    err_set(&err, ERR_LINK,
            "no modem with the %s %s: is it plugged in? %zu ports looked at%s",
            seek->wanted.by_sim ? "IMSI" : "IMEI",
            seek->wanted.by_sim ? log_number(seek->wanted.digits).text
                                : seek->wanted.digits,
            seek->n,
            seek->denied ? ", some of which the daemon may not open: add its "
                           "user to the dialout group"
            : seek->busy ? ", some of which are in use"
                         : "");
    err.scope = SCOPE_LINE;
    err.retry_after = RETRY_S;
    if (!was_missing(seek))
        line_state_put(seek->g->line, missing_key, seek->wanted.digits);
    gsm_fail(seek->g, &err);
}

void gsm_seek_timeout(struct gsm *g)
{
    struct seek *seek = g->seek;
    const struct seek_port *last;
    int64_t now = clock_mono_ms();
    size_t asking;

    list_ports(seek);
    judge_ended(seek);
    last = last_port(seek);
    asking = ask_due(seek);
    if (seek->found_at != 0 &&
        (asking == 0 || (last && is_ours(seek, last)) ||
         now - seek->found_at >= LISTEN_MS) &&
        take_best(seek))
        return;
    if (now - seek->began >= (was_missing(seek) ? SEARCH_MS : FIRST_SEARCH_MS))
        give_up(seek);
    else
        timer_start(g->deadline, LOOK_EVERY_MS);
}

void gsm_seek_enter(struct gsm *g)
{
    struct seek *seek = g->seek = xcalloc(1, sizeof(*seek));

    seek->g = g;
    seek->began = clock_mono_ms();
    identity_parse(settings_text(line_options(g->line), "device"),
                   &seek->wanted);
    timer_start(g->deadline, 0);
}

static void seek_free(struct gsm *g, void (*release)(struct probe *probe))
{
    struct seek *seek = g->seek;

    if (!seek)
        return;
    g->seek = NULL;
    for (size_t i = 0; i < seek->n; i++) {
        release(seek->ports[i]->probe);
        port_free(seek->ports[i]);
    }
    free(seek);
}

void gsm_seek_end(struct gsm *g)
{
    seek_free(g, probe_free);
}

void gsm_seek_drop(struct gsm *g)
{
    seek_free(g, probe_drop);
}
