/* serial_port.c - opening local serial devices.
 *
 * Every device is opened and locked (flock) by us first, so that a port which
 * another instance uses is not touched. Real ttys are then handed to
 * libserialport, by their real path: it refuses symlinks such as
 * /dev/serial/by-id/.... Ptys, which it cannot open at all, get termios.
 *
 * TIOCEXCL is for real ttys only. On a pty the mark would outlive a killed
 * daemon while the other side stays open, and lock its successor out; flock
 * ends with the process. */
#include "toolkit/serial_port.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <libserialport.h>

#include "base/mem.h"
#include "toolkit/serial.h"

static const struct {
    int error;
    const char *words;
} open_words[] = {
    { ENOENT, "no such device: is the modem plugged in?" },
    { ENODEV, "no such device: is the modem plugged in?" },
    { ENXIO, "no such device: is the modem plugged in?" },
    { ENOTDIR, "no such device: is the path right?" },
    { EACCES, "permission denied: add the user to the dialout group" },
    { EPERM, "permission denied: add the user to the dialout group" },
    { EBUSY, "port is in use by another program (ModemManager?): stop it, or "
             "keep it off this port (udev: ID_MM_DEVICE_IGNORE=1)" },
    { EWOULDBLOCK, "port is in use by another program (a second gateway?): "
                   "only one can have it" },
    { ENOTTY, "not a serial port" },
    { EISDIR, "not a serial port" },
    { EIO, "the device does not answer: unplug it and plug it in again" },
};

static bool port_error(struct err *err, const char *device, int error)
{
    const char *words = NULL;

    for (size_t i = 0; i < sizeof(open_words) / sizeof(*open_words); i++)
        if (open_words[i].error == error)
            words = open_words[i].words;
    err_set(err, ERR_LINK, "%s: %s", device, words ? words : strerror(error));
    if (error == EACCES || error == EPERM)
        text_copy(err->code, sizeof(err->code), SERIAL_DENIED);
    else if (error == EBUSY || error == EWOULDBLOCK)
        text_copy(err->code, sizeof(err->code), SERIAL_BUSY);
    return false;
}

static const struct {
    int baud;
    speed_t speed;
} speeds[] = {
    { 300, B300 },         { 1200, B1200 },       { 2400, B2400 },
    { 4800, B4800 },       { 9600, B9600 },       { 19200, B19200 },
    { 38400, B38400 },     { 57600, B57600 },     { 115200, B115200 },
    { 230400, B230400 },   { 460800, B460800 },   { 500000, B500000 },
    { 576000, B576000 },   { 921600, B921600 },   { 1000000, B1000000 },
    { 1152000, B1152000 }, { 1500000, B1500000 }, { 2000000, B2000000 },
    { 3000000, B3000000 }, { 4000000, B4000000 },
};

static bool speed_set(struct termios *termios, int baud)
{
    for (size_t i = 0; i < sizeof(speeds) / sizeof(*speeds); i++) {
        if (speeds[i].baud != baud)
            continue;
        return cfsetispeed(termios, speeds[i].speed) == 0 &&
               cfsetospeed(termios, speeds[i].speed) == 0;
    }
    return false;
}

/* Raw mode without libserialport. Old input is dropped: it was meant for
 * whoever had the port before. */
static bool termios_setup(int fd, const char *device, int baud,
                          bool flow_control, struct err *err)
{
    struct termios termios;

    if (tcgetattr(fd, &termios) < 0)
        return port_error(err, device, errno);
    cfmakeraw(&termios);
    termios.c_cflag |= CLOCAL | CREAD;
    termios.c_cflag &= ~(tcflag_t)(CRTSCTS | CSTOPB);
    if (flow_control)
        termios.c_cflag |= CRTSCTS;
    termios.c_cc[VMIN] = 1;
    termios.c_cc[VTIME] = 0;
    if (!speed_set(&termios, baud))
        return err_set(err, ERR_CONFIG, "%s: %d is not a usual baud rate",
                       device, baud);
    if (tcsetattr(fd, TCSANOW, &termios) < 0)
        return port_error(err, device, errno);
    (void)tcflush(fd, TCOFLUSH);
    return true;
}

/* All at once: each of libserialport's single setters sets everything, and so
 * would drop DTR (hang up, to a modem) and raise it again. */
static bool sp_settings(struct sp_port *sp, int baud, bool flow_control)
{
    struct sp_port_config *config;
    bool ok;

    if (sp_new_config(&config) != SP_OK)
        return false;
    ok = sp_set_config_baudrate(config, baud) == SP_OK &&
         sp_set_config_bits(config, 8) == SP_OK &&
         sp_set_config_parity(config, SP_PARITY_NONE) == SP_OK &&
         sp_set_config_stopbits(config, 1) == SP_OK &&
         sp_set_config_flowcontrol(
             config, flow_control ? SP_FLOWCONTROL_RTSCTS
                                  : SP_FLOWCONTROL_NONE) == SP_OK &&
         sp_set_config_dtr(config, SP_DTR_ON) == SP_OK &&
         (flow_control || sp_set_config_rts(config, SP_RTS_ON) == SP_OK) &&
         sp_set_config(sp, config) == SP_OK;
    sp_free_config(config);
    return ok;
}

static bool sp_error(struct err *err, const char *device, enum sp_return rc)
{
    if (rc == SP_ERR_FAIL)
        return port_error(err, device, sp_last_error_code());
    return err_set(err, ERR_LINK, "%s: the device refused its settings",
                   device);
}

static bool sp_setup(struct serial_port *port, const char *device, int baud,
                     bool flow_control, struct err *err)
{
    struct sp_port *sp;
    enum sp_return rc = sp_get_port_by_name(device, &sp);

    if (rc != SP_OK)
        return sp_error(err, device, rc);
    rc = sp_open(sp, SP_MODE_READ_WRITE);
    if (rc == SP_OK && !sp_settings(sp, baud, flow_control)) {
        rc = SP_ERR_SUPP;
        (void)sp_close(sp);
    }
    if (rc != SP_OK) {
        (void)sp_error(err, device, rc);
        sp_free_port(sp);
        return false;
    }
    (void)sp_flush(sp, SP_BUF_OUTPUT);
    (void)sp_get_port_handle(sp, &port->fd);
    (void)ioctl(port->fd, TIOCEXCL);
    port->sp = sp;
    return true;
}

/* The test that libserialport itself makes. */
static bool is_real_tty(const char *device)
{
    char path[PATH_MAX];
    const char *name = strrchr(device, '/');

    if (!name || strncmp(device, "/dev/", 5) != 0 || name != device + 4)
        return false;
    int size = snprintf(path, sizeof(path), "/sys/class/tty%s", name);
    return size < (int)sizeof(path) && access(path, F_OK) == 0;
}

static bool port_lock(struct serial_port *port, const char *device,
                      struct err *err)
{
    port->fd = open(device, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (port->fd < 0)
        return port_error(err, device, errno);
    port->lock_fd = port->fd;
    int error = !isatty(port->fd)                        ? ENOTTY
                : flock(port->fd, LOCK_EX | LOCK_NB) < 0 ? errno
                                                         : 0;
    if (error == 0)
        return true;
    (void)close(port->fd);
    return port_error(err, device, error);
}

bool serial_port_open(struct serial_port *port, const char *device, int baud,
                      bool flow_control, struct err *err)
{
    struct serial_port out = { .fd = -1, .lock_fd = -1 };
    char real[PATH_MAX];

    if (!realpath(device, real))
        return port_error(err, device, errno);
    if (!port_lock(&out, real, err))
        return false;
    bool ok = is_real_tty(real)
                  ? sp_setup(&out, real, baud, flow_control, err)
                  : termios_setup(out.fd, real, baud, flow_control, err);
    if (!ok) {
        (void)close(out.lock_fd);
        return false;
    }
    *port = out;
    return true;
}

/* The flush keeps close() from waiting (up to 30 s) for a device that takes no
 * more bytes. */
void serial_port_close(struct serial_port *port)
{
    (void)tcflush(port->fd, TCIOFLUSH);
    if (port->sp) {
        (void)sp_set_dtr(port->sp, SP_DTR_OFF);
        (void)ioctl(port->fd, TIOCNXCL);
        (void)sp_close(port->sp);
        sp_free_port(port->sp);
    }
    (void)close(port->lock_fd);
}
