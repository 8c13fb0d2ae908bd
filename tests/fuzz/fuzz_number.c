/* fuzz_number.c - anything typed as a phone number. The first octet chooses
 * the plan. What is accepted is canonical, and stays what it is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "sms/pdu.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct number_plan plans[] = {
    { "44", "0", "00" }, { "1", "1", "011" }, { "39", "", "00" },
    { "7", "8", "810" }, { "", "", "" },
};

static void check(bool fact)
{
    if (!fact)
        abort();
}

static void check_accepted(const char *number)
{
    char again[NUMBER_MAX], dial[NUMBER_MAX];
    struct pdu pdu;

    check(number_is_canonical(number));
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        check(number_canonical(&plans[i], number, again, NULL));
        check(strcmp(again, number) == 0);
    }
    number_dial(number, dial, sizeof dial);
    check(pdu_init_submit(&pdu, dial, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char out[NUMBER_MAX];
    struct err err = { .kind = ERR_NONE };
    char *typed;

    if (size == 0)
        return 0;
    typed = xstrndup((const char *)bytes + 1, size - 1);
    if (number_canonical(&plans[bytes[0] % 5], typed, out, &err))
        check_accepted(out);
    else
        check(err.kind == ERR_BAD_ADDRESS && err.text[0] != '\0');
    check(!number_is_canonical(typed) ||
          number_canonical(&plans[0], typed, out, NULL));
    free(typed);
    return 0;
}
