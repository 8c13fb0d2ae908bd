/* test_xmpp_message.c - texts from users, refusals, errors that come back, and
 * what the core has written to users. */
#include "xmpp_scene.h"

#include "base/clock.h"
#include "core/front.h"
#include "store/store.h"

static char *borrowed(const char *text)
{
    return (char *)(uintptr_t)text;
}

static void test_text(void **state)
{
    struct scene scene;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    assert_string_equal(
        converse("<message from='A@Example.org/Phone' type='chat' id='m1' "
                 "to='+447700900123@sms.localhost' xml:lang='en'>"
                 "<request xmlns='urn:xmpp:receipts'/>"
                 "<origin-id xmlns='urn:xmpp:sid:0' id='o1'/>"
                 "<active xmlns='http://jabber.org/protocol/chatstates'/>"
                 "<body>h&#xe9; &lt;3</body></message>"),
        "");
    assert_string_equal(fake_calls(&scene.network),
                        "text a@example.org|a@example.org/Phone|+447700900123|"
                        "m1|o1|h\xc3\xa9 <3|1\n");
    fake_data("<message from='a@example.org/r' id='m2' "
              "to='alpha-_amazon@sms.localhost'><body>hi</body></message>");
    assert_string_equal(fake_calls(&scene.network),
                        "text a@example.org|a@example.org/r|name:Amazon|m2|-|"
                        "hi|0\n");
    scene_clear(&scene);
}

/* Nothing to send, nothing to say. */
static const char *const silent[] = {
    "<message from='a@example.org/r' to='+447700900123@sms.localhost' id='1'>"
    "<composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
    "<message from='a@example.org/r' to='+447700900123@sms.localhost' id='1'>"
    "<received xmlns='urn:xmpp:receipts' id='x'/></message>",
    "<message from='a@example.org/r' to='+447700900123@sms.localhost' id='1'>"
    "<displayed xmlns='urn:xmpp:chat-markers:0' id='x'/></message>",
    "<message from='a@example.org/r' to='07700900123@sms.localhost' id='1'>"
    "<active xmlns='http://jabber.org/protocol/chatstates'/></message>",
    "<message from='a@elsewhere/r' to='+447700900123@sms.localhost' id='1'>"
    "<active xmlns='http://jabber.org/protocol/chatstates'/></message>",
    "<message from='a@example.org/r' to='+447700900123@sms.localhost' id='1'>"
    "<body/></message>",
    "<message from='a@example.org/r' to='+447700900123@sms.localhost' id='1'>"
    "<body xmlns='urn:other'>no</body></message>",
    "<message from='a@example.org/r' to='+447700900123@sms.localhost' id='1'>"
    "<forwarded xmlns='urn:xmpp:forward:0'><message "
    "xmlns='jabber:client'><body>no</body></message></forwarded></message>",
    "<message from='a@example.org' to='+447700900123@sms.localhost'>"
    "<sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>"
    "<message xmlns='jabber:client'><body>no</body></message></forwarded>"
    "</sent></message>",
    "<message type='headline' from='a@example.org' to='sms.localhost'>"
    "<body>news</body></message>",
    "<message type='error' from='a@example.org' to='sms.localhost' id='x'>"
    "<body>news</body><error type='cancel'/></message>",
    "<message type='error' from='a@elsewhere' to='nobody@sms.localhost'/>",
    "<message to='+447700900123@sms.localhost'><body>x</body></message>",
    "<message from='@' to='+447700900123@sms.localhost'><body>x</body>"
    "</message>",
    "<message from='a@example.org/r'><body>x</body></message>",
    "<presence type='error' from='a@example.org' to='sms.localhost'/>",
    "<iq type='result' from='a@example.org' to='sms.localhost' id='1'/>",
    "<iq type='error' from='a@example.org' to='sms.localhost' id='1'>"
    "<error type='cancel'/></iq>",
    "<unknown from='a@example.org' to='sms.localhost'/>",
    "<message xmlns='urn:other' from='a@example.org' to='sms.localhost'>"
    "<body>x</body></message>",
};

static void test_silent(void **state)
{
    struct scene scene;

    (void)state;
    scene_make(&scene, NULL);
    log_set_level(LOG_LEVEL_ERROR);
    scene_online(&scene);
    for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
        const char *out = converse(silent[i]);

        if (out[0])
            fail_msg("%s got %s", silent[i], out);
        assert_string_equal(fake_calls(&scene.network), "");
    }
    scene_clear(&scene);
}

struct refused {
    const char *to, *from, *extra, *type;
    const char *parts[4];
};

static const struct refused refused[] = {
    { "nonsense",
      "a@example.org/r",
      "",
      "chat",
      { "<error type=\"cancel\"><item-not-found ", "kind=\"bad-address\"" } },
    { "\\20x", "a@example.org/r", "", "chat", { "<item-not-found " } },
    { "alpha-", "a@example.org/r", "", "chat", { "<item-not-found " } },
    { "07700900123",
      "a@example.org/r",
      "",
      "chat",
      { "<error type=\"cancel\"><gone ",
        ">xmpp:+447700900123@sms.localhost</gone>", "kind=\"moved\"" } },
    { "tel\\3a+447700900123",
      "a@example.org/r",
      "",
      "normal",
      { ">xmpp:+447700900123@sms.localhost</gone>" } },
    { "12345;phone-context=44",
      "a@example.org/r",
      "",
      "chat",
      { ">xmpp:12345%3bphone-context=+44@sms.localhost</gone>" } },
    { "12345",
      "a@example.org/r",
      "",
      "chat",
      { ">xmpp:12345%3bphone-context=+44@sms.localhost</gone>" } },
    { "alpha-=61b",
      "a@example.org/r",
      "",
      "chat",
      { ">xmpp:alpha-ab@sms.localhost</gone>" } },
    { "+447700900123",
      "a@evil.org/r",
      "",
      "chat",
      { "<error type=\"auth\"><forbidden ", "kind=\"forbidden\"" } },
    { "+447700900123",
      "a@example.org/r",
      "",
      "groupchat",
      { "<error type=\"cancel\"><service-unavailable " } },
    { "+447700900123",
      "a@example.org/r",
      "<encrypted xmlns='eu.siacs.conversations.axolotl'/>",
      "chat",
      { "<feature-not-implemented ", "encryption" } },
};

static void test_refused(void **state)
{
    struct scene scene;
    char text[1024];

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        const struct refused *row = &refused[i];
        const char *out;

        (void)snprintf(text, sizeof(text),
                       "<message from='%s' to='%s@sms.localhost' type='%s' "
                       "id='m%zu'><body>hi</body>%s</message>",
                       row->from, row->to, row->type, i, row->extra);
        out = converse(text);
        (void)snprintf(text, sizeof(text), "id=\"m%zu\"", i);
        has(out, text);
        (void)snprintf(text, sizeof(text), "to=\"%s\"", row->from);
        has(out, text);
        (void)snprintf(text, sizeof(text), "from=\"%s@sms.localhost\"",
                       row->to);
        has(out, text);
        has(out, "type=\"error\"");
        for (size_t k = 0; k < 4 && row->parts[k]; k++)
            has(out, row->parts[k]);
        assert_string_equal(fake_calls(&scene.network), "");
    }
    scene_clear(&scene);
}

static void test_refused_by_core(void **state)
{
    static const char text[] =
        "<message from='a@example.org/r' to='+447700900123@sms.localhost' "
        "id='q'><body>x</body></message>";
    struct scene scene;
    const char *out;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    scene.network.hold = true;
    (void)err_set(&scene.network.refuse_text, ERR_LIMITED, "slow down");
    assert_string_equal(converse(text), "");
    fake_decide(&scene.network);
    out = fake_written();
    has(out, "id=\"q\"");
    has(out, "<error type=\"wait\"><policy-violation ");
    has(out, ">slow down</text>");
    has(out, "retryable=\"true\"");
    (void)fake_calls(&scene.network);
    scene.network.full = true;
    out = converse(text);
    has(out, "<error type=\"wait\"><resource-constraint ");
    assert_string_equal(fake_calls(&scene.network), "");
    scene_clear(&scene);
}

static void test_help(void **state)
{
    static const char text[] =
        "<message from='a@example.org/r' to='sms.localhost' type='chat'>"
        "<body>hello?</body></message>";
    struct scene scene;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    has(converse(text), "+441234567@sms.localhost");
    assert_string_equal(converse(text), "");
    has(converse("<message from='b@elsewhere/r' to='sms.localhost' id='1'>"
                 "<body>hello?</body></message>"),
        "<forbidden ");
    scene_clear(&scene);
}

static void test_oversized(void **state)
{
    struct scene scene;
    char *text = malloc(70000);
    const char *out;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    memset(text, 'x', 70000);
    text[69999] = '\0';
    fake_data("<message from='a@example.org/r' id='big' type='chat' "
              "to='+447700900123@sms.localhost'><body>");
    fake_data(text);
    out = converse("</body></message>");
    has(out, "id=\"big\"");
    has(out, "to=\"a@example.org/r\"");
    has(out, "<error type=\"modify\"><not-acceptable ");
    has(out, "65536 bytes at most");
    fake_data("<iq from='a@example.org/r' id='big2' type='set' "
              "to='sms.localhost'><query xmlns='x'>");
    fake_data(text);
    has(converse("</query></iq>"), "id=\"big2\"");
    fake_data("<message from='a@example.org/r' id='big3' type='error' "
              "to='+447700900123@sms.localhost'><body>");
    fake_data(text);
    assert_string_equal(converse("</body></message>"), "");
    assert_string_equal(fake_calls(&scene.network), "");
    free(text);
    scene_clear(&scene);
}

static void test_foreign_domain(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    out = converse("<message from='a@example.org/r' id='1' "
                   "to='+447700900123@other.localhost'><body>x</body>"
                   "</message>");
    has(out, "from=\"+447700900123@other.localhost\"");
    has(out, "<service-unavailable ");
    has(converse("<iq from='a@example.org/r' id='2' type='get' "
                 "to='other.localhost'><ping xmlns='urn:xmpp:ping'/></iq>"),
        "<service-unavailable ");
    assert_string_equal(converse("<presence from='a@example.org/r' "
                                 "to='other.localhost'/>"),
                        "");
    assert_string_equal(fake_calls(&scene.network), "");
    scene_clear(&scene);
}

/* --- to users ------------------------------------------------------------ */

static const char *deliver(struct scene *scene, const struct delivery *delivery)
{
    assert_true(component_front()->deliver(scene->component, delivery));
    return fake_written();
}

static void test_deliver(void **state)
{
    struct delivery delivery = { .account = borrowed("a@example.org"),
                                 .contact = borrowed("name:My Bank"),
                                 .name = borrowed("My Bank"),
                                 .text = borrowed("1 < 2\x1b\xff") };
    struct scene scene;
    const char *out;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    assert_true(id_parse("000102030405060708090a0b0c0d0e0f", &delivery.id));
    delivery.at = clock_wall_ms();
    out = deliver(&scene, &delivery);
    has(out, "to=\"a@example.org\"");
    has(out, "from=\"alpha-_my=20_bank@sms.localhost\"");
    has(out, "type=\"chat\"");
    has(out, " id=\"000102030405060708090a0b0c0d0e0f\"");
    has(out, "<body>1 &lt; 2\xef\xbf\xbd</body>");
    has(out, "by=\"sms.localhost\"");
    has(out, "<origin-id ");
    has(out, ">My Bank</nick>");
    has_not(out, "urn:xmpp:delay");
    has_not(out, "urn:xmpp:receipts");
    delivery.at = 1700000000000;
    delivery.name = NULL;
    out = deliver(&scene, &delivery);
    has(out, "stamp=\"2023-11-14T22:13:20");
    has(out, ">My Bank</nick>"); /* by its address */
    has_not(out, "<replace");
    delivery.kind = KIND_EDIT;
    delivery.target = borrowed("0f0e0d0c0b0a09080706050403020100");
    out = deliver(&scene, &delivery);
    has(out, "<replace ");
    has(out, "\"urn:xmpp:message-correct:0\"");
    has(out, "id=\"0f0e0d0c0b0a09080706050403020100\"");
    scene_clear(&scene);
}

static const struct moved *outcome(enum owed owed)
{
    static struct moved moved;

    moved = (struct moved){ .owed = owed,
                            .network = "sms",
                            .account = "a@example.org",
                            .contact = "+447700900123",
                            .stanza_id = "m1",
                            .from = "a@example.org/r",
                            .receipt = true };
    (void)err_set(&moved.err, ERR_EXPIRED, "the phone was off for a day");
    return &moved;
}

static void test_settle(void **state)
{
    const struct front *front = component_front();
    struct scene scene;
    const char *out;

    (void)state;
    scene_make(&scene, NULL);
    assert_false(front->settle(scene.component, outcome(OWED_RECEIPT), false));
    scene_online(&scene);
    assert_true(front->settle(scene.component, outcome(OWED_RECEIPT), false));
    out = fake_written();
    has(out, "<received ");
    has(out, "xmlns=\"urn:xmpp:receipts\"");
    has(out, "<store xmlns=\"urn:xmpp:hints\"/>");
    has(out, " id=\"m1\"");
    has(out, "to=\"a@example.org/r\"");
    has(out, "from=\"+447700900123@sms.localhost\"");
    has_not(out, "<body>");
    assert_true(front->settle(scene.component, outcome(OWED_ERROR), false));
    out = fake_written();
    has(out, "type=\"error\"");
    has(out, "id=\"m1\"");
    has(out, "<error type=\"wait\"><recipient-unavailable ");
    has_not(out, "<body>");
    assert_true(front->settle(scene.component, outcome(OWED_ERROR), true));
    out = fake_written();
    has(out, "type=\"error\"");
    has(out, "to=\"a@example.org\"");
    has(out, "not delivered: the phone was off for a day</body>");
    scene_clear(&scene);
}

static void test_displayed(void **state)
{
    const struct moved moved = { .account = "a@example.org",
                                 .contact = "+447700900123",
                                 .stanza_id = "m1" };
    struct scene scene;
    const char *out;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    component_front()->displayed(scene.component, &moved);
    out = fake_written();
    has(out, "<displayed ");
    has(out, "xmlns=\"urn:xmpp:chat-markers:0\"");
    has(out, " id=\"m1\"");
    has(out, "to=\"a@example.org\"");
    has(out, "from=\"+447700900123@sms.localhost\"");
    has_not(out, "<body>");
    scene_clear(&scene);
}

/* In the conversation, as a reply; without the stanza's id no reply. */
static void test_remark(void **state)
{
    const struct front *front = component_front();
    struct remark remark = { .account = "a@example.org",
                             .contact = "+447700900123",
                             .stanza_id = "m1",
                             .from = "a@example.org/r",
                             .text = "Sent with 1 letter changed" };
    struct scene scene;
    const char *out;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    assert_true(front->remark(scene.component, &remark));
    out = fake_written();
    has(out, "from=\"+447700900123@sms.localhost\"");
    has(out, "to=\"a@example.org\"");
    has(out, "<body>[gateway] Sent with 1 letter changed</body>");
    has(out, "<reply ");
    has(out, "to=\"a@example.org/r\"");
    has(out, "id=\"m1\"");
    remark.stanza_id = NULL;
    assert_true(front->remark(scene.component, &remark));
    out = fake_written();
    has(out, "[gateway] Sent");
    has_not(out, "<reply");
    scene_clear(&scene);
}

/* Each counts once for the fence, whatever it took. */
static void test_settle_counts(void **state)
{
    const struct front *front = component_front();
    struct scene scene;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    assert_true(front->settle(scene.component, outcome(OWED_ERROR), true));
    assert_true(front->settle(scene.component, outcome(OWED_RECEIPT), true));
    assert_true(front->notice(scene.component, "admin@example.org", "hm"));
    front->fence(scene.component);
    answer_ping(ping_id(fake_written()));
    assert_string_equal(fake_calls(&scene.network), "fenced 2\n");
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_silent),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_refused_by_core),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_oversized),
        cmocka_unit_test(test_foreign_domain),
        cmocka_unit_test(test_deliver),
        cmocka_unit_test(test_settle),
        cmocka_unit_test(test_displayed),
        cmocka_unit_test(test_remark),
        cmocka_unit_test(test_settle_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
