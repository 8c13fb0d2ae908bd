/* parse.c - what a modem says, read without trusting it.
 *
 * Everything rests on the tokeniser of fields.h and one walk over lines. An
 * answer is the text that the AT engine collected: information lines, each
 * ended by a newline, without echo and without the final result. Real modems
 * bend the standard in many ways; the comments name those that were seen in
 * public test collections (gammu, ModemManager, chan_dongle). */
#include "gsm/parse.h"

#include <string.h>

static const char *const memory_names[MEMORIES] = {
    [MEMORY_SM] = "SM",
    [MEMORY_ME] = "ME",
    [MEMORY_MT] = "MT",
    [MEMORY_SR] = "SR",
};

const char *memory_name(enum gsm_memory memory)
{
    return memory_names[memory];
}

/* The next non-empty line at *cursor; false at the end of the answer. */
static bool next_line(const char **cursor, const char **line, size_t *size)
{
    while (**cursor == '\n')
        (*cursor)++;
    if (**cursor == '\0')
        return false;
    *line = *cursor;
    *size = strcspn(*cursor, "\n");
    *cursor += *size;
    return true;
}

/* The last line that starts with `prefix`; URCs of the same name may have
 * come before the answer. */
static const char *find_line(const char *answer, const char *prefix)
{
    const char *line, *found = NULL;
    size_t size, n = strlen(prefix);

    while (next_line(&answer, &line, &size))
        if (size >= n && memcmp(line, prefix, n) == 0)
            found = line;
    return found;
}

/* Without its brackets, of which some modems put several. */
static struct slice unwrap(struct slice group)
{
    group = slice_trim(group);
    while (group.size >= 2 && group.text[0] == '(' &&
           group.text[group.size - 1] == ')') {
        group.text++;
        group.size -= 2;
        group = slice_trim(group);
    }
    return group;
}

/* "0-1,3" to bits; values over 31 and reversed ranges are ignored. */
static unsigned range_mask(struct slice group)
{
    struct slice items[PARSE_FIELDS_MAX];
    size_t n = slice_split(unwrap(group), items, PARSE_FIELDS_MAX);
    unsigned mask = 0;

    for (size_t i = 0; i < n; i++) {
        const char *dash = memchr(items[i].text, '-', items[i].size);
        struct slice from = items[i], to = items[i];
        int low, high;

        if (dash != NULL) {
            from.size = (size_t)(dash - from.text);
            to.text = dash + 1;
            to.size = items[i].size - from.size - 1;
        }
        if (!slice_int(from, &low) || !slice_int(to, &high) || low < 0)
            continue;
        for (int value = low; value <= high && value < 32; value++)
            mask |= 1u << value;
    }
    return mask;
}

bool parse_cnmi_choices(const char *answer, struct cnmi_choices *choices)
{
    const char *line = find_line(answer, "+CNMI:");
    struct slice groups[5];
    struct cnmi_choices found = { { 0 } };
    size_t n;

    if (line == NULL)
        return false;
    n = parse_fields(line, groups, 5);
    if (n < 4) /* too short to choose from: the caller tries the usual ones */
        return false;
    for (size_t i = 0; i < n; i++)
        found.mask[i] = range_mask(groups[i]);
    *choices = found;
    return true;
}

bool parse_cnmi(const char *answer, struct cnmi *cnmi)
{
    const char *line = find_line(answer, "+CNMI:");
    struct slice fields[5];
    struct cnmi found = { { 0 } };
    size_t n;

    if (line == NULL)
        return false;
    n = parse_fields(line, fields, 5);
    if (n < 4)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!slice_int(fields[i], &found.value[i]))
            return false;
    *cnmi = found;
    return true;
}

static unsigned memory_mask(struct slice group)
{
    struct slice items[PARSE_FIELDS_MAX];
    size_t n = slice_split(unwrap(group), items, PARSE_FIELDS_MAX);
    unsigned mask = 0;

    for (size_t i = 0; i < n; i++)
        for (unsigned m = 0; m < MEMORIES; m++)
            if (slice_is(items[i], memory_names[m]))
                mask |= 1u << m;
    return mask;
}

/* Wavecom wraps all groups into one more pair of brackets:
 * +CPMS: (("SM","BM","SR"),("SM")). */
static struct slice unwrap_nested(struct slice values)
{
    values = slice_trim(values);
    if (values.size >= 4 && memcmp(values.text, "((", 2) == 0 &&
        memcmp(values.text + values.size - 2, "))", 2) == 0) {
        values.text++;
        values.size -= 2;
    }
    return values;
}

bool parse_cpms_choices(const char *answer, struct cpms_choices *choices)
{
    const char *line = find_line(answer, "+CPMS:");
    struct cpms_choices found = { 0 };
    struct slice groups[3];
    size_t n;

    if (line == NULL)
        return false;
    n = slice_split(unwrap_nested(slice_values(line, strcspn(line, "\n"))),
                    groups, 3);
    for (size_t i = 0; i < n; i++)
        found.mask[i] = memory_mask(groups[i]);
    found.groups = (unsigned)n;
    *choices = found;
    return true;
}

bool parse_cpms_use(const char *answer, int *used, int *total)
{
    const char *line = find_line(answer, "+CPMS:");
    struct slice fields[3];
    size_t n, first;
    int a, b;

    if (line == NULL)
        return false;
    n = parse_fields(line, fields, 3);
    first = n > 0 && fields[0].quoted ? 1 : 0; /* the answer to CPMS? */
    if (n < first + 2 || !slice_int(fields[first], &a) ||
        !slice_int(fields[first + 1], &b))
        return false;
    *used = a;
    *total = b;
    return true;
}

static int field_act(const struct slice *fields, size_t n, size_t i)
{
    int act;

    return i < n && !fields[i].quoted && slice_int(fields[i], &act) &&
                   act >= 0 && act <= 15
               ? act
               : -1;
}

/* Two plain numbers are n and stat unless they cannot be: a URC's second
 * field is the area code, quoted or beyond any status. */
bool parse_creg(const char *answer, int *stat, int *act)
{
    static const char *const prefixes[] = { "+CREG:", "+CEREG:", "+CGREG:" };
    const char *line = NULL;
    struct slice fields[6];
    int first, second;
    size_t n, shift = 0;

    for (size_t i = 0; i < 3 && line == NULL; i++)
        line = find_line(answer, prefixes[i]);
    if (line == NULL)
        return false;
    n = parse_fields(line, fields, 6);
    if (n == 0 || !slice_int(fields[0], &first))
        return false;
    if (n >= 2 && !fields[1].quoted && first <= 5 && fields[1].size <= 2 &&
        slice_int(fields[1], &second) && second <= 11) {
        first = second;
        shift = 1;
    }
    if (first < 0 || first > 11)
        return false;
    *stat = first;
    *act = field_act(fields, n, shift + 3);
    return true;
}

bool parse_cops(const char *answer, char *out, size_t size, int *act)
{
    const char *line = find_line(answer, "+COPS:");
    struct slice fields[4];
    size_t n = line != NULL ? parse_fields(line, fields, 4) : 0;

    if (n < 3 || fields[2].size == 0)
        return false;
    slice_copy(fields[2], out, size);
    *act = field_act(fields, n, 3);
    return true;
}

const char *act_name(int act)
{
    static const char *const names[] = {
        [0] = "2G",  [1] = "2G",  [2] = "3G",  [3] = "2G",  [4] = "3G",
        [5] = "3G",  [6] = "3G",  [7] = "4G",  [8] = "2G",  [9] = "4G",
        [10] = "4G", [11] = "5G", [12] = "5G", [13] = "4G",
    };

    return act >= 0 && (size_t)act < sizeof(names) / sizeof(names[0])
               ? names[act]
               : NULL;
}

bool parse_csms(const char *answer, unsigned *mask)
{
    const char *line = find_line(answer, "+CSMS:");
    struct slice group;

    if (line == NULL || parse_fields(line, &group, 1) == 0)
        return false;
    *mask = range_mask(group);
    return true;
}

bool parse_csq(const char *answer, int *dbm)
{
    int rssi;

    if (!parse_number(answer, "+CSQ:", &rssi) || rssi < 0 || rssi > 31)
        return false;
    *dbm = -113 + 2 * rssi;
    return true;
}

bool parse_cpin(const char *answer, enum cpin *out)
{
    static const struct {
        const char *word;
        enum cpin cpin;
    } words[] = {
        { "READY", CPIN_READY },       { "SIM PIN", CPIN_PIN },
        { "SIM PUK", CPIN_PUK },       { "NOT READY", CPIN_WAIT },
        { "NOT INSERTED", CPIN_NONE }, { "SIM REMOVED", CPIN_NONE },
    };
    const char *line = find_line(answer, "+CPIN:");
    struct slice field;

    if (line == NULL || parse_fields(line, &field, 1) == 0)
        return false;
    *out = CPIN_OTHER;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (slice_is(field, words[i].word))
            *out = words[i].cpin;
    return true;
}

/* With CSCS="UCS2" left over from somebody else the digits come as hex. */
static void copy_ucs2_hex(struct slice hex, char *out, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i + 4 <= hex.size && n + 1 < size; i += 4)
        out[n++] = (char)(parse_hex_digit(hex.text[i + 2]) * 16 +
                          parse_hex_digit(hex.text[i + 3]));
    out[n] = '\0';
}

bool parse_csca(const char *answer, char *out, size_t size)
{
    const char *line = find_line(answer, "+CSCA:");
    struct slice field;

    if (line == NULL || parse_fields(line, &field, 1) == 0 || field.size == 0)
        return false;
    if (field.size >= 12 && field.size % 4 == 0 &&
        memcmp(field.text, "00", 2) == 0 &&
        parse_is_hex(field.text, field.size))
        copy_ucs2_hex(field, out, size);
    else
        slice_copy(field, out, size);
    return true;
}

bool parse_cmgs(const char *answer, int *reference)
{
    int value;

    if (!parse_number(answer, "+CMGS:", &value) || value < 0 || value > 255)
        return false;
    *reference = value;
    return true;
}

bool parse_number(const char *answer, const char *prefix, int *out)
{
    const char *line = find_line(answer, prefix);
    struct slice field;

    return line != NULL && parse_fields(line, &field, 1) == 1 &&
           slice_int(field, out);
}

bool parse_line(const char *answer, char *out, size_t size)
{
    const char *line;
    size_t length;

    if (!next_line(&answer, &line, &length))
        return false;
    slice_copy(slice_trim((struct slice){ .text = line, .size = length }), out,
               size);
    return true;
}

bool parse_identity(const char *answer, char *out, size_t size)
{
    const char *line;
    size_t length;
    struct slice field;

    while (next_line(&answer, &line, &length)) {
        if (parse_fields(line, &field, 1) == 0 || field.size < 10 ||
            field.size > 22 || field.size >= size ||
            !parse_is_digit(field.text[0]))
            continue;
        if (!parse_is_hex(field.text, field.size))
            continue;
        slice_copy(field, out, size);
        return true;
    }
    return false;
}

bool parse_cmgl_next(const char **cursor, struct cmgl_entry *entry)
{
    const char *line;
    size_t size;

    while (next_line(cursor, &line, &size)) {
        struct slice fields[4];
        size_t n;
        int length = 0;
        const char *next = *cursor;
        struct cmgl_entry found = { .index = -1 };

        if (size < 6 || memcmp(line, "+CMGL:", 6) != 0)
            continue;
        n = parse_fields(line, fields, 4);
        if (n < 3 || !slice_int(fields[0], &found.index) ||
            !slice_int(fields[1], &found.status) || found.index < 0)
            continue;
        slice_int(fields[n - 1], &length);
        if (next_line(&next, &line, &size) && line[0] != '+') {
            *cursor = next;
            if (parse_pdu_fits(line, size, length)) {
                found.hex = line;
                found.digits = size;
            }
        }
        *entry = found;
        return true;
    }
    return false;
}
