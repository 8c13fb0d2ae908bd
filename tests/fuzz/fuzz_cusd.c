/* fuzz_cusd.c - any line as a +CUSD, any text as a code, a name, a number. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "gsm/card.h"
#include "gsm/charset.h"
#include "gsm/cusd.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool fact)
{
    if (!fact)
        abort();
}

static void check_text(const char *text, size_t size)
{
    for (size_t pos = 0; pos < size;)
        check(utf8_is_xml(utf8_next(text, size, &pos)));
    check(utf8_valid(text, size));
}

static void check_line(const char *line)
{
    struct cusd cusd;

    (void)cusd_is_open(line);
    if (cusd_parse(line, &cusd))
        check_text(cusd.text, strlen(cusd.text));
}

/* What we write we can read. */
static void check_code(const char *code)
{
    char command[129], line[160];
    struct cusd cusd;
    struct err err;

    if (!cusd_command(code, CUSD_PACKED, command, sizeof(command), &err))
        return;
    check(strlen(command) < sizeof(command));
    check(!cusd_command(code, CUSD_PLAIN, line, sizeof(line), &err) ||
          strpbrk(line, "\r\n") == NULL);
    text_copy(line, sizeof(line), "+CUSD: 0");
    text_copy(line + strlen(line), sizeof(line) - strlen(line), command + 9);
    check(cusd_parse(line, &cusd));
}

static void check_card(const char *text)
{
    struct card_entry entry;
    const char *cursor = text;
    int first, last;
    char number[32];

    while (card_entry_next(&cursor, true, &entry))
        check_text(entry.name, strlen(entry.name));
    if (card_range(text, &first, &last))
        check(first <= last);
    (void)card_own_number(text, number);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *text = xstrndup((const char *)bytes, size);

    check_line(text);
    if (utf8_valid(text, strlen(text)))
        check_code(text);
    check_card(text);
    free(text);
    return 0;
}
