/* own.c - see own.h. A line that is taken back stays in the list, off: much
 * refers to lines. It is used again when its owner brings another. */
#include "core/own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "core/account.h"
#include "core/core.h"
#include "core/line.h"
#include "core/network.h"
#include "core/picture.h"
#include "store/own.h"
#include "toolkit/config.h"
#include "toolkit/hash.h"
#include "toolkit/seal.h"

struct own_name {
    char text[20];
};

/* The same for the same account, and no word about it. */
static struct own_name own_name(const struct network *network,
                                const char *account)
{
    char *whole = xasprintf("%s\n%s", network_name(network), account);
    unsigned char digest[HASH_MAX];
    struct own_name name;
    (void)hash_bytes(HASH_SHA256, whole, strlen(whole), digest);
    snprintf(name.text, sizeof(name.text), "own-%02x%02x%02x%02x%02x%02x",
             digest[0], digest[1], digest[2], digest[3], digest[4], digest[5]);
    free(whole);
    return name;
}

void own_template(struct network *network, const struct settings *settings,
                  const struct driver *driver)
{
    network->own_settings = settings;
    network->own_driver = driver;
}

const struct option *account_own_option(const struct network *network)
{
    const struct option *o =
        network->own_driver ? network->own_driver->options : NULL;
    while (o && o->key && !(o->flags & OPT_OWN))
        o++;
    return o && o->key ? o : NULL;
}

/* The settings of somebody's line; NULL: the driver does not take `value`. */
static struct settings *own_make(const struct network *network,
                                 const char *account, const char *value,
                                 struct err *err)
{
    const struct option *option = account_own_option(network);
    const struct driver *driver = network->own_driver;
    struct own_name name = own_name(network, account);
    struct settings *s = settings_like(network->own_settings, name.text);
    if (settings_put(s, "owner", account, err) &&
        settings_put(s, option->key, value, err) &&
        (!driver->check || driver->check(s, err)))
        return s;
    settings_free(s);
    return NULL;
}

/* Takes the settings. */
static struct line *own_add(struct network *network, struct settings *s)
{
    struct core *core = network->core;
    struct line *line = line_new(core, network, network->own_driver, s);
    line->own_settings = s;
    DL_APPEND(core->lines, line);
    return line;
}

struct line *own_line(const struct network *network, const char *account)
{
    struct own_name name = own_name(network, account);
    struct line *line = NULL;
    while ((line = network_line_next(network, line)))
        if (line->own_settings && strcmp(line_name(line), name.text) == 0)
            break;
    return line;
}

/* --- start ---------------------------------------------------------------- */

struct loading {
    struct network *network;
    struct settings **made;
    size_t n, lost;
};

static void on_row(void *arg, const struct own_row *row)
{
    struct loading *loading = arg;
    struct network *network = loading->network;
    char *value =
        seal_open(network->core->seal, row->name, row->sealed, row->size);
    struct settings *s = NULL;
    struct err err;
    if (value && strcmp(row->driver, network->own_driver->name) == 0)
        s = own_make(network, row->owner, value, &err);
    secret_free(value);
    if (!s) {
        loading->lost++;
        return;
    }
    loading->made =
        xrealloc(loading->made, (loading->n + 1) * sizeof(struct settings *));
    loading->made[loading->n++] = s;
}

static void load(struct network *network)
{
    struct loading loading = { .network = network };
    store_own_each(network->core->store, network_name(network), on_row,
                   &loading);
    for (size_t i = 0; i < loading.n; i++)
        (void)own_add(network, loading.made[i]);
    free(loading.made);
    if (loading.lost > 0)
        log_warn("network %s: %zu lines of users' own cannot be opened: was "
                 "seal_key, or the driver, another one?",
                 network_name(network), loading.lost);
}

void own_load(struct core *core)
{
    struct network *network;
    DL_FOREACH (core->networks, network) {
        if (network->own_driver)
            load(network);
    }
}

/* --- changes -------------------------------------------------------------- */

bool account_own_check(const struct network *network, const char *account,
                       const char *value, struct err *err)
{
    struct settings *s = own_make(network, account, value, err);
    settings_free(s);
    return s != NULL;
}

struct own_change {
    struct network *network;
    char *account;
    struct settings *settings; /* NULL: it is taken back */
    account_done_fn *done;
    void *arg;
};

static void apply(struct network *network, const char *account,
                  struct settings *settings)
{
    struct line *line = own_line(network, account);
    if (!settings) {
        own_forget(network, account);
        return;
    }
    log_info("network %s: a user has brought line %s", network_name(network),
             settings_name(settings));
    if (line)
        line_renew(line, settings);
    else
        line_start(own_add(network, settings));
}

static void on_kept(void *arg, const struct err *err)
{
    struct own_change *change = arg;
    struct network *network = change->network;
    if (core_failed(network->core, err) || network->core->stopping)
        settings_free(change->settings);
    else
        apply(network, change->account, change->settings);
    change->done(change->arg, err);
    free(change->account);
    free(change);
}

void account_put_own(struct network *network, const char *account,
                     const char *value, account_done_fn *done, void *arg)
{
    struct store *store = network->core->store;
    struct own_change *change;
    struct settings *s = NULL;
    struct err err;
    if (value && !(s = own_make(network, account, value, &err))) {
        done(arg, &err);
        return;
    }
    change = xcalloc(1, sizeof(*change));
    *change = (struct own_change){ .network = network,
                                   .account = xstrdup(account),
                                   .settings = s,
                                   .done = done,
                                   .arg = arg };
    if (!value) {
        store_own_drop(store, network_name(network), account, on_kept, change);
        return;
    }
    struct own_row row = { .name = settings_name(s),
                           .network = network_name(network),
                           .driver = network->own_driver->name,
                           .owner = account };
    unsigned char *sealed =
        seal_close(network->core->seal, row.name, value, &row.size);
    row.sealed = sealed;
    store_own_put(store, &row, on_kept, change);
    free(sealed);
}

void own_forget(struct network *network, const char *account)
{
    struct line *line = own_line(network, account);
    pictures_forget_account(network, account);
    if (line)
        line_retire(line);
}

void own_rest(struct network *network, const char *account, bool rest)
{
    struct line *line = own_line(network, account);
    if (!line || line->retired)
        return;
    if (rest)
        line_stop(line);
    else
        line_wake(line);
}
