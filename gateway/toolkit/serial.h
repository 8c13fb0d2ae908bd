/* serial.h - a byte pipe to a modem: a real tty through libserialport, a pty
 * through termios (libserialport cannot open one), or tcp:HOST:PORT.
 *
 * Non-blocking; reads are delivered as they come, writes are queued up to a
 * ceiling. The port is locked (flock and TIOCEXCL) and raw, DTR and RTS on. */
#ifndef MOONGATE_TOOLKIT_SERIAL_H
#define MOONGATE_TOOLKIT_SERIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct owner;
struct serial;

struct serial_options {
    const char *device; /* path (symlinks are followed) or tcp:HOST:PORT */
    int baud;           /* 0: 115200 */
    bool flow_control;  /* RTS/CTS */
};

struct serial_events {
    void (*opened)(void *arg); /* always later, also for ttys */
    void (*data)(void *arg, const char *bytes, size_t size);
    /* Open failed, unplugged, hang-up or write error. The port is closed
     * already; no event follows. */
    void (*gone)(void *arg, const struct err *err);
};

/* Begins to open; never blocks. False only for a spec that can never work
 * (ERR_CONFIG); what may change (missing device, busy port) comes as `gone`
 * with ERR_LINK and text that says what to do; err.code is then SERIAL_BUSY
 * for a port that another program has, SERIAL_DENIED for one that we may not
 * open. `events` must outlive it. */
#define SERIAL_BUSY "busy"
#define SERIAL_DENIED "denied"

struct serial *serial_open(struct owner *owner,
                           const struct serial_options *options,
                           const struct serial_events *events, void *arg,
                           struct err *err);

/* From now on the events go to `events` and `arg`: the open port changes
 * hands. */
void serial_hand_over(struct serial *serial, const struct serial_events *events,
                      void *arg);

/* Queues bytes; over the ceiling (64 KiB) or on a dead port they are dropped
 * and `gone` follows. */
void serial_write(struct serial *serial, const void *bytes, size_t size);

/* Drops DTR, closes; no event follows. NULL is fine. */
void serial_close(struct serial *serial);

/* A serial port that this machine has now. */
struct serial_place {
    char *path;    /* to be opened: /dev/ttyUSB0, or what a pattern matched */
    char *real;    /* the device itself, behind all links */
    char *by_id;   /* its link in /dev/serial/by-id, or by-path; or NULL */
    char *product; /* what USB calls it; "" when unknown */
    unsigned vendor_id, product_id; /* of USB; 0: unknown */
    bool usb; /* else it is listed only when a pattern names it */
};

/* Lists the ports that fit any of the `n` glob patterns, or for n = 0 all USB
 * ports, each once and sorted by path. Built-in ports are listed by pattern
 * only: what hangs on them may be a console. Reads /sys and /dev only. Returns
 * their number; serial_places_free frees. */
size_t serial_places(const char *const *patterns, size_t n,
                     struct serial_place **out);
void serial_places_free(struct serial_place *places, size_t n);

#endif
