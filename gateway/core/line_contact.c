/* line_contact.c - what a line says of contacts beside their messages. */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/line.h"
#include "core/network.h"
#include "store/manage.h"
#include "store/store.h"

enum { TOLD_MAX = 100 };

static void on_put(void *arg, const struct err *err)
{
    core_failed(arg, err);
}

void line_contact(struct line *line, const char *chat, const char *name)
{
    char address[1024];
    struct err err;
    if (network_address(line->network, chat, address, &err))
        store_contact_name(line->core->store, network_name(line->network), NULL,
                           address, name, on_put, line->core);
}

struct gone {
    struct line *line;
    char contact[1024];
};

static void take_back(const struct gone *gone, const char *account)
{
    struct network *network = gone->line->network;
    network_subscribe(network, account, gone->contact, false);
    network->front->left(network->self, account, gone->contact);
}

/* Each account that has talked with the contact, then NULL. */
static void on_account(void *arg, const char *account, const struct err *err)
{
    struct gone *gone = arg;
    if (account) {
        take_back(gone, account);
        return;
    }
    core_failed(gone->line->core, err);
    free(gone);
}

void line_contact_gone(struct line *line, const char *chat)
{
    struct gone *gone = xcalloc(1, sizeof(*gone));
    struct err err;
    gone->line = line;
    if (!network_address(line->network, chat, gone->contact, &err)) {
        free(gone);
        return;
    }
    log_info("line %s: %s wants nothing more from us", line_name(line),
             log_number(gone->contact).text);
    if (line->people.n > 0) {
        for (size_t i = 0; i < line->people.n; i++)
            take_back(gone, line->people.jids[i]);
        free(gone);
        return;
    }
    store_find_accounts(line->core->store, network_name(line->network),
                        gone->contact, TOLD_MAX, on_account, gone);
}
