/* test_xmpp_commands.c - commands by forms and by chat: steps, sessions, who
 * sees what, and what is wrong. */
#include "xmpp_scene.h"

#include "base/mem.h"
#include "core/core.h"
#include "fake_commands.h"

#define JULIET "juliet@example.org/balcony"
#define ADMIN "admin@example.org/desk"

static struct core core;

static const char *iq(const char *from, const char *type, const char *payload)
{
    char text[4096];

    (void)snprintf(text, sizeof(text),
                   "<iq type='%s' from='%s' to='sms.localhost' id='i1'>%s</iq>",
                   type, from, payload);
    return converse(text);
}

/* `rest`: attributes, and after a '>' what is inside. */
static const char *command(const char *from, const char *node, const char *rest)
{
    char text[2048];
    const char *inside = strchr(rest, '>');
    int n = inside ? (int)(inside - rest) : (int)strlen(rest);

    (void)snprintf(text, sizeof(text),
                   "<command xmlns='http://jabber.org/protocol/commands' "
                   "node='%s' %.*s>%s</command>",
                   node, n, rest, inside ? inside + 1 : "");
    return iq(from, "set", text);
}

static const char *session_of(const char *answer)
{
    static char id[33];
    const char *at = strstr(answer, "sessionid=\"");

    assert_non_null(at);
    memcpy(id, at + 11, 32);
    return id;
}

/* The next step of the session in `answer`. */
static const char *step(const char *from, const char *node, const char *answer,
                        const char *rest)
{
    char text[2048];

    (void)snprintf(text, sizeof(text), "sessionid='%s' %s", session_of(answer),
                   rest);
    return command(from, node, text);
}

#define FORM(fields) ">" X(fields)
#define X(fields) "<x xmlns='jabber:x:data' type='submit'>" fields "</x>"
#define FIELD(var, value)                                                      \
    "<field var='" var "'><value>" value "</value></field>"

static int setup(void **state)
{
    struct scene *scene = xcalloc(1, sizeof(*scene));

    scene_make(scene, NULL);
    fake_commands = (struct fake_commands){ 0 };
    core = (struct core){ .networks = &scene->network };
    scene->network.core = &core;
    scene_online(scene);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    scene_clear(*state);
    free(*state);
    return 0;
}

/* --- forms ---------------------------------------------------------------- */

static void lists_what_he_may_use(void **state)
{
    const char *items = "<query xmlns='http://jabber.org/protocol/disco#items' "
                        "node='http://jabber.org/protocol/commands'/>";
    const char *info = "<query xmlns='http://jabber.org/protocol/disco#info' "
                       "node='queue-hold'/>";
    const char *answer = iq(JULIET, "get", items);

    (void)state;
    has(answer, "node=\"send\"");
    has(answer, "jid=\"sms.localhost\"");
    has_not(answer, "queue-hold");
    has(iq(ADMIN, "get", items), "node=\"queue-hold\"");
    has(iq(JULIET, "get", info), "<item-not-found ");
    answer = iq(ADMIN, "get", info);
    has(answer, "category=\"automation\"");
    has(answer, "type=\"command-node\"");
    has(answer, "\"jabber:x:data\"");
    has(iq(JULIET, "get",
           "<query xmlns='http://jabber.org/protocol/disco#info'"
           "/>"),
        "\"http://jabber.org/protocol/commands\"");
    answer = iq("x@evil.org/r", "get", items);
    has_not(answer, "<item ");
}

static void fills_a_form(void **state)
{
    const char *answer = command(JULIET, "send", "action='execute'");

    (void)state;
    has(answer, "status=\"executing\"");
    has(answer, "<actions execute=\"complete\"><complete/></actions>");
    has(answer, "label=\"Who\" type=\"text-single\" var=\"to\"");
    has(answer, "<required/>");
    has(answer, "type=\"text-multi\"");
    answer = step(
        JULIET, "send", answer,
        "action='complete'" FORM(FIELD(
            "to", "07700 900123") "<field var='text'><value>a</value><value>b "
                                  "&lt;</value>"
                                  "</field>"));
    has(answer, "status=\"completed\"");
    has(answer, "<value>to +447700900123</value><value>text a</value>"
                "<value>b &lt;</value>");
    has(answer, "type=\"result\"");
}

static void shows_the_form_again(void **state)
{
    const char *answer = command(JULIET, "send", "");

    (void)state;
    answer = step(JULIET, "send", answer, FORM(FIELD("to", "aunt")));
    has(answer, "status=\"executing\"");
    has(answer, "type=\"error\">&quot;aunt&quot;");
    answer = step(JULIET, "send", answer, FORM(FIELD("to", "+441234567890")));
    has(answer, "type=\"error\">send needs text");
    has(answer, "<value>+441234567890</value>");
    answer = step(JULIET, "send", answer, FORM(FIELD("text", "hi")));
    has(answer, "status=\"completed\"");
}

static void takes_several_steps(void **state)
{
    const char *answer = command(JULIET, "menu", "");

    (void)state;
    has(answer, "<title>Menu</title><instructions>1 balance</instructions>");
    answer =
        step(JULIET, "menu", answer, "action='next'" FORM(FIELD("reply", "2")));
    has(answer, "<instructions>you said 2</instructions>");
    answer = step(JULIET, "menu", answer, FORM(FIELD("reply", "end")));
    has(answer, "status=\"completed\"");
    has(answer, ">Done.</note>");
    assert_int_equal(fake_commands.dropped, 1);
    has(step(JULIET, "menu", answer, ""), "<session-expired ");
}

static void cancels(void **state)
{
    static const char *const ways[] = {
        "action='cancel'", "><x xmlns='jabber:x:data' type='cancel'/>"
    };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        const char *answer = command(JULIET, "menu", "");

        answer = step(JULIET, "menu", answer, ways[i]);
        has(answer, "status=\"canceled\"");
        assert_int_equal(fake_commands.dropped, i + 1);
        has(step(JULIET, "menu", answer, ""), "<session-expired ");
    }
}

static void shows_rows_as_a_table(void **state)
{
    const char *answer = command(JULIET, "queue", "");

    (void)state;
    has(answer, "status=\"completed\"");
    has(answer, "<reported><field ");
    has(answer, "label=\"id\"");
    has(answer, "<item><field var=\"id\"><value>ab</value></field>");
    has_not(answer, "more");
}

static void waits_for_a_slow_one(void **state)
{
    struct err err;
    const char *answer = command(ADMIN, "queue-hold", "");

    (void)state;
    assert_string_equal(answer, "");
    (void)err_set(&err, ERR_FULL, "no room");
    call_failed(fake_commands.later, &err);
    answer = fake_written();
    has(answer, "status=\"completed\"");
    has(answer, "type=\"error\">no room</note>");
}

struct wrong {
    const char *from, *node, *rest, *parts[2];
};

static const struct wrong wrongs[] = {
    { JULIET, "nonsense", "", { "type=\"cancel\"><item-not-found " } },
    { JULIET, "queue-hold", "", { "type=\"auth\"><forbidden " } },
    { "x@evil.org/r", "send", "", { "<forbidden " } },
    { JULIET,
      "send",
      "action='dance'",
      { "<bad-request ", "<malformed-action " } },
    { JULIET, "send", "action='prev'", { "<bad-request ", "<bad-action " } },
    { JULIET, "send", "sessionid='x'", { "<bad-request ", "<bad-sessionid " } },
    { JULIET,
      "send",
      "sessionid='0123456789abcdef0123456789abcdef'",
      { "type=\"cancel\"><not-allowed ", "<session-expired " } },
};

static void refuses_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        const struct wrong *w = &wrongs[i];
        const char *answer = command(w->from, w->node, w->rest);

        has(answer, "type=\"error\"");
        for (int j = 0; j < 2 && w->parts[j]; j++)
            has(answer, w->parts[j]);
    }
    has(command(JULIET, "menu", ""), "executing");
}

static void knows_no_way_back(void **state)
{
    const char *answer = command(JULIET, "menu", "");

    (void)state;
    has(step(JULIET, "menu", answer, "action='prev'"), "<bad-action ");
}

/* The session of another resource is none of his. */
static void sessions_belong_to_who_began(void **state)
{
    const char *answer = command(JULIET, "menu", "");
    char copy[4096];

    (void)state;
    text_copy(copy, sizeof(copy), answer);
    has(step("juliet@example.org/other", "menu", copy, ""),
        "<session-expired ");
    has(step(JULIET, "menu", copy, FORM(FIELD("reply", "end"))), "completed");
}

static void sessions_end_by_themselves(void **state)
{
    char copy[4096];

    (void)state;
    text_copy(copy, sizeof(copy), command(JULIET, "menu", ""));
    fake_advance(599000);
    (void)fake_written();
    assert_int_equal(fake_commands.dropped, 0);
    fake_advance(2000);
    (void)fake_written();
    assert_int_equal(fake_commands.dropped, 1);
}

static void sessions_are_few(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++)
        has(command(JULIET, "menu", ""), "executing");
    assert_int_equal(fake_commands.dropped, 3);
}

static void leaves_running_calls_alone_at_the_end(void **state)
{
    (void)state;
    (void)command(ADMIN, "queue-hold", "");
    (void)command(ADMIN, "menu", "");
    scene_clear(*state);
    assert_int_equal(fake_commands.dropped, 1);
    call_done(fake_commands.later);
    scene_make(*state, NULL);
}

static void offers_what_is_there_already(void **state)
{
    const char *answer = command(JULIET, "wish", "");

    (void)state;
    has(answer, "var=\"colour\"><value>red</value>");
    answer = step(JULIET, "wish", answer, FORM(FIELD("size", "5")));
    has(answer, ">red 5</note>");
    answer = command(JULIET, "wish", "");
    answer = step(JULIET, "wish", answer,
                  FORM(FIELD("colour", "") FIELD("size", "5")));
    has(answer, ">- 5</note>");
}

static void wants_an_account(void **state)
{
    struct scene *scene = *state;

    (void)err_set(&scene->network.refuse_account, ERR_UNREGISTERED,
                  "please register");
    has(command(JULIET, "wish", ""), "type=\"error\">please register</note>");
    has(command(JULIET, "queue", ""), "<reported>");
}

/* --- chat ----------------------------------------------------------------- */

static const char *chat(const char *from, const char *body)
{
    char text[1024];

    (void)snprintf(text, sizeof(text),
                   "<message type='chat' from='%s' to='sms.localhost'>"
                   "<body>%s</body></message>",
                   from, body);
    return converse(text);
}

static void runs_in_one_line(void **state)
{
    const char *answer = chat(JULIET, "Send 07700900123 hello  you");

    (void)state;
    has(answer, "to=\"" JULIET "\"");
    has(answer, "<body>to +447700900123\ntext hello  you</body>");
    has(chat(JULIET, "/queue"), "<body>id ab, n 3\nid ab");
}

static void asks_for_what_is_missing(void **state)
{
    (void)state;
    has(chat(JULIET, "send"), "<body>Who? (&quot;cancel&quot; leaves)</body>");
    has(chat(JULIET, "aunt"), "&quot;aunt&quot;");
    has(chat(JULIET, "+441234567890"), "<body>Text? ");
    has(chat(JULIET, "send queue menu"),
        "<body>to +441234567890\ntext send queue menu</body>");
    has(chat(JULIET, "queue"), "id ab");
}

static void cancels_by_a_word(void **state)
{
    (void)state;
    has(chat(JULIET, "menu"), "1 balance");
    has(chat(JULIET, "Cancel."), "<body>Cancelled.</body>");
    assert_int_equal(fake_commands.dropped, 1);
    has(chat(JULIET, "queue"), "id ab");
}

static void leads_a_dialogue(void **state)
{
    (void)state;
    has(chat(JULIET, "menu"), "<body>1 balance\nReply? (");
    has(chat("juliet@example.org/other", "5"), "<body>you said 5\nReply? (");
    has(chat(JULIET, "end"), "<body>Done.</body>");
    assert_int_equal(fake_commands.dropped, 1);
}

static void a_dialogue_ends_by_itself(void **state)
{
    bool told = false;

    (void)state;
    (void)chat(JULIET, "menu");
    for (int i = 0; i < 31; i++) {
        char written[4096];

        fake_advance(20000);
        text_copy(written, sizeof(written), fake_written());
        told |= strstr(written, "cancelled") != NULL;
        if (*ping_id(written))
            answer_ping(ping_id(written));
    }
    assert_true(told);
    assert_int_equal(fake_commands.dropped, 1);
}

static void does_one_at_a_time(void **state)
{
    (void)state;
    assert_string_equal(chat(ADMIN, "queue hold"), "");
    has(chat(ADMIN, "queue"), "One moment");
    has(chat(ADMIN, "cancel"), "Cancelled");
    has(chat(ADMIN, "queue"), "id ab");
    call_done(fake_commands.later);
    assert_string_equal(fake_written(), "");
}

static size_t count(const char *text, const char *part)
{
    size_t n = 0;

    for (; (text = strstr(text, part)); text++)
        n++;
    return n;
}

/* In whole lines; a form has no room, and says where there is more. */
static void says_long_answers_in_pieces(void **state)
{
    enum { LINES = 10000 };
    char text[LINES * 11 + 1];
    const char *form;

    (void)state;
    for (size_t i = 0; i < LINES; i++)
        (void)snprintf(text + i * 11, 12, "%010zu\n", i);
    (void)chat(ADMIN, "queue hold");
    call_print_long(fake_commands.later, text);
    call_done(fake_commands.later);
    form = fake_written();
    assert_int_equal(count(form, "<body>"), 3);
    assert_int_equal(count(form, "\n</body>"), 3);
    has(form, "0000009999\n</body>");
    (void)command(ADMIN, "queue-hold", "");
    call_print_long(fake_commands.later, text);
    call_done(fake_commands.later);
    has(fake_written(), "(there is more: asked in a chat, this gateway sends ");
}

static void knows_its_people(void **state)
{
    (void)state;
    has(chat(JULIET, "queuee"), "did you mean queue?");
    has_not(chat(JULIET, "queue-hol"), "queue-hold?");
    has(chat("x@evil.org/r", "send"), "<forbidden ");
    has(chat(JULIET, "mneu"), "did you mean menu?");
    has(chat("a@example.org/r", "good morning"), "This is a gateway to phones");
    assert_string_equal(chat("a@example.org/r", "good evening"), "");
    has(chat(JULIET, "menu x"), "menu does not take &quot;x&quot;");
}

static void asks_for_what_may_be_left_out(void **state)
{
    (void)state;
    has(chat(JULIET, "wish"), "colour=red (Which colour)\nsize=... (Which");
    has(chat(JULIET, "blue"), "does not take");
    has(chat(JULIET, "size=5 colour=green"), "<body>green 5</body>");
    (void)chat(JULIET, "wish");
    has(chat(JULIET, "size=5"), "<body>red 5</body>");
    has(chat(JULIET, "wish colour=blue"), "<body>blue -</body>");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lists_what_he_may_use),
        TEST(fills_a_form),
        TEST(shows_the_form_again),
        TEST(takes_several_steps),
        TEST(cancels),
        TEST(shows_rows_as_a_table),
        TEST(waits_for_a_slow_one),
        TEST(refuses_what_is_wrong),
        TEST(knows_no_way_back),
        TEST(sessions_belong_to_who_began),
        TEST(sessions_end_by_themselves),
        TEST(sessions_are_few),
        TEST(leaves_running_calls_alone_at_the_end),
        TEST(offers_what_is_there_already),
        TEST(wants_an_account),
        TEST(asks_for_what_may_be_left_out),
        TEST(runs_in_one_line),
        TEST(asks_for_what_is_missing),
        TEST(cancels_by_a_word),
        TEST(leads_a_dialogue),
        TEST(a_dialogue_ends_by_itself),
        TEST(does_one_at_a_time),
        TEST(says_long_answers_in_pieces),
        TEST(knows_its_people),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
