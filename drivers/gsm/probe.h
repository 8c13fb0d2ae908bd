/* probe.h - asks one serial port whether a modem is behind it, and which. Gives
 * up after a second of silence; the port is locked meanwhile. */
#ifndef MOONGATE_GSM_PROBE_H
#define MOONGATE_GSM_PROBE_H

#include <stdbool.h>

#include "driver.h"
#include "gsm/parse.h"

enum probe_result {
    PROBE_ASKING,
    PROBE_MODEM,  /* it talks AT */
    PROBE_SILENT, /* no answer, or not one of a modem */
    PROBE_BUSY,   /* somebody else has the port */
    PROBE_DENIED, /* we may not open it */
    PROBE_GONE,   /* it cannot be opened, or was unplugged meanwhile */
};

struct probe_facts {
    enum probe_result result;
    struct err err; /* of BUSY, DENIED and GONE */
    char imei[24], imsi[24];
    char maker[64], model[64], operator_name[64]; /* and below: deep only */
    enum cpin pin;
    bool has_pin;
    int creg, cereg, dbm; /* -1, -1, 0: unknown */
    bool spoke; /* it said something unasked: announcements come here */
};

struct probe;

/* `path` as in serial_open. `deep` asks for more than its identity. `done` runs
 * once, never before this returns; the probe stays until probe_free, and so,
 * when it found a modem, does its open port. */
struct probe *probe_new(struct owner *owner, const char *path, int baud,
                        bool deep, void (*done)(void *arg), void *arg);

const struct probe_facts *probe_facts(const struct probe *probe);

/* Takes the open port of a modem out of the probe, with new events. */
struct serial *probe_take(struct probe *probe,
                          const struct serial_events *events, void *arg);

/* Closes and frees; NULL is fine in both. */
void probe_free(struct probe *probe);

/* The memory alone, once the owner has closed everything. */
void probe_drop(struct probe *probe);

#endif
