/* test_http_verify.c - signatures as the providers' own SDKs make them (npm
 * twilio, plivo, jsonwebtoken), and what must not pass for one. */
#include <time.h>

#include "on_provider.h"

#include "http/json.h"

/* One check in a file, and a request. */
struct scene {
    struct tree *tree;
    struct verify *verify;
    struct payload payload;
    struct signed_request request;
    const char *header_name, *header, *header2_name, *header2;
};

static const char *const names[] = { "key", "user", NULL };

static const char *find_header(void *arg, const char *name)
{
    const struct scene *scene = arg;

    if (scene->header_name && strcmp(name, scene->header_name) == 0)
        return scene->header;
    if (scene->header2_name && strcmp(name, scene->header2_name) == 0)
        return scene->header2;
    return NULL;
}

static void scene_begin(struct scene *scene, const char *check)
{
    struct err err = { 0 };
    const char *path = file_with(check);

    *scene = (struct scene){ 0 };
    scene->tree = tree_load(path, &err);
    (void)unlink(path);
    assert_non_null(scene->tree);
    scene->verify = verify_parse(tree_get(scene->tree, "v"), names, &err);
    if (!scene->verify)
        fail_msg("%s", err.text);
    scene->payload.body = "";
    scene->payload.header = find_header;
    scene->payload.arg = scene;
    scene->request = (struct signed_request){
        .payload = &scene->payload,
        .method = "POST",
        .url = "https://gw.test/hook",
        .peer = "192.0.2.7",
        .now = (int64_t)1700000100 * 1000,
    };
}

static void scene_end(struct scene *scene)
{
    verify_free(scene->verify);
    tree_free(scene->tree);
    params_free(&scene->payload.form);
    params_free(&scene->payload.query);
}

static bool passes(struct scene *scene, const char *key, const char *header)
{
    const char *const values[] = { key, "me" };
    struct err err = { 0 };
    bool good;

    scene->header = header;
    good = verify_request(scene->verify, values, &scene->request, &err);
    assert_int_equal(err.kind, good ? ERR_NONE : ERR_FORBIDDEN);
    return good;
}

static void set_form(struct scene *scene, const char *text)
{
    params_free(&scene->payload.form);
    assert_true(params_parse(text, strlen(text), &scene->payload.form));
    scene->payload.body = text;
    scene->payload.size = strlen(text);
}

static void test_twilio(void **state)
{
    static const char good[] = "zn7pFwtswZCroOOxD7+uByRe5wM=";
    struct scene scene;

    (void)state;
    scene_begin(&scene,
                "v = { kind = \"hmac\"; hash = \"sha1\"; encoding = \"base64\";"
                "key = \"{key}\"; at = \"header:X-Twilio-Signature\";"
                "input = [ \"url\", \"params\" ]; };");
    scene.header_name = "X-Twilio-Signature";
    scene.request.url = "https://gw.test/hook?a=1";
    set_form(&scene, "To=%2B18005551212&From=%2B14158675309&MessageSid=SM1&"
                     "Body=h%C3%A9+%26+x");
    assert_true(passes(&scene, "12345", good));
    assert_false(passes(&scene, "12346", good));
    assert_false(passes(&scene, "12345", "zn7pFwtswZCroOOxD7+uByRe5wN="));
    assert_false(passes(&scene, "12345", "zn7pFwtswZCroOOxD7+uByRe5wM"));
    assert_false(passes(&scene, "12345", ""));
    assert_false(passes(&scene, "12345", NULL));
    scene.request.url = "https://gw.test/hook?a=2";
    assert_false(passes(&scene, "12345", good));
    scene_end(&scene);
}

static void test_plivo(void **state)
{
    struct scene scene;

    (void)state;
    scene_begin(&scene, "v = { kind = \"hmac\"; encoding = \"base64\";"
                        "key = \"{key}\"; at = \"header:S\"; input = "
                        "[ \"url-noquery\", \"header:N\" ]; };");
    scene.header_name = "S";
    scene.header2_name = "N";
    scene.header2 = "12345678901234567890";
    scene.request.url = "https://gw.test/hook?x=1";
    assert_true(
        passes(&scene, "tok", "qKwCAAQCsep9g8vPZpkJ7ejM/flrCcj6spyIzjWHdVs="));
    scene.header2 = "12345678901234567891";
    assert_false(
        passes(&scene, "tok", "qKwCAAQCsep9g8vPZpkJ7ejM/flrCcj6spyIzjWHdVs="));
    scene_end(&scene);
}

static void test_plivo_v3(void **state)
{
    struct scene scene;

    (void)state;
    scene_begin(&scene,
                "v = { kind = \"hmac\"; encoding = \"base64\"; key = \"{key}\";"
                "at = \"header:S\"; input = [ \"url-sortedquery\", \"params\", "
                "\"=.\", \"header:N\" ]; };");
    scene.header_name = "S";
    scene.header2_name = "N";
    scene.header2 = "99";
    set_form(&scene, "To=18005551212&From=14158675309&Text=hi+there");
    assert_true(
        passes(&scene, "tok", "PjHjRiy0FmMCknF9NDW4J8rJOlmhZ1ULISzvG01LAZo="));
    scene.request.url = "https://gw.test/hook?b=2&a=1";
    assert_true(params_parse("b=2&a=1", 7, &scene.payload.query));
    assert_true(passes(&scene, "tok",
                       "nonsense=, xlpGu3udWf86Bivm4cFDtQPLwZ8Y5H2roKkPc48H/"
                       "Cw="));
    scene_end(&scene);
}

/* HMAC-SHA256("key", "body" + "1700000000"), by openssl. */
static void test_time_and_prefix(void **state)
{
    static const char good[] = "v0=3f9f8c7c9fe9d5bfb9c54f3ba4c1b31e1f9c6c8c2b9"
                               "f3d1e2a0f6a0d1f2c3b4a";
    unsigned char sum[HASH_MAX];
    char header[80] = "v0=";
    struct scene scene;
    size_t n = hash_hmac(HASH_SHA256, "key", 3, "body1700000000", 14, sum);

    (void)state;
    for (size_t i = 0; i < n; i++)
        snprintf(header + 3 + 2 * i, 3, "%02x", sum[i]);
    scene_begin(&scene,
                "v = { kind = \"hmac\"; key = \"{key}\"; at = \"header:S\"; "
                "prefix = \"v0=\"; input = [ \"body\", \"header:T\" ]; time = "
                "\"header:T\"; skew = 300; };");
    scene.header_name = "S";
    scene.header2_name = "T";
    scene.header2 = "1700000000";
    scene.payload.body = "body";
    scene.payload.size = 4;
    assert_true(passes(&scene, "key", header));
    assert_false(passes(&scene, "key", header + 3));
    assert_false(passes(&scene, "key", good));
    scene.request.now += 300000; /* a replay, later */
    assert_false(passes(&scene, "key", header));
    scene_end(&scene);
}

/* Vonage: md5 of the sorted parameters and the secret. */
static void test_vonage_hash(void **state)
{
    unsigned char sum[HASH_MAX];
    char text[] = "&a=1_2&msisdn=44&timestamp=1700000000secret", hex[40],
         all[120];
    struct scene scene;
    size_t n = hash_bytes(HASH_MD5, text, strlen(text), sum);

    (void)state;
    for (size_t i = 0; i < n; i++)
        snprintf(hex + 2 * i, 3, "%02x", sum[i]);
    snprintf(all, sizeof(all), "timestamp=1700000000&msisdn=44&a=1%%262&sig=%s",
             hex);
    scene_begin(&scene, "v = { kind = \"hash\"; hash = \"md5\"; key = "
                        "\"{key}\"; at = \"sig|lower\"; input = [ "
                        "\"params-amp\" ]; time = \"timestamp\"; };");
    set_form(&scene, all);
    assert_true(passes(&scene, "secret", NULL));
    assert_false(passes(&scene, "Secret", NULL));
    scene_end(&scene);
}

static void test_secrets(void **state)
{
    struct scene scene;

    (void)state;
    scene_begin(&scene, "v = { kind = \"bearer\"; key = \"{key}\"; };");
    scene.header_name = "Authorization";
    assert_true(passes(&scene, "abc", "Bearer abc"));
    assert_true(passes(&scene, "abc", "bearer  abc"));
    assert_false(passes(&scene, "abc", "Bearer abcd"));
    assert_false(passes(&scene, "abc", "abc"));
    assert_false(passes(&scene, "abc", NULL));
    assert_true(passes(&scene, "", NULL)); /* not configured */
    scene_end(&scene);
    scene_begin(&scene, "v = { kind = \"basic\"; user = \"{user}\"; key = "
                        "\"{key}\"; };");
    scene.header_name = "Authorization";
    assert_true(passes(&scene, "pw", "Basic bWU6cHc="));
    assert_false(passes(&scene, "px", "Basic bWU6cHc="));
    assert_false(passes(&scene, "pw", "Basic !!"));
    scene_end(&scene);
    scene_begin(&scene, "v = { kind = \"secret\"; key = \"{key}\"; at = "
                        "\"query:t\"; };");
    assert_true(params_parse("t=s1", 4, &scene.payload.query));
    assert_true(passes(&scene, "s1", NULL));
    assert_false(passes(&scene, "s2", NULL));
    scene_end(&scene);
    scene_begin(&scene, "v = { kind = \"address\"; key = \"{key}\"; };");
    assert_true(passes(&scene, "127.0.0.1 192.0.2.0/24", NULL));
    assert_false(passes(&scene, "127.0.0.1", NULL));
    scene_end(&scene);
}

#define HEAD "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."

static const char jwt_good[] =
    HEAD "eyJhdWQiOiJodHRwczovL2d3LnRlc3QvaG9vayIsImlhdCI6MTcwMDAwMDAwMCwiZXhwI"
         "joxNzAwMDAwNjAwfQ.gVXJIpbfOR14J4A-z1kHJR8cH2u_MJUKVTrBhfUbjew";
static const char jwt_hash[] =
    HEAD "eyJpYXQiOjE3MDAwMDAwMDAsInBheWxvYWRfaGFzaCI6IjAxNWFiZDdmNWNjNTdhMmRkO"
         "TRiNzU5MGYwNGFkODA4NDI3MzkwNWVlMzNlYzVjZWJlYWU2MjI3NmE5N2Y4NjIifQ.Se7"
         "VgEw6o37a6DcyFjn4G6SmNCZRZcAIk3C0zZ-FmgU";
static const char jwt_none[] =
    "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJpYXQiOjE3MDAwMDAwMDB9.";
static const char jwt_512[] =
    "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3MDAwMDAwMDB9.FQNLQC5jzzD8"
    "PNUnIg8z3d-WuSuSymOK_0AIVFk-"
    "Qc3UUJmGpR6Sp4addP7sKoSEcnxFpzi4r0g09c1qyx0QHw";

static bool jwt(const char *token, const char *key, const char *audience,
                const char *body, int64_t now)
{
    const struct jwt_rules rules = { .key = key,
                                     .audience = audience,
                                     .body_hash = body != NULL,
                                     .now = now,
                                     .leeway = 60 };
    struct err err;

    return jwt_check(token, strlen(token), &rules, body ? body : "",
                     body ? strlen(body) : 0, &err);
}

static void test_jwt(void **state)
{
    static const int64_t now = 1700000100;
    static const char *const broken[] = { "",          ".",    "..",
                                          "a.b.c",     HEAD,   "e30.e30.",
                                          HEAD "e30.", "....." };

    (void)state;
    assert_true(jwt(jwt_good, "key", "https://gw.test/hook", NULL, now));
    assert_true(jwt(jwt_good, "key", NULL, NULL, now));
    assert_false(jwt(jwt_good, "kez", NULL, NULL, now));
    assert_false(jwt(jwt_good, "key", "https://gw.test/other", NULL, now));
    assert_false(jwt(jwt_good, "key", NULL, NULL, now + 1000)); /* expired */
    assert_false(jwt(jwt_good, "key", NULL, NULL, now - 1000)); /* future */
    assert_false(jwt(jwt_good, "key", NULL, "{}", now)); /* no payload_hash */
    assert_true(jwt(jwt_hash, "key", NULL, "{\"a\":1}", now));
    assert_false(jwt(jwt_hash, "key", NULL, "{\"a\":2}", now));
    assert_false(jwt(jwt_none, "key", NULL, NULL, now));
    assert_false(jwt(jwt_none, "", NULL, NULL, now));
    assert_false(jwt(jwt_512, "key", NULL, NULL, now));
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        assert_false(jwt(broken[i], "key", NULL, NULL, now));
}

/* Every single changed bit is found out (reliability T18). */
static void test_jwt_bits(void **state)
{
    char token[sizeof(jwt_good)];

    (void)state;
    for (size_t i = 0; i < sizeof(jwt_good) - 1; i++) {
        for (int bit = 0; bit < 7; bit++) {
            memcpy(token, jwt_good, sizeof(token));
            token[i] = (char)(token[i] ^ 1 << bit);
            /* The last digit of base64 has two bits that mean nothing, and
             * both alphabets are read. */
            if (i == sizeof(jwt_good) - 2 || token[i] == '\0' ||
                strchr("+-/_", token[i]))
                continue;
            assert_false(jwt(token, "key", NULL, NULL, 1700000100));
        }
    }
}

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static int64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A signature that is wrong in its first digit and one that is wrong in its
 * last take the same time, by the medians of 100,000 tries of each in turn. A
 * comparison that stops early would differ by some 10 ns; the whole check takes
 * a thousand. */
static void test_time_tells_nothing(void **state)
{
    enum { SAMPLES = 100000 };
    static int64_t took[2][SAMPLES];
    char wrong[2][65];
    struct scene scene;

    (void)state;
    scene_begin(&scene, "v = { kind = \"hmac\"; key = \"{key}\";"
                        "at = \"header:S\"; input = [ \"body\" ]; };");
    scene.header_name = "S";
    set_form(&scene, "hello");
    /* HMAC-SHA256 of "hello" under "key" */
    for (int i = 0; i < 2; i++)
        strcpy(wrong[i], "9307b3b915efb5171ff14d8cb55fbcc7"
                         "98c6c0ef1456d66ded1a6aa723a58b7b");
    assert_true(passes(&scene, "key", wrong[0]));
    wrong[0][0] = wrong[1][63] = '0';
    for (size_t i = 0; i < SAMPLES; i++) {
        for (int first = 0; first < 2; first++) {
            int64_t start = now_ns();

            assert_false(passes(&scene, "key", wrong[first]));
            took[first][i] = now_ns() - start;
        }
    }
    for (int i = 0; i < 2; i++)
        qsort(took[i], SAMPLES, sizeof(took[i][0]), by_value);
    int64_t a = took[0][SAMPLES / 2], b = took[1][SAMPLES / 2];
    assert_true(llabs(a - b) * 50 < a); /* 2 % */
    scene_end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twilio),
        cmocka_unit_test(test_plivo),
        cmocka_unit_test(test_plivo_v3),
        cmocka_unit_test(test_time_and_prefix),
        cmocka_unit_test(test_vonage_hash),
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_jwt),
        cmocka_unit_test(test_jwt_bits),
        cmocka_unit_test(test_time_tells_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
