/* serial_port.h - opening a local serial device for serial.c: the calls that
 * know about ttys, and the words for what goes wrong. */
#ifndef MOONGATE_TOOLKIT_SERIAL_PORT_H
#define MOONGATE_TOOLKIT_SERIAL_PORT_H

#include <stdbool.h>

#include "base/err.h"

struct sp_port;

/* An open, locked, raw device. */
struct serial_port {
    int fd;             /* non-blocking; read and write this one */
    int lock_fd;        /* carries the lock; equal to fd for a pty */
    struct sp_port *sp; /* NULL for a pty */
};

/* Opens without waiting. ERR_LINK with text that says what to do; ERR_CONFIG
 * for a baud rate that the device cannot have. */
bool serial_port_open(struct serial_port *port, const char *device, int baud,
                      bool flow_control, struct err *err);

/* Drops DTR and what was not sent yet, unlocks, closes. */
void serial_port_close(struct serial_port *port);

#endif
