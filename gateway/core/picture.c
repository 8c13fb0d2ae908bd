/* picture.c - see picture.h. What is known here follows the store. */
#include "core/picture.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "base/buf.h"
#include "base/code.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/line.h"
#include "core/network.h"
#include "store/pictures.h"
#include "toolkit/hash.h"

enum { TOLD_MAX = 100, HEX_ROOM = 64, SHA1_SIZE = 20 };

struct shown {
    char *key; /* account, line feed, contact */
    char *token;
    struct picture picture;
    UT_hash_handle hh;
};

static char *key_of(const char *account, const char *contact)
{
    return xasprintf("%s\n%s", account, contact);
}

static struct shown *find(const struct network *network, const char *account,
                          const char *contact)
{
    char *key = key_of(account, contact);
    struct shown *shown;
    HASH_FIND_STR(network->shown, key, shown);
    free(key);
    return shown;
}

static void shown_free(struct network *network, struct shown *shown)
{
    HASH_DEL(network->shown, shown);
    free(shown->key);
    free(shown->token);
    free(shown);
}

/* True: another picture is seen than before. */
static bool note(struct network *network, const struct picture_row *row)
{
    struct shown *shown = find(network, row->account, row->contact);
    bool changed = strcmp(shown ? shown->picture.sha1 : "", row->sha1) != 0;
    if (!shown) {
        shown = xcalloc(1, sizeof(*shown));
        shown->key = key_of(row->account, row->contact);
        HASH_ADD_KEYPTR(hh, network->shown, shown->key, strlen(shown->key),
                        shown);
    }
    free(shown->token);
    shown->token = xstrdup(row->token);
    text_copy(shown->picture.sha1, sizeof(shown->picture.sha1), row->sha1);
    text_copy(shown->picture.type, sizeof(shown->picture.type), row->type);
    return changed;
}

static void on_row(void *arg, const struct picture_row *row,
                   const struct err *err)
{
    (void)err;
    (void)note(arg, row);
}

void pictures_load(struct core *core)
{
    struct network *network;
    DL_FOREACH (core->networks, network)
        store_pictures_each(core->store, network_name(network), on_row,
                            network);
}

void pictures_forget(struct network *network)
{
    while (network->shown)
        shown_free(network, network->shown);
    picture_fetches_forget(network);
}

void pictures_forget_account(struct network *network, const char *account)
{
    size_t size = strlen(account);
    struct shown *shown, *next;
    HASH_ITER (hh, network->shown, shown, next)
        if (strncmp(shown->key, account, size) == 0 && shown->key[size] == '\n')
            shown_free(network, shown);
}

/* --- who sees what ------------------------------------------------------- */

const char *picture_seer(const struct line *line, size_t i)
{
    if (line->people.n > 0)
        return i < line->people.n ? line->people.jids[i] : NULL;
    return i == 0 ? "" : NULL;
}

bool picture_is_settled(const struct line *line, const char *contact,
                        const char *token)
{
    const struct network *network = line->network;
    const char *account;
    for (size_t i = 0; (account = picture_seer(line, i)); i++) {
        const struct shown *shown = find(network, account, contact);
        if (!shown && (!token[0] || HASH_COUNT(network->shown) >= PICTURES_MAX))
            continue;
        if (!shown || strcmp(shown->token, token) != 0)
            return false;
    }
    return true;
}

static const struct shown *seen(const struct network *network,
                                const char *account, const char *contact,
                                const char **seer)
{
    const struct shown *shown = find(network, account, contact);
    *seer = shown ? account : "";
    return shown ? shown : find(network, "", contact);
}

const struct picture *network_picture(const struct network *network,
                                      const char *account, const char *contact)
{
    const char *seer;
    const struct shown *shown =
        contact[0] ? seen(network, account, contact, &seer) : NULL;
    return shown && shown->picture.sha1[0] ? &shown->picture : NULL;
}

struct question {
    struct network *network;
    picture_fn *fn;
    void *arg;
};

static void on_got(void *arg, const struct picture_row *row,
                   const struct err *err)
{
    struct question question = *(struct question *)arg;
    struct picture picture;
    free(arg);
    core_failed(question.network->core, err);
    if (!row) {
        question.fn(question.arg, NULL, NULL, 0);
        return;
    }
    text_copy(picture.sha1, sizeof(picture.sha1), row->sha1);
    text_copy(picture.type, sizeof(picture.type), row->type);
    question.fn(question.arg, &picture, row->bytes, row->size);
}

void network_picture_get(struct network *network, const char *account,
                         const char *contact, picture_fn *fn, void *arg)
{
    struct question *question;
    const char *seer;
    if (!network_picture(network, account, contact)) {
        fn(arg, NULL, NULL, 0);
        return;
    }
    (void)seen(network, account, contact, &seer);
    question = xcalloc(1, sizeof(*question));
    *question = (struct question){ network, fn, arg };
    store_picture_get(network->core->store, network_name(network), seer,
                      contact, on_got, question);
}

/* --- a new one ----------------------------------------------------------- */

struct news {
    struct network *network;
    char *account, *contact, *token;
    struct picture picture;
};

static void on_seer(void *arg, const char *account, const struct err *err)
{
    struct network *network = arg;
    core_failed(network->core, err);
    if (account)
        network->front->pictured(network->self, account);
}

static void tell(struct network *network, const char *account,
                 const char *contact)
{
    if (account[0])
        network->front->pictured(network->self, account);
    else
        store_find_accounts(network->core->store, network_name(network),
                            contact, TOLD_MAX, on_seer, network);
}

static void on_kept(void *arg, const struct err *err)
{
    struct news *news = arg;
    struct network *network = news->network;
    const struct picture_row row = { .account = news->account,
                                     .contact = news->contact,
                                     .token = news->token,
                                     .sha1 = news->picture.sha1,
                                     .type = news->picture.type };
    if (!core_failed(network->core, err) && !network->core->stopping &&
        note(network, &row))
        tell(network, row.account, row.contact);
    free(news->account);
    free(news->contact);
    free(news->token);
    free(news);
}

static void fill_sha1(const void *bytes, size_t size, char out[41])
{
    unsigned char digest[HASH_MAX];
    struct buf hex;
    buf_init(&hex, HEX_ROOM);
    (void)hash_bytes(HASH_SHA1, bytes, size, digest);
    (void)code_hex(&hex, digest, SHA1_SIZE);
    text_copy(out, 41, size ? buf_text(&hex) : "");
    buf_free(&hex);
}

void picture_keep(struct line *line, const char *contact, const char *token,
                  const char *type, const void *bytes, size_t size)
{
    struct network *network = line->network;
    struct picture_row row = { .network = network_name(network),
                               .contact = contact,
                               .token = token,
                               .type = type,
                               .bytes = bytes,
                               .size = size };
    char sha1[41];
    fill_sha1(bytes, size, sha1);
    row.sha1 = sha1;
    for (size_t i = 0; (row.account = picture_seer(line, i)); i++) {
        struct news *news = xcalloc(1, sizeof(*news));
        news->network = network;
        news->account = xstrdup(row.account);
        news->contact = xstrdup(contact);
        news->token = xstrdup(token);
        text_copy(news->picture.sha1, sizeof(news->picture.sha1), sha1);
        text_copy(news->picture.type, sizeof(news->picture.type), type);
        store_picture_put(network->core->store, &row, on_kept, news);
    }
}
