/* pdutool.c - the command line of `moongate pdu`. `decode` fills a JSON object
 * or a table from one struct pdu, `encode` cuts a text as the gsm driver would
 * and shows every part. What a PDU says is a stranger's text: the terminal gets
 * it with control characters replaced, JSON has its own escapes. */
#include "sms/pdutool.h"

#include <getopt.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/number.h"
#include "base/utf8.h"
#include "sms/compose.h"
#include "sms/pdu.h"
#include "sms/pdu_json.h"

enum { EXIT_WRONG = 1, EXIT_USAGE = 2, TEXT_MAX = 1 << 20 };

static void print_usage(FILE *out)
{
    fputs("usage: moongate pdu decode [--tpdu] [--json] HEX...\n"
          "       moongate pdu encode (--to NUMBER | --from SENDER) "
          "--text TEXT\n"
          "           [--smsc NUMBER] [--report] [--validity MINUTES] "
          "[--class 0-3]\n"
          "           [--reference N] [--wide] [--max-parts N] [--at UNIXTIME]"
          "\n"
          "           [--languages NAME,...] [--fallback keep|approximate] "
          "[--json]\n"
          "decode takes SMSC octets first, as modems give them; with --tpdu a "
          "bare TPDU.\n"
          "encode --from makes what a phone would receive (SMS-DELIVER).\n",
          out);
}

static int usage(void)
{
    print_usage(stderr);
    return EXIT_USAGE;
}

static int wrong(const struct err *err)
{
    fprintf(stderr, "moongate pdu: %s\n", err->text);
    return EXIT_WRONG;
}

static void print_json(struct json_object *object)
{
    enum { FLAGS = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE };

    puts(json_object_to_json_string_ext(object, FLAGS));
    json_object_put(object);
}

/* A stranger's text for a terminal. */
static void print_text(const char *text, size_t size)
{
    char octets[4];

    for (size_t pos = 0; pos < size;) {
        uint32_t cp = utf8_next(text, size, &pos);
        bool control = (cp < 0x20 && cp != '\n') || (cp >= 0x7F && cp < 0xA0);

        fwrite(octets, 1, utf8_put(octets, control ? '?' : cp), stdout);
    }
    putchar('\n');
}

static void print_field(const char *key, struct json_object *value)
{
    const char *text = json_object_get_string(value);

    printf("%-18s ", key);
    print_text(text, json_object_is_type(value, json_type_string)
                         ? (size_t)json_object_get_string_len(value)
                         : strlen(text));
}

static void print_fields(struct json_object *object)
{
    json_object_object_foreach(object, key, value)
    {
        print_field(key, value);
    }
    json_object_put(object);
}

static bool read_hex(char **words, int n, uint8_t *octets, size_t *size,
                     struct err *err)
{
    struct buf hex;
    bool ok;

    buf_init(&hex, 4 * PDU_HEX_MAX);
    for (int i = 0; i < n; i++)
        buf_add_text(&hex, words[i]);
    ok = hex.over
             ? err_set(err, ERR_PROTOCOL, "more than %d octets", (int)PDU_MAX)
             : pdu_from_hex(buf_text(&hex), octets, PDU_MAX, size, err);
    buf_free(&hex);
    return ok;
}

static bool decode(const uint8_t *octets, size_t size, bool bare,
                   struct pdu *pdu, struct err *err)
{
    struct err ignored;

    if (bare)
        return pdu_decode_tpdu(octets, size, pdu, err);
    if (pdu_decode(octets, size, pdu, err))
        return true;
    if (pdu_decode_tpdu(octets, size, pdu, &ignored))
        fputs("moongate pdu: without SMSC octets it would be a PDU: try "
              "--tpdu\n",
              stderr);
    return false;
}

static int decode_main(int argc, char **argv)
{
    static const struct option options[] = {
        { "json", no_argument, NULL, 'j' },
        { "tpdu", no_argument, NULL, 't' },
        { NULL, 0, NULL, 0 },
    };
    uint8_t octets[PDU_MAX];
    bool json = false, bare = false;
    struct json_object *fields;
    struct err err;
    struct pdu pdu;
    size_t size;
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == '?')
            return usage();
        json = json || c == 'j';
        bare = bare || c == 't';
    }
    if (optind == argc)
        return usage();
    if (!read_hex(argv + optind, argc - optind, octets, &size, &err))
        return wrong(&err);
    if (!decode(octets, size, bare, &pdu, &err))
        return wrong(&err);
    fields = pdu_json(&pdu, bare ? size : pdu_tpdu_size(octets, size));
    (json ? print_json : print_fields)(fields);
    return 0;
}

/* What the command line asks `encode` for. */
struct request {
    const char *to, *from, *text, *smsc;
    long class, validity, at;
    bool report, json;
    struct compose_options how;
};

static bool read_number(const char *text, long min, long max, long *out)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value < min || value > max)
        return false;
    *out = value;
    return true;
}

static bool take_number(struct request *request, int option, const char *text)
{
    long value;

    switch (option) {
    case 'c':
        return read_number(text, 0, 3, &request->class);
    case 'v':
        return read_number(text, 1, 63 * 10080L, &request->validity);
    case 'a':
        return read_number(text, 0, LONG_MAX / 1000, &request->at);
    case 'n':
        if (!read_number(text, 0, 65535, &value))
            return false;
        request->how.concat.reference = (uint16_t)value;
        return true;
    case 'm':
        if (!read_number(text, 1, CONCAT_PARTS_MAX, &value))
            return false;
        request->how.concat.max_parts = (unsigned)value;
        return true;
    default:
        return false;
    }
}

static bool take_languages(struct request *request, const char *names)
{
    struct err err;
    size_t n;

    for (; *names != '\0'; names += n + (names[n] == ',')) {
        char name[32];

        n = strcspn(names, ",");
        snprintf(name, sizeof name, "%.*s", (int)n, names);
        if (compose_language(name, &request->how.concat.languages, &err))
            continue;
        wrong(&err);
        return false;
    }
    return true;
}

static bool take_fallback(struct request *request, const char *word)
{
    request->how.approximate = strcmp(word, "approximate") == 0;
    return request->how.approximate || strcmp(word, "keep") == 0;
}

static bool take_option(struct request *request, int option)
{
    switch (option) {
    case 'l':
        return take_languages(request, optarg);
    case 'b':
        return take_fallback(request, optarg);
    case 't':
        request->to = optarg;
        return true;
    case 'f':
        request->from = optarg;
        return true;
    case 'x':
        request->text = optarg;
        return true;
    case 's':
        request->smsc = optarg;
        return true;
    case 'r':
        request->report = true;
        return true;
    case 'j':
        request->json = true;
        return true;
    case 'w':
        request->how.concat.wide = true;
        return true;
    default:
        return take_number(request, option, optarg);
    }
}

static bool read_request(int argc, char **argv, struct request *request)
{
    static const struct option options[] = {
        { "to", required_argument, NULL, 't' },
        { "from", required_argument, NULL, 'f' },
        { "text", required_argument, NULL, 'x' },
        { "smsc", required_argument, NULL, 's' },
        { "report", no_argument, NULL, 'r' },
        { "json", no_argument, NULL, 'j' },
        { "wide", no_argument, NULL, 'w' },
        { "class", required_argument, NULL, 'c' },
        { "validity", required_argument, NULL, 'v' },
        { "at", required_argument, NULL, 'a' },
        { "reference", required_argument, NULL, 'n' },
        { "max-parts", required_argument, NULL, 'm' },
        { "languages", required_argument, NULL, 'l' },
        { "fallback", required_argument, NULL, 'b' },
        { NULL, 0, NULL, 0 },
    };
    int c;

    *request = (struct request){ .class = -1, .at = -1 };
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == '?' || !take_option(request, c))
            return false;
    }
    return optind == argc && request->text != NULL &&
           (request->to != NULL) != (request->from != NULL);
}

static bool prepare(const struct request *request, struct pdu *pdu,
                    struct err *err)
{
    static const struct number_plan plan = { "", "", "" };
    const char *to = request->to != NULL ? request->to : "0";
    char number[NUMBER_MAX];

    if (to[0] == '+') {
        if (!number_canonical(&plan, to, number, err))
            return false;
        to = number;
    }
    if (!pdu_init_submit(pdu, to, err))
        return false;
    if (request->smsc != NULL &&
        !pdu_set_address(&pdu->smsc, request->smsc, err))
        return err_wrap(err, "--smsc");
    pdu->class = (int)request->class;
    pdu->report = request->report;
    if (request->validity > 0) {
        pdu->validity.form = PDU_VP_RELATIVE;
        pdu->validity.relative = pdu_validity_octet(request->validity);
    }
    if (request->from == NULL)
        return true;
    if (!pdu_set_address(&pdu->address, request->from, err))
        return err_wrap(err, "--from");
    pdu->type = PDU_DELIVER;
    pdu->timestamp = (struct pdu_time){
        .set = true,
        .unix_ms = request->at >= 0 ? request->at * 1000 : clock_wall_ms(),
    };
    return true;
}

static void add(struct json_object *to, const char *key, const char *text)
{
    json_object_object_add(to, key, json_object_new_string(text));
}

static void add_int(struct json_object *to, const char *key, size_t value)
{
    json_object_object_add(to, key, json_object_new_int64((int64_t)value));
}

static struct json_object *describe_part(const struct concat_part *part,
                                         const struct pdu_bytes *bytes)
{
    struct json_object *out = json_object_new_object();

    add_int(out, "units", part->units);
    add_int(out, "tpdu_len", bytes->tpdu);
    pdu_json_hex(out, "pdu", bytes->bytes, bytes->size);
    return out;
}

static void add_words(struct json_object *to, const struct composed *composed)
{
    struct buf words;

    buf_init(&words, TEXT_MAX);
    compose_describe(composed, &words);
    add(to, "about", buf_text(&words));
    buf_reset(&words);
    compose_remark(composed, &words);
    if (words.len > 0)
        add(to, "remark", buf_text(&words));
    buf_free(&words);
}

static struct json_object *describe_composed(const struct composed *composed,
                                             const struct pdu *pdu)
{
    struct json_object *object = json_object_new_object();

    add(object, "type", pdu_type_name(pdu->type));
    add(object, "address", pdu->address.text);
    add(object, "alphabet", pdu_alphabet_name(composed->plan.alphabet));
    add_words(object, composed);
    return object;
}

static bool describe_plan(const struct composed *composed, struct pdu *pdu,
                          struct json_object **out, struct err *err)
{
    const struct concat_plan *plan = &composed->plan;
    struct json_object *object = describe_composed(composed, pdu);
    struct json_object *parts = json_object_new_array();
    struct pdu_bytes bytes;

    json_object_object_add(object, "parts", parts);
    for (unsigned i = 0; i < plan->total; i++) {
        concat_fill(plan, buf_text(&composed->text), i, pdu);
        if (!pdu_encode(pdu, &bytes, err)) {
            json_object_put(object);
            return false;
        }
        json_object_array_add(parts, describe_part(&plan->parts[i], &bytes));
    }
    *out = object;
    return true;
}

static int64_t get_int(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;

    json_object_object_get_ex(object, key, &value);
    return json_object_get_int64(value);
}

static const char *get_text(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;

    json_object_object_get_ex(object, key, &value);
    return json_object_get_string(value);
}

static void print_plan(struct json_object *plan)
{
    struct json_object *parts = NULL;
    size_t n;

    json_object_object_get_ex(plan, "parts", &parts);
    n = json_object_array_length(parts);
    printf("%s %s %s: %s; %zu part%s\n", get_text(plan, "type"),
           strcmp(get_text(plan, "type"), "DELIVER") == 0 ? "from" : "to",
           get_text(plan, "address"), get_text(plan, "about"), n,
           n == 1 ? "" : "s");
    if (get_text(plan, "remark") != NULL)
        printf("%s\n", get_text(plan, "remark"));
    for (size_t i = 0; i < n; i++) {
        struct json_object *part = json_object_array_get_idx(parts, i);

        printf("part %zu of %zu: %lld units, AT+CMGS=%lld\n%s\n", i + 1, n,
               (long long)get_int(part, "units"),
               (long long)get_int(part, "tpdu_len"), get_text(part, "pdu"));
    }
    json_object_put(plan);
}

static bool encode(const struct request *request, const struct buf *text,
                   struct json_object **object, struct err *err)
{
    struct composed composed;
    struct pdu pdu;
    bool ok;

    if (text->over)
        return err_set(err, ERR_TOO_LONG, "the text is over %d octets",
                       (int)TEXT_MAX);
    if (!prepare(request, &pdu, err) ||
        !compose(buf_text(text), text->len, &request->how, &composed, err))
        return false;
    ok = describe_plan(&composed, &pdu, object, err);
    composed_free(&composed);
    return ok;
}

static int encode_main(int argc, char **argv)
{
    struct json_object *object;
    struct request request;
    struct buf text;
    struct err err;
    bool ok;

    if (!read_request(argc, argv, &request))
        return usage();
    buf_init(&text, TEXT_MAX);
    (void)utf8_clean(&text, request.text, strlen(request.text));
    ok = encode(&request, &text, &object, &err);
    buf_free(&text);
    if (!ok)
        return wrong(&err);
    (request.json ? print_json : print_plan)(object);
    return 0;
}

int pdutool_main(int argc, char **argv)
{
    for (int i = 1; i < argc && i < 3; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_usage(stdout);
            return 0;
        }
    }
    optind = 0; /* the caller may have used getopt already (glibc) */
    if (argc >= 2 && strcmp(argv[1], "decode") == 0)
        return decode_main(argc - 1, argv + 1);
    if (argc >= 2 && strcmp(argv[1], "encode") == 0)
        return encode_main(argc - 1, argv + 1);
    return usage();
}
