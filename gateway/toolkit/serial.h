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
 * with ERR_LINK and text that says what to do. `events` must outlive it. */
struct serial *serial_open(struct owner *owner,
                           const struct serial_options *options,
                           const struct serial_events *events, void *arg,
                           struct err *err);

/* Queues bytes; over the ceiling (64 KiB) or on a dead port they are dropped
 * and `gone` follows. */
void serial_write(struct serial *serial, const void *bytes, size_t size);

/* Drops DTR, closes; no event follows. NULL is fine. */
void serial_close(struct serial *serial);

#endif
