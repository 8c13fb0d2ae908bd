/* serial_list.c - which serial ports this machine has, and by which names they
 * stay the same when they are plugged in again. Only /sys and /dev are read;
 * nothing is opened. libserialport tells what USB says of a port. */
#include "toolkit/serial.h"

#include <dirent.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libserialport.h>

#include "base/mem.h"

enum { PLACES_MAX = 256 };

struct list {
    struct serial_place *places;
    size_t n;
};

/* The link in `folder` that leads to `real`, or NULL; the caller frees. */
static char *find_link(const char *folder, const char *real)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    char *found = NULL;

    while (dir && !found && (entry = readdir(dir))) {
        char target[PATH_MAX];
        char *path;

        if (entry->d_name[0] == '.')
            continue;
        path = xasprintf("%s/%s", folder, entry->d_name);
        if (realpath(path, target) && strcmp(target, real) == 0)
            found = path;
        else
            free(path);
    }
    if (dir)
        closedir(dir);
    return found;
}

/* By-id names the device wherever it is plugged in; cheap modems without a
 * serial number share one, then by-path is left. */
static char *stable_link(const char *real)
{
    char *link = find_link("/dev/serial/by-id", real);

    return link ? link : find_link("/dev/serial/by-path", real);
}

/* Of a device or a pty: no virtual console, and nothing that only opening
 * would disturb, whatever a pattern says. */
static bool is_port(const char *real)
{
    const char *name = strrchr(real, '/') + 1;
    char *driver;
    bool ok;

    if (strncmp(real, "/dev/pts/", 9) == 0)
        return true;
    driver = xasprintf("/sys/class/tty/%s/device", name);
    ok = strncmp(real, "/dev/", 5) == 0 && access(driver, F_OK) == 0;
    free(driver);
    return ok;
}

static bool is_usb(const char *real)
{
    char *device =
        xasprintf("/sys/class/tty/%s/device", strrchr(real, '/') + 1);
    char target[PATH_MAX];
    bool usb = realpath(device, target) && strstr(target, "/usb");

    free(device);
    return usb;
}

static void describe(struct serial_place *place)
{
    const char *product = NULL;
    struct sp_port *port = NULL;
    int vendor, id;

    if (sp_get_port_by_name(place->real, &port) == SP_OK) {
        product = sp_get_port_usb_product(port);
        if (sp_get_port_usb_vid_pid(port, &vendor, &id) == SP_OK) {
            place->vendor_id = (unsigned)vendor;
            place->product_id = (unsigned)id;
        }
    }
    place->product = xstrdup(product ? product : "");
    place->usb = is_usb(place->real);
    sp_free_port(port);
}

static void list_add(struct list *list, const char *path)
{
    char real[PATH_MAX];
    struct serial_place *place;

    if (list->n == PLACES_MAX || !realpath(path, real) || !is_port(real))
        return;
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->places[i].real, real) == 0)
            return;
    list->places =
        xrealloc(list->places, (list->n + 1) * sizeof(*list->places));
    place = &list->places[list->n++];
    *place = (struct serial_place){
        .path = xstrdup(path),
        .real = xstrdup(real),
        .by_id = stable_link(real),
    };
    describe(place);
}

/* Not by sp_list_ports, which opens every built-in port to see whether it is
 * there; this is called again and again while a modem is looked for. */
static void list_usb(struct list *list)
{
    DIR *dir = opendir("/sys/class/tty");
    const struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        char *path = xasprintf("/dev/%s", entry->d_name);

        if (is_usb(path))
            list_add(list, path);
        free(path);
    }
    if (dir)
        closedir(dir);
}

static void list_pattern(struct list *list, const char *pattern)
{
    glob_t found;

    if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        list_add(list, found.gl_pathv[i]);
    globfree(&found);
}

/* ttyUSB2 comes before ttyUSB10. */
static int by_path(const void *a, const void *b)
{
    const struct serial_place *x = a, *y = b;

    return strverscmp(x->path, y->path);
}

size_t serial_places(const char *const *patterns, size_t n,
                     struct serial_place **out)
{
    struct list list = { 0 };

    if (n == 0)
        list_usb(&list);
    for (size_t i = 0; i < n; i++)
        list_pattern(&list, patterns[i]);
    if (list.n > 0)
        qsort(list.places, list.n, sizeof(*list.places), by_path);
    *out = list.places;
    return list.n;
}

void serial_places_free(struct serial_place *places, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(places[i].path);
        free(places[i].real);
        free(places[i].by_id);
        free(places[i].product);
    }
    free(places);
}
