/* at_words.c - the words of modems: final results and unsolicited lines, as
 * tables. What only one family says is in its row of quirks.c. */
#include "gsm/at.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "gsm/fields.h"

struct final_row {
    const char *text;
    enum at_code code;
};

static const struct final_row finals[] = {
    { "OK", AT_OK },
    { "ERROR", AT_ERROR },
    { "COMMAND NOT SUPPORT", AT_ERROR }, /* Huawei */
    { "TOO MANY PARAMETERS", AT_ERROR },
    { "NA", AT_ERROR },
    { "NO CARRIER", AT_CALL },
    { "BUSY", AT_CALL },
    { "NO ANSWER", AT_CALL },
    { "NO DIALTONE", AT_CALL },
    { "CONNECT", AT_CALL },
};

struct urc_row {
    const char *text;
    enum at_urc urc;
    bool exact; /* the whole line, not its beginning */
};

/* What means something, and the noise that commands without a prefix
 * (AT+CGMI) must not take for their answer. */
static const struct urc_row urcs[] = {
    { "+CMTI:", AT_URC_STORED, false },
    { "+CDSI:", AT_URC_STORED, false },
    { "+CMT:", AT_URC_MESSAGE, false },
    { "+CDS:", AT_URC_REPORT, false },
    { "+CBM:", AT_URC_BROADCAST, false },
    { "^SMMEMFULL", AT_URC_FULL, false },
    { "+CREG:", AT_URC_NETWORK, false },
    { "+CEREG:", AT_URC_NETWORK, false },
    { "RDY", AT_URC_BOOT, true },
    { "^SYSSTART", AT_URC_BOOT, false },
    { "+CFUN: 1", AT_URC_BOOT, true },
    { "START", AT_URC_BOOT, true }, /* SIM5320, SIM7600 */
    { "^SHUTDOWN", AT_URC_BOOT, true },
    { "NORMAL POWER DOWN", AT_URC_BOOT, true },
    { "POWER DOWN", AT_URC_BOOT, true },
    { "UNDER-VOLTAGE POWER DOWN", AT_URC_BOOT, true },
    { "UNDER_VOLTAGE POWER DOWN", AT_URC_BOOT, true },
    { "OVER-VOLTAGE POWER DOWN", AT_URC_BOOT, true },
    { "OVER_VOLTAGE POWER DOWN", AT_URC_BOOT, true },
    { "+CPIN:", AT_URC_SET_UP, false },
    { "SMS Ready", AT_URC_SET_UP, true },
    { "SMS DONE", AT_URC_SET_UP, true },
    { "+QIND: SMS DONE", AT_URC_SET_UP, true },
    { "PB DONE", AT_URC_SUSPECT, true },
    /* Huawei sticks repeat ^BOOT every few seconds although nothing
     * happened, so it is only a reason to look. */
    { "^BOOT", AT_URC_SUSPECT, false },
    { "Call Ready", AT_URC_SUSPECT, true },
    { "UNDER-VOLTAGE", AT_URC_NOISE, false },
    { "UNDER_VOLTAGE", AT_URC_NOISE, false },
    { "OVER-VOLTAGE", AT_URC_NOISE, false },
    { "OVER_VOLTAGE", AT_URC_NOISE, false },
    { "RING", AT_URC_CALL, true },
    { "WARNNING", AT_URC_NOISE, false },
    { "^", AT_URC_NOISE, false },  /* Huawei, Cinterion */
    { "+Z", AT_URC_NOISE, false }, /* ZTE: +ZUSIMR, +ZPASR, +ZEND */
    { "#STN", AT_URC_NOISE, false },
    { "*RADIOPOWER", AT_URC_NOISE, false },
    { "+CGREG:", AT_URC_NOISE, false },
    { "+CIEV:", AT_URC_NOISE, false },
    { "+CIND:", AT_URC_NOISE, false },
    { "+CTZV:", AT_URC_NOISE, false },
    { "+CGEV:", AT_URC_NOISE, false },
    { "+CLIP:", AT_URC_CALL, false },
    { "+CRING:", AT_URC_CALL, false },
    { "+CUSD:", AT_URC_USSD, false },
    { "+WIND:", AT_URC_NOISE, false },
    { "+QIND:", AT_URC_NOISE, false },
    { "+QUSIM:", AT_URC_NOISE, false },
    { "+PSBEARER:", AT_URC_NOISE, false },
    { "+SPNWNAME:", AT_URC_NOISE, false },
};

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Errors of modems that speak in words whatever AT+CMEE says. 27.005 3.2.5,
 * 24.011 E-2, 27.007 9.2. */
static const struct {
    enum at_code code;
    int number;
    const char *text;
} spoken[] = {
    { AT_CMS, 1, "Unassigned (unallocated) number" },
    { AT_CMS, 8, "Operator determined barring" },
    { AT_CMS, 10, "Call barred" },
    { AT_CMS, 21, "Short message transfer rejected" },
    { AT_CMS, 27, "Destination out of service" },
    { AT_CMS, 28, "Unidentified subscriber" },
    { AT_CMS, 29, "Facility rejected" },
    { AT_CMS, 30, "Unknown subscriber" },
    { AT_CMS, 38, "Network out of order" },
    { AT_CMS, 41, "Temporary failure" },
    { AT_CMS, 42, "Congestion" },
    { AT_CMS, 47, "Resources unavailable, unspecified" },
    { AT_CMS, 50, "Requested facility not subscribed" },
    { AT_CMS, 69, "Requested facility not implemented" },
    { AT_CMS, 300, "ME failure" },
    { AT_CMS, 301, "SMS service of ME reserved" },
    { AT_CMS, 302, "Operation not allowed" },
    { AT_CMS, 303, "Operation not supported" },
    { AT_CMS, 304, "Invalid PDU mode parameter" },
    { AT_CMS, 305, "Invalid text mode parameter" },
    { AT_CMS, 310, "SIM not inserted" },
    { AT_CMS, 311, "SIM PIN required" },
    { AT_CMS, 312, "PH-SIM PIN required" },
    { AT_CMS, 313, "SIM failure" },
    { AT_CMS, 314, "SIM busy" },
    { AT_CMS, 315, "SIM wrong" },
    { AT_CMS, 316, "SIM PUK required" },
    { AT_CMS, 320, "Memory failure" },
    { AT_CMS, 321, "Invalid memory index" },
    { AT_CMS, 322, "Memory full" },
    { AT_CMS, 330, "SMSC address unknown" },
    { AT_CMS, 331, "No network service" },
    { AT_CMS, 332, "Network timeout" },
    { AT_CMS, 340, "No +CNMA acknowledgement expected" },
    { AT_CMS, 500, "Unknown error" },
    { AT_CMS, 515, "Please wait, service initialization in progress" },
    { AT_CME, 3, "Operation not allowed" },
    { AT_CME, 4, "Operation not supported" },
    { AT_CME, 10, "SIM not inserted" },
    { AT_CME, 11, "SIM PIN required" },
    { AT_CME, 12, "SIM PUK required" },
    { AT_CME, 13, "SIM failure" },
    { AT_CME, 14, "SIM busy" },
    { AT_CME, 15, "SIM wrong" },
    { AT_CME, 16, "Incorrect password" },
    { AT_CME, 17, "SIM PIN2 required" },
    { AT_CME, 18, "SIM PUK2 required" },
    { AT_CME, 20, "Memory full" },
    { AT_CME, 30, "No network service" },
    { AT_CME, 100, "Unknown" },
    { AT_CME, 515, "Please wait, init or command processing in progress" },
};

static int spoken_number(enum at_code code, struct slice text)
{
    for (size_t i = 0; i < sizeof(spoken) / sizeof(spoken[0]); i++)
        if (spoken[i].code == code && strlen(spoken[i].text) == text.size &&
            strncasecmp(spoken[i].text, text.text, text.size) == 0)
            return spoken[i].number;
    return -1;
}

/* "+CMS ERROR: 38", "+CME ERROR: SIM busy"; without anything behind the colon
 * the line is broken and no result. */
static bool error_parse(const char *line, const char *prefix, enum at_code code,
                        struct at_final *final)
{
    struct slice value;
    char next;

    if (!starts_with(line, prefix))
        return false;
    next = line[strlen(prefix)];
    if (next != ' ' && !parse_is_digit(next))
        return false;
    final->code = code;
    value = slice_trim(slice_values(line, strlen(line)));
    if (!slice_int(value, &final->number))
        final->number = spoken_number(code, value);
    return true;
}

static bool word_parse(const char *line, struct at_final *final)
{
    struct slice word =
        slice_trim((struct slice){ .text = line, .size = strlen(line) });

    for (size_t i = 0; i < sizeof(finals) / sizeof(finals[0]); i++) {
        if (slice_is(word, finals[i].text)) {
            final->code = finals[i].code;
            return true;
        }
    }
    return false;
}

bool at_final_parse(const char *line, struct at_final *final)
{
    struct at_final found = { .number = -1 };

    if (!word_parse(line, &found) &&
        !error_parse(line, "+CMS ERROR:", AT_CMS, &found) &&
        !error_parse(line, "+CME ERROR:", AT_CME, &found)) {
        /* Motorola EZX */
        if (!error_parse(line, "MODEM ERROR:", AT_ERROR, &found) ||
            found.number < 0)
            return false;
    }
    text_copy(found.text, sizeof(found.text), line);
    *final = found;
    return true;
}

enum at_urc at_urc_parse(const char *line)
{
    for (size_t i = 0; i < sizeof(urcs) / sizeof(urcs[0]); i++)
        if (urcs[i].exact ? strcmp(line, urcs[i].text) == 0
                          : starts_with(line, urcs[i].text))
            return urcs[i].urc;
    return AT_URC_UNKNOWN;
}
