/* prompt.c - the door for people who chat. One talk per account; it lasts while
 * a command runs or asks, ten minutes at most without an answer.
 *
 * What is no command is answered a few times a minute at most. */
#include "xmpp/prompt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <uthash.h>

#include "base/mem.h"
#include "core/command.h"
#include "toolkit/timer.h"

enum {
    TALK_MS = 600000,
    TALKS_MAX = 1000,
    CLUELESS_MS = 60000,
    CLUELESS_MAX = 4, /* answers in that time */
    ROWS_MAX = 50,
    ANSWER_MAX = 48 * 1024,
};

struct talk {
    struct prompt *prompt;
    char *account, *from; /* bare; full JID that wrote last */
    struct call *call;
    const struct field *asked; /* NULL: it runs */
    bool several;              /* of `asked` and what follows, by name */
    struct timer *patience;
    UT_hash_handle hh;
};

struct prompt {
    struct component *component;
    struct talk *talks;
};

static void talk_free(struct talk *talk)
{
    HASH_DEL(talk->prompt->talks, talk);
    call_free(talk->call);
    timer_free(talk->patience);
    free(talk->account);
    free(talk->from);
    free(talk);
}

/* --- saying --------------------------------------------------------------- */

static void say(struct component *component, const char *to, const char *text)
{
    struct id id = id_new();
    struct id_text id_attribute = id_text(&id);
    struct envelope envelope = { .from = component->options.jid,
                                 .to = to,
                                 .id = id_attribute.text,
                                 .type = "chat" };
    xmpp_stanza_t *message = stanza_open(component->ctx, "message", &envelope);

    stanza_add(message, "body", NULL, text);
    (void)component_send(component, message, STREAM_OPTIONAL);
}

/* How much of it goes into one message: whole lines, if they are not too long,
 * and whole characters. */
static size_t piece_of(const char *text)
{
    size_t n = strlen(text), max = ANSWER_MAX;

    if (n <= max)
        return n;
    for (n = max; n > max / 2; n--)
        if (text[n - 1] == '\n')
            return n;
    for (n = max; ((unsigned char)text[n] & 0xc0) == 0x80;)
        n--;
    return n;
}

/* In as many messages as it takes: an answer has a ceiling of its own. */
static void talk_say(const struct talk *talk, const char *text)
{
    do {
        size_t n = piece_of(text);
        char *piece = xstrndup(text, n);

        say(talk->prompt->component, talk->from, piece);
        free(piece);
        text += n;
    } while (*text);
}

static void on_impatient(void *arg)
{
    talk_say(arg, "I have waited long enough: cancelled.");
    talk_free(arg);
}

struct prompt *prompt_new(struct component *component)
{
    struct prompt *prompt = xcalloc(1, sizeof(*prompt));

    prompt->component = component;
    return prompt;
}

void prompt_free(struct prompt *prompt)
{
    struct talk *talk, *next;

    HASH_ITER (hh, prompt->talks, talk, next) {
        talk->patience = NULL; /* went with the owner */
        talk_free(talk);
    }
    free(prompt);
}

/* --- asking --------------------------------------------------------------- */

/* "To which number? (cancel leaves)", below `before` if there is any. */
static void talk_ask(struct talk *talk, const char *before)
{
    const struct field *field = talk->asked;
    bool choice = field->type == FIELD_CHOICE;
    char *text = xasprintf("%s%s%s?%s%s%s (\"cancel\" leaves)", before,
                           *before ? "\n" : "", field->label, choice ? " " : "",
                           choice ? field->choices : "",
                           field->type == FIELD_BOOL ? " (yes or no)" : "");

    timer_start(talk->patience, TALK_MS);
    talk_say(talk, text);
    free(text);
}

/* Fields that may all be left out: name=value of those he wants to change. */
static void talk_ask_several(struct talk *talk, const char *before)
{
    struct buf text;

    buf_init(&text, ANSWER_MAX);
    (void)buf_addf(&text, "%s%sWhat shall it be (\"cancel\" leaves):", before,
                   *before ? "\n" : "");
    for (const struct field *f = talk->asked; f->name; f++) {
        const char *value = call_value(talk->call, f->name);

        (void)buf_addf(&text, "\n%s=%s (%s)", f->name, value ? value : "...",
                       f->label);
    }
    timer_start(talk->patience, TALK_MS);
    talk_say(talk, buf_text(&text));
    buf_free(&text);
}

/* Asks for the next value that is missing, or runs. */
static void talk_go_on(struct talk *talk, const char *before)
{
    struct err err;

    talk->several = false;
    talk->asked = call_missing(talk->call);
    if (talk->asked) {
        talk_ask(talk, before);
        return;
    }
    timer_stop(talk->patience);
    if (call_run(talk->call, &err))
        return;
    talk_say(talk, err.text);
    talk_free(talk);
}

static void on_done(void *arg, struct call *call, const struct err *err)
{
    struct talk *talk = arg;
    char *words = call_words(call, ROWS_MAX);

    if (err)
        talk_say(talk, err->text[0] ? err->text : err_policy(err->kind)->name);
    else
        talk_say(talk, *words ? words : "Done.");
    free(words);
    talk_free(talk);
}

static void on_ask(void *arg, struct call *call, const char *title,
                   const struct field *fields)
{
    struct talk *talk = arg;
    const struct field *missing = call_missing(call);

    talk->asked = missing ? missing : fields;
    talk->several = !missing;
    if (missing)
        talk_ask(talk, *call_text(call) ? call_text(call) : title);
    else
        talk_ask_several(talk, *call_text(call) ? call_text(call) : title);
}

static const struct door door = { .done = on_done, .ask = on_ask };

/* --- hearing -------------------------------------------------------------- */

static bool is_word(const char *text, const char *word)
{
    size_t n = strlen(word);

    return strncasecmp(text, word, n) == 0 &&
           text[n + strspn(text + n, " \t\r\n.!")] == '\0';
}

/* The answer to what was asked. */
static void talk_hear(struct talk *talk, const char *text)
{
    struct err err;

    if (!talk->asked && !is_word(text, "cancel")) {
        talk_say(talk, "One moment: the last command has not ended yet.");
    } else if (is_word(text, "cancel")) {
        talk_say(talk, "Cancelled.");
        talk_free(talk);
    } else if (talk->several && !call_set_words(talk->call, text, &err)) {
        talk_ask_several(talk, err.text);
    } else if (!talk->several &&
               !call_set(talk->call, talk->asked->name, text, &err)) {
        talk_ask(talk, err.text);
    } else {
        talk_go_on(talk, "");
    }
}

static char *welcome(const struct component *component)
{
    const struct network_policy *policy = network_policy(component->network);
    const char *jid = component->options.jid;

    if (!policy->phone_addresses)
        return xasprintf("This is a gateway. Write to its contacts: "
                         "address@%s. Answers come from there. For what I "
                         "understand here, say: help",
                         jid);
    return xasprintf("This is a gateway to phones. To send a text, write to a "
                     "phone number as a contact of this gateway, like "
                     "+%s1234567@%s. Answers come from that contact. For what "
                     "I understand here, say: help",
                     policy->plan.country_code, jid);
}

/* True a few times a minute: an answering machine may be listening. */
static bool may_answer(struct component *component, const char *account,
                       bool welcome)
{
    char key[JID_BARE_SIZE + 16];

    if (welcome)
        return recent_is_new(&component->helped, account, CLUELESS_MS);
    for (int i = 0; i < CLUELESS_MAX; i++) {
        snprintf(key, sizeof(key), "%d %s", i, account);
        if (recent_is_new(&component->helped, key, CLUELESS_MS))
            return true;
    }
    return false;
}

static bool is_greeting(const char *word)
{
    static const char *const greetings[] = { "hello", "hallo", "hi", "hey" };

    for (size_t i = 0; i < sizeof(greetings) / sizeof(greetings[0]); i++) {
        if (is_word(word, greetings[i]))
            return true;
    }
    return false;
}

static void be_clueless(const struct request *request, const char *text)
{
    struct component *component = request->component;
    const char *best;
    char word[64], *answer;

    text_copy(word, sizeof(word), text);
    word[strcspn(word, " \t\r\n")] = '\0';
    best = is_greeting(word)
               ? NULL
               : command_suggest(word, component->network, request->account);
    if (!may_answer(component, request->account, !best))
        return;
    answer = best ? xasprintf("I do not know \"%s\"; did you mean %s? "
                              "See: help",
                              word, best)
                  : welcome(component);
    say(component, xmpp_stanza_get_from(request->stanza), answer);
    free(answer);
}

static void begin(struct request *request, const struct command *command,
                  const char *words)
{
    struct prompt *prompt = request->component->prompt;
    struct network *network = request->component->network;
    struct talk *talk = xcalloc(1, sizeof(*talk));
    struct err err;

    talk->prompt = prompt;
    talk->account = xstrdup(request->account);
    talk->from = xstrdup(xmpp_stanza_get_from(request->stanza));
    talk->call = call_new(network_core(network), network, request->account,
                          command, &door, talk);
    HASH_ADD_KEYPTR(hh, prompt->talks, talk->account, strlen(talk->account),
                    talk);
    talk->patience = timer_new(&prompt->component->owner, on_impatient, talk);
    if (call_set_words(talk->call, words, &err)) {
        talk_go_on(talk, "");
        return;
    }
    talk_say(talk, err.text);
    talk_free(talk);
}

void prompt_text(struct request *request, const char *text)
{
    struct component *component = request->component;
    struct prompt *prompt = component->prompt;
    const struct command *command;
    const char *rest;
    struct talk *talk;

    HASH_FIND_STR(prompt->talks, request->account, talk);
    if (talk) {
        free(talk->from);
        talk->from = xstrdup(xmpp_stanza_get_from(request->stanza));
        talk_hear(talk, text);
        return;
    }
    text += strspn(text, " \t\r\n");
    command = command_of_words(*text == '/' ? text + 1 : text, &rest);
    if (!command ||
        !command_is_for(command, component->network, request->account))
        be_clueless(request, text);
    else if (HASH_COUNT(prompt->talks) < TALKS_MAX)
        begin(request, command, rest);
    else
        say(component, xmpp_stanza_get_from(request->stanza),
            "Too many people ask just now; please try later.");
}
