/* telegram.c - the driver: a bot as a line. getMe, then updates by poll.c;
 * texts go out by send.c. */
#include "telegram/telegram.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "telegram/api.h"
#include "telegram/invites.h"
#include "telegram/media.h"

extern const struct driver telegram_driver;

enum {
    POLL_TIMEOUT_MAX = 50,
    CAPS = CAP_TEXT | CAP_EDIT | CAP_RETRACT | CAP_REACTION | CAP_REPLY |
           CAP_TYPING | CAP_COMMAND | CAP_MEDIA,
    CODE_SIZE = 20,
};

/* In the order of the choices of the option. */
enum mode { MODE_POLL, MODE_WEBHOOK };

static const struct option options[] = {
    { .key = "token",
      .type = OPT_TEXT,
      .flags = OPT_REQUIRED | OPT_SECRET | OPT_OWN,
      .help = "The bot's token from @BotFather" },
    { .key = "api",
      .type = OPT_TEXT,
      .fallback = "https://api.telegram.org",
      .help = "Base URL of the Bot API, for a server of your own" },
    { .key = "mode",
      .type = OPT_ENUM,
      .fallback = "poll",
      .choices = "poll|webhook",
      .help = "Ask for updates, or have them sent to hook_listen (https "
              "public_url)" },
    { .key = "poll_timeout",
      .type = OPT_INT,
      .fallback = "50",
      .max = POLL_TIMEOUT_MAX,
      .help = "Seconds that Telegram may hold a request for updates" },
    { .key = NULL },
};

/* --- groups that moved --------------------------------------------------- */

static int64_t mapped(struct telegram *t, const char *map, int64_t chat)
{
    char key[48];
    const char *value;

    snprintf(key, sizeof(key), "%s:%" PRId64, map, chat);
    value = line_state_get(t->line, key);
    return value ? strtoll(value, NULL, 10) : chat;
}

static void put_mapped(struct telegram *t, const char *map, int64_t from,
                       int64_t to)
{
    char key[48], value[32];

    snprintf(key, sizeof(key), "%s:%" PRId64, map, from);
    snprintf(value, sizeof(value), "%" PRId64, to);
    line_state_put(t->line, key, value);
}

void telegram_moved(struct telegram *t, int64_t from, int64_t to)
{
    if (from == to || mapped(t, "now", from) == to)
        return;
    put_mapped(t, "now", from, to);
    put_mapped(t, "then", to, from);
}

int64_t telegram_chat_now(struct telegram *t, int64_t chat)
{
    return mapped(t, "now", chat);
}

int64_t telegram_chat_then(struct telegram *t, int64_t chat)
{
    return mapped(t, "then", chat);
}

/* --- updates ------------------------------------------------------------- */

void telegram_left(struct telegram *t, int64_t chat)
{
    char address[24];

    snprintf(address, sizeof(address), "%" PRId64, telegram_chat_then(t, chat));
    line_contact_gone(t->line, address);
}

struct address {
    char text[24];
    char *account; /* whose invitation was opened; NULL: nobody's */
    struct attachment file;
};

/* The code is kept: the same update may come again before it is committed. */
static char *find_inviter(struct telegram *t, const struct update *u)
{
    char *after, *account;

    if (!u->start || !*u->start)
        return NULL;
    account = invites_use(line_state_get(t->line, "invites"), u->start, u->chat,
                          clock_wall_ms(), &after);
    if (account)
        line_state_put(t->line, "invites", after);
    free(after);
    return account;
}

static void fill_incoming(struct telegram *t, const struct update *u,
                          struct address *address, struct incoming *message)
{
    address->account = find_inviter(t, u);
    snprintf(address->text, sizeof(address->text), "%" PRId64,
             telegram_chat_then(t, u->chat));
    *message = (struct incoming){
        .kind = u->kind,
        .chat = address->text,
        .author = u->author,
        .account = address->account,
        .text = address->account ? "[Your invitation was accepted]"
                : u->start       ? "/start"
                                 : u->text,
        .remote_id = u->remote_id,
        .target_id = u->kind == KIND_EDIT ? NULL : u->target_id,
        .slot = u->kind == KIND_TEXT   ? u->remote_id
                : u->kind == KIND_EDIT ? u->target_id
                                       : NULL,
        .name = u->name,
        .at = u->at,
    };
    address->file = (struct attachment){ .source = u->file_id,
                                         .type = u->file_type,
                                         .name = u->file_name,
                                         .size = u->file_size };
    if (u->file_id) {
        message->attachments = &address->file;
        message->n_attachments = 1;
    }
}

bool telegram_take(struct telegram *t, const struct update *updates, size_t n,
                   uint64_t token, const char *offset)
{
    struct incoming *messages = xcalloc(n + 1, sizeof(*messages));
    struct address *addresses = xcalloc(n + 1, sizeof(*addresses));
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        const struct update *u = &updates[i];

        if (u->what == UPDATE_MOVED)
            telegram_moved(t, u->chat, u->moved_to);
        else if (u->what == UPDATE_LEFT)
            telegram_left(t, u->chat);
        if (u->what == UPDATE_MESSAGE) {
            fill_incoming(t, u, &addresses[count], &messages[count]), count++;
            photos_want(t, u->chat);
        } else if (u->what == UPDATE_OTHER)
            t->ignored++;
    }
    if (count > 0)
        line_received_and_put(t->line, messages, count, token,
                              offset ? "offset" : NULL, offset);
    free(messages);
    while (n > 0)
        free(addresses[--n].account);
    free(addresses);
    return count > 0;
}

/* --- commands ------------------------------------------------------------ */

static const struct driver_command commands[] = {
    { "invite", "JID",
      "A link that opens a chat with this bot for whoever you give it to; "
      "what is written there comes to you",
      false },
    { .name = NULL },
};

static bool telegram_command(struct line *line, const char *name,
                             const char *argument, uint64_t call,
                             struct err *err)
{
    struct telegram *t = line_state(line);
    struct id id = id_new();
    char code[CODE_SIZE + 1];
    char *invites, *text;

    (void)name; /* there is one */
    if (!t->name[0] || !*argument || strpbrk(argument, " \n"))
        return err_set(err, ERR_UNSUPPORTED,
                       "an invitation needs a bot with a name, and the address "
                       "of the user that it is for");
    text_copy(code, sizeof(code), id_text(&id).text); /* its random digits */
    invites = invites_add(line_state_get(line, "invites"), code, argument,
                          clock_wall_ms());
    line_state_put(line, "invites", invites);
    text = xasprintf("https://t.me/%s?start=%s", t->name, code);
    line_answer(line, call, text, false, NULL);
    free(text);
    free(invites);
    return true;
}

/* --- life ---------------------------------------------------------------- */

void telegram_trouble(struct telegram *t, const struct err *err)
{
    if (t->dying)
        return;
    t->dying = true;
    t->trouble = *err;
    t->trouble.scope = SCOPE_LINE;
    if (!send_is_busy(t))
        line_offline(t->line, &t->trouble);
}

/* Another bot has other numbers. */
static void compare_bot(struct telegram *t)
{
    const char *before = line_state_get(t->line, "bot");
    char now[32];

    snprintf(now, sizeof(now), "%" PRId64, t->bot);
    if (before && strcmp(before, now) == 0)
        return;
    line_state_put(t->line, "offset", NULL);
    line_state_put(t->line, "bot", now);
}

struct json_object *telegram_wanted(void)
{
    static const char *const wanted[] = { "message", "edited_message",
                                          "message_reaction",
                                          "my_chat_member" };
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        json_object_array_add(list, json_object_new_string(wanted[i]));
    return list;
}

void telegram_online(struct telegram *t)
{
    char sim[48];

    snprintf(sim, sizeof(sim), "telegram:%" PRId64, t->bot);
    line_online(t->line, CAPS, sim);
}

static void on_me(struct telegram *t, void *arg,
                  const struct api_answer *answer)
{
    const char *name = api_text(answer->result, "username");
    int mode = settings_enum(line_options(t->line), "mode");
    struct err err = answer->err;

    (void)arg;
    t->bot = api_int(answer->result, "id");
    if (answer->end != API_DONE || t->bot == 0) {
        if (answer->end == API_DONE)
            err_set(&err, ERR_PROTOCOL, "the Bot API says nothing of the bot");
        telegram_trouble(t, &err);
        return;
    }
    text_copy(t->name, sizeof(t->name), name ? name : "");
    compare_bot(t);
    if (mode == MODE_POLL)
        poll_start(t);
    else if (!webhook_start(t, &err))
        telegram_trouble(t, &err);
}

static bool telegram_check(const struct settings *s, struct err *err)
{
    static const char digits[] = "0123456789";
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-";
    const char *token = settings_text(s, "token");
    const char *api = settings_text(s, "api");
    size_t n = strspn(token, digits);

    if (n == 0 || token[n] != ':' || token[n + 1] == '\0' ||
        token[n + 1 + strspn(token + n + 1, letters)] != '\0')
        return err_set(err, ERR_CONFIG,
                       "token: not a bot's token, which looks like "
                       "123456:ABC-DEF1234ghIkl");
    if (strncmp(api, "https://", 8) != 0 && strncmp(api, "http://", 7) != 0)
        return err_set(err, ERR_CONFIG,
                       "api: expected a URL, http:// or https://");
    return true;
}

static bool telegram_start(struct line *line, struct err *err)
{
    const struct settings *s = line_options(line);
    struct telegram *t = line_state(line);
    size_t size = strlen(settings_text(s, "api"));

    while (size > 0 && settings_text(s, "api")[size - 1] == '/')
        size--;
    t->line = line;
    t->token = settings_text(s, "token");
    t->api_text = xstrndup(settings_text(s, "api"), size);
    t->api = t->api_text;
    return telegram_check(s, err) &&
           api_call(t, "getMe", NULL, true, 0, on_me, NULL, err);
}

/* What is out has ended: the core waits for it before. */
static void telegram_stop(struct line *line)
{
    line_offline(line, &(struct err){ .kind = ERR_NONE });
}

static void telegram_ack(struct line *line, uint64_t token, enum ack ack)
{
    poll_ack(line_state(line), token, ack);
    webhook_ack(line_state(line), token, ack);
}

static void telegram_destroy(struct line *line)
{
    struct telegram *t = line_state(line);

    api_forget(t);
    send_forget(t);
    webhook_forget(t);
    photos_forget(t);
    free(t->api_text);
}

static void telegram_status(struct line *line, struct status *status)
{
    const struct telegram *t = line_state(line);

    if (t->name[0])
        status_text(status, "bot", "@%s", t->name);
    status_text(status, "reads by", t->hook ? "webhook" : "long poll");
    status_text(status, "ignored", "%" PRIu64, t->ignored);
    if (t->refused > 0)
        status_text(status, "refused", "%" PRIu64, t->refused);
}

const struct driver telegram_driver = {
    .size = sizeof(struct driver),
    .abi = DRIVER_ABI,
    .name = "telegram",
    .title = "Telegram bot",
    .gateway_type = "telegram",
    .caps = CAPS,
    .limits = { .max_parts = 50,
                .in_flight = 20,
                .send_timeout_s = 120,
                .settle_s = 1,
                .ttl_s = 86400 },
    .ambiguity = AMBIGUITY_NONE,
    .options = options,
    .commands = commands,
    .state_size = sizeof(struct telegram),
    .start = telegram_start,
    .stop = telegram_stop,
    .plan = telegram_plan,
    .send = send_part,
    .check = telegram_check,
    .ack = telegram_ack,
    .destroy = telegram_destroy,
    .locate = telegram_locate,
    .typing = send_typing,
    .command = telegram_command,
    .status = telegram_status,
};
