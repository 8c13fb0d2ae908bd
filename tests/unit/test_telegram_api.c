/* test_telegram_api.c - answers of the Bot API, and updates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "telegram/api.h"
#include "telegram/update.h"

struct reading {
    int status;
    const char *body; /* NULL: it broke off */
    bool reached;
    enum api_end end;
    enum err_kind kind;
    enum err_scope scope;
    int retry_after;
    long long moved_to;
};

#define REFUSED(code, text)                                                    \
    code, "{\"ok\":false,\"error_code\":" #code ",\"description\":\"" text "\"}"

static const struct reading readings[] = {
    { 200, "{\"ok\":true,\"result\":{}}", true, API_DONE, 0, 0, 0, 0 },
    { 200, NULL, true, API_UNSURE, ERR_TEMPORARY, SCOPE_LINE, 0, 0 },
    { 0, NULL, true, API_UNSURE, ERR_TEMPORARY, SCOPE_LINE, 0, 0 },
    { 0, NULL, false, API_FAILED, ERR_TEMPORARY, SCOPE_LINE, 0, 0 },
    { 200, "<html>", true, API_UNSURE, ERR_TEMPORARY, SCOPE_LINE, 0, 0 },
    { 200, "{}", true, API_UNSURE, ERR_TEMPORARY, SCOPE_LINE, 0, 0 },
    { 200, "{\"ok\":true}x", true, API_UNSURE, ERR_TEMPORARY, SCOPE_LINE, 0,
      0 },
    { 403, "<html>", true, API_FAILED, ERR_TEMPORARY, SCOPE_LINE, 0, 0 },
    { 502, "<html>", true, API_UNSURE, ERR_TEMPORARY, SCOPE_LINE, 0, 0 },
    { REFUSED(502, "Bad Gateway"), true, API_UNSURE, ERR_TEMPORARY,
      SCOPE_MESSAGE, 0, 0 },
    { REFUSED(500, "Internal Server Error: restart"), true, API_FAILED,
      ERR_TEMPORARY, SCOPE_MESSAGE, 0, 0 },
    { REFUSED(401, "Unauthorized"), true, API_FAILED, ERR_AUTH, SCOPE_LINE, 0,
      0 },
    { REFUSED(404, "Not Found"), true, API_FAILED, ERR_AUTH, SCOPE_LINE, 0, 0 },
    { REFUSED(409, "Conflict: terminated by other getUpdates request"), true,
      API_FAILED, ERR_CONFIG, SCOPE_LINE, 0, 0 },
    { REFUSED(403, "Forbidden: bot was blocked by the user"), true, API_FAILED,
      ERR_FORBIDDEN, SCOPE_CONTACT, 0, 0 },
    { REFUSED(403, "Forbidden: user is deactivated"), true, API_FAILED,
      ERR_NO_RECIPIENT, SCOPE_CONTACT, 0, 0 },
    { REFUSED(403, "Forbidden: bot was kicked from the group chat"), true,
      API_FAILED, ERR_FORBIDDEN, SCOPE_CONTACT, 0, 0 },
    { REFUSED(400, "Bad Request: chat not found"), true, API_FAILED,
      ERR_NO_RECIPIENT, SCOPE_CONTACT, 0, 0 },
    { REFUSED(400, "Bad Request: message is too long"), true, API_FAILED,
      ERR_TOO_LONG, SCOPE_MESSAGE, 0, 0 },
    { REFUSED(400, "Bad Request: what"), true, API_FAILED, ERR_REJECTED,
      SCOPE_MESSAGE, 0, 0 },
    { 429,
      "{\"ok\":false,\"error_code\":429,\"description\":\"Too Many Requests\","
      "\"parameters\":{\"retry_after\":17}}",
      true, API_FAILED, ERR_LIMITED, SCOPE_CONTACT, 17, 0 },
    { 429,
      "{\"ok\":false,\"error_code\":429,"
      "\"parameters\":{\"retry_after\":999999999999}}",
      true, API_FAILED, ERR_LIMITED, SCOPE_CONTACT, 3600, 0 },
    { 400,
      "{\"ok\":false,\"error_code\":400,\"description\":\"Bad Request: group "
      "chat was upgraded to a supergroup chat\","
      "\"parameters\":{\"migrate_to_chat_id\":-1001234567890}}",
      true, API_FAILED, ERR_REJECTED, SCOPE_MESSAGE, 0, -1001234567890 },
    { 200, "{\"ok\":false,\"error_code\":-7}", true, API_FAILED, ERR_REJECTED,
      SCOPE_MESSAGE, 0, 0 },
};

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
        const struct reading *r = &readings[i];
        const char *body = r->body ? r->body : "{\"ok\":true,\"res";
        struct api_answer answer;
        struct json_object *root;

        api_read(r->status, body, strlen(body), r->body != NULL, r->reached,
                 &answer, &root);
        assert_int_equal(answer.end, r->end);
        assert_int_equal(answer.err.kind, r->kind);
        assert_int_equal(answer.err.scope, r->scope);
        assert_int_equal(answer.err.retry_after, r->retry_after);
        assert_true(answer.moved_to == r->moved_to);
        assert_true((answer.result != NULL) == (r->end == API_DONE));
        json_object_put(root);
    }
}

/* --- updates ------------------------------------------------------------- */

static bool read_text(const char *json, struct update *update)
{
    struct json_object *root = api_parse(json, strlen(json));
    bool good;

    assert_non_null(root);
    good = update_read(root, 42, update);
    json_object_put(root);
    return good;
}

#define FROM "\"from\":{\"id\":7,\"first_name\":\"Ann\",\"last_name\":\"Lee\"}"
#define PRIVATE                                                                \
    "\"chat\":{\"id\":7,\"type\":\"private\",\"first_name\":\"Ann\","          \
    "\"last_name\":\"Lee\"}"
#define GROUP "\"chat\":{\"id\":-9,\"type\":\"group\",\"title\":\"Choir\"}"
#define MESSAGE(chat, what)                                                    \
    "{\"update_id\":5,\"message\":{\"message_id\":3,\"date\":1000," FROM       \
    "," chat "," what "}}"

struct telling {
    const char *json, *text;
};

static const struct telling tellings[] = {
    { MESSAGE(PRIVATE, "\"text\":\"hi\""), "hi" },
    { MESSAGE(GROUP, "\"text\":\"hi\""), "Ann Lee: hi" },
    { MESSAGE(PRIVATE, "\"text\":\"a\\u0000b\\uffff\""), "ab\xef\xbf\xbd" },
    { MESSAGE(PRIVATE, "\"text\":\"so *x*\",\"entities\":[{\"type\":\"bold\","
                       "\"offset\":0,\"length\":2}]"),
      "*so* *x*" },
    { MESSAGE(PRIVATE,
              "\"text\":\"\xf0\x9f\x98\x80 b\",\"entities\":[{\"type\":"
              "\"bold\",\"offset\":3,\"length\":1},{\"type\":\"bold\","
              "\"offset\":-3,\"length\":90},7,{}]"),
      "\xf0\x9f\x98\x80 *b*" },
    { MESSAGE(PRIVATE, "\"photo\":[{}],\"caption\":\"me\""), "[Photo] me" },
    { MESSAGE(PRIVATE, "\"photo\":[{}]"), "[Photo]" },
    { MESSAGE(PRIVATE, "\"voice\":{\"duration\":65}"), "[Voice message 1:05]" },
    { MESSAGE(PRIVATE, "\"document\":{\"file_name\":\"a.pdf\"}"),
      "[File a.pdf]" },
    { MESSAGE(PRIVATE, "\"sticker\":{\"emoji\":\"\xf0\x9f\x98\x80\"}"),
      "[Sticker \xf0\x9f\x98\x80]" },
    { MESSAGE(PRIVATE, "\"location\":{\"latitude\":52.5,\"longitude\":-1.25}"),
      "[Location geo:52.500000,-1.250000]" },
    { MESSAGE(PRIVATE, "\"contact\":{\"first_name\":\"Bob\","
                       "\"phone_number\":\"+447700900123\"}"),
      "[Contact Bob +447700900123]" },
    { MESSAGE(PRIVATE, "\"forward_origin\":{\"type\":\"hidden_user\","
                       "\"sender_user_name\":\"X\"},\"text\":\"hm\""),
      "[Forwarded from X] hm" },
    { MESSAGE(PRIVATE, "\"something_new\":{}"),
      "[A message that cannot be shown here]" },
    { MESSAGE(GROUP, "\"new_chat_title\":\"Band\""), NULL },
    { MESSAGE(PRIVATE, "\"text\":7,\"photo\":0"), "[Photo]" },
    { "{\"update_id\":5,\"message\":[]}", NULL },
    { "{\"update_id\":5,\"message\":{}}", NULL },
    { "{\"update_id\":5}", NULL },
    { "{\"update_id\":5,\"message\":{\"message_id\":3,\"text\":\"own\","
      "\"from\":{\"id\":42}," PRIVATE "}}",
      NULL },
};

static void test_messages(void **state)
{
    struct update u;

    (void)state;
    for (size_t i = 0; i < sizeof(tellings) / sizeof(tellings[0]); i++) {
        assert_true(read_text(tellings[i].json, &u));
        if (tellings[i].text)
            assert_string_equal(u.text, tellings[i].text);
        assert_int_equal(u.what,
                         tellings[i].text ? UPDATE_MESSAGE : UPDATE_OTHER);
        update_free(&u);
    }
    assert_false(read_text("{\"message\":{}}", &u));
    assert_false(read_text("{\"update_id\":\"5\"}", &u));
}

static void test_facts(void **state)
{
    struct update u;

    (void)state;
    assert_true(read_text(MESSAGE(PRIVATE, "\"text\":\"/start c0de\","
                                           "\"reply_to_message\":"
                                           "{\"message_id\":2}"),
                          &u));
    assert_true(u.id == 5 && u.chat == 7 && !u.group && u.at == 1000000);
    assert_string_equal(u.name, "Ann Lee");
    assert_null(u.author);
    assert_string_equal(u.remote_id, "7:3@42");
    assert_string_equal(u.target_id, "7:2@42");
    assert_string_equal(u.start, "c0de");
    update_free(&u);
    assert_true(read_text(MESSAGE(GROUP, "\"text\":\"/started\""), &u));
    assert_true(u.chat == -9 && u.group && !u.start);
    assert_string_equal(u.name, "Choir");
    assert_string_equal(u.author, "7");
    update_free(&u);
    assert_true(
        read_text(MESSAGE(GROUP, "\"migrate_to_chat_id\":-100123456789"), &u));
    assert_int_equal(u.what, UPDATE_MOVED);
    assert_true(u.moved_to == -100123456789);
    update_free(&u);
}

static void test_events(void **state)
{
    struct update u;

    (void)state;
    assert_true(read_text("{\"update_id\":6,\"edited_message\":{"
                          "\"message_id\":3,\"date\":1,\"edit_date\":2," FROM
                          "," PRIVATE ",\"text\":\"better\"}}",
                          &u));
    assert_int_equal(u.kind, KIND_EDIT);
    assert_true(u.at == 2000);
    assert_string_equal(u.target_id, "7:3@42");
    assert_string_equal(u.remote_id, "update:6:3@42");
    update_free(&u);
    assert_true(read_text("{\"update_id\":7,\"message_reaction\":{"
                          "\"message_id\":3,\"date\":1,"
                          "\"user\":{\"id\":7,\"first_name\":\"Ann\"}," PRIVATE
                          ",\"old_reaction\":[],\"new_reaction\":["
                          "{\"type\":\"emoji\",\"emoji\":\"\xf0\x9f\x91\x8d\"},"
                          "{\"type\":\"custom_emoji\"}]}}",
                          &u));
    assert_int_equal(u.kind, KIND_REACTION);
    assert_string_equal(u.text, "\xf0\x9f\x91\x8d");
    assert_string_equal(u.target_id, "7:3@42");
    update_free(&u);
    assert_true(read_text("{\"update_id\":8,\"my_chat_member\":{" PRIVATE
                          ",\"date\":1,\"new_chat_member\":{"
                          "\"status\":\"kicked\"}}}",
                          &u));
    assert_int_equal(u.what, UPDATE_LEFT);
    update_free(&u);
}

static void test_remote_ids(void **state)
{
    char text[REMOTE_ID_MAX];
    int64_t chat, message;

    (void)state;
    remote_id_write(INT64_MIN, INT64_MAX, INT64_MIN, text);
    assert_true(remote_id_read(text, &chat, &message));
    assert_true(chat == INT64_MIN && message == INT64_MAX);
    assert_false(remote_id_read("", &chat, &message));
    assert_false(remote_id_read("7", &chat, &message));
    assert_false(remote_id_read("7:", &chat, &message));
    assert_false(remote_id_read("7:0@42", &chat, &message));
    assert_false(remote_id_read("7:3x@42", &chat, &message));
    assert_false(remote_id_read("7:99999999999999999999@42", &chat, &message));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),    cmocka_unit_test(test_messages),
        cmocka_unit_test(test_facts),      cmocka_unit_test(test_events),
        cmocka_unit_test(test_remote_ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
