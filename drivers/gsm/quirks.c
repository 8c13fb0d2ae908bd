/* quirks.c - what some modems do otherwise.
 *
 * To add a modem, add a row; the first one that fits is used, so rows with a
 * model go before the row of their maker. What a modem says of itself in its
 * `=?` answers needs no row: init.c reads those.
 *
 * `cnma` is what decides on routed delivery. A text can take a minute to be
 * sent, and the network waits some ten seconds for an acknowledgement, so it
 * needs a modem that takes AT+CNMA meanwhile. CNMA_NONE also stands where
 * other projects (oFono, ModemManager, gammu) report that acknowledging fails.
 */
#include "gsm/quirks.h"

#include <stddef.h>
#include <string.h>

#include "gsm/parse.h"

#define SM (1u << MEMORY_SM)

static const struct gsm_quirk quirks[] = {
    /* Offers mode 2 and refuses it, too; the command stops the chatter. */
    { .name = "zte",
      .maker = "ZTE",
      .init = { "AT+ZOPRT=5" },
      .noise = "+Z",
      .cnmi_mode = 1,
      .cnma = CNMA_NONE },
    /* Offers mode 2 and refuses it; ^CURC stops the chatter. */
    { .name = "huawei",
      .maker = "huawei",
      .init = { "AT^CURC=0" },
      .noise = "^",
      .cnmi_mode = 1,
      .cnma = CNMA_NONE },
    { .name = "sim7600",
      .maker = "SIMCOM",
      .model = "SIM7",
      .noise = "+SPNWNAME|SMS DONE|PB DONE",
      .cnmi_mode = 2,
      .cnma = CNMA_NONE },
    { .name = "sim800",
      .maker = "SIMCOM",
      .noise = "*PSUTTZ|DST:|+CIEV|Call Ready",
      .cnmi_mode = 2,
      .cnma = CNMA_NONE },
    /* The GSM-only ones have no store for reports. */
    { .name = "m95",
      .maker = "Quectel",
      .model = "M95",
      .reports = REPORTS_ROUTED,
      .cnma = CNMA_NONE },
    { .name = "m35",
      .maker = "Quectel",
      .model = "M35",
      .reports = REPORTS_ROUTED,
      .cnma = CNMA_NONE },
    /* Stores reports in "SR", yet announces +CDSI: "SM",0. */
    { .name = "quectel",
      .maker = "Quectel",
      .noise = "+QIND|+QUSIM",
      .reports = REPORTS_ROUTED,
      .cnma = CNMA_NONE },
    { .name = "telit",
      .maker = "Telit",
      .init = { "AT#STIA=0" }, /* no SIM toolkit, no #STN */
      .noise = "#STN",
      .cnma = CNMA_ONE },
    { .name = "ublox", .maker = "u-blox", .noise = "+UU", .cnma = CNMA_ONE },
    { .name = "cinterion",
      .maker = "Cinterion",
      .noise = "^",
      .cnmi_bfr_one = true,
      .memories = SM,
      .cnma = CNMA_ONE },
    { .name = "siemens",
      .maker = "SIEMENS",
      .init = { "AT^SSMSS=1" },
      .noise = "^",
      .cnmi_mode = 3,
      .cnmi_bfr_one = true,
      .memories = SM,
      .cnma = CNMA_PLAIN },
    /* "BM" is for broadcasts. */
    { .name = "wavecom",
      .maker = "WAVECOM",
      .noise = "+WIND",
      .no_ok = "AT+CPIN?",
      .memories = SM,
      .cnma = CNMA_PLAIN },
    { .name = "novatel",
      .maker = "Novatel",
      .cnmi_mode = 1,
      .reports = REPORTS_ROUTED,
      .cnma = CNMA_NONE },
    /* Phones. The first one hides its SMS commands until it is told to be a
     * modem. */
    { .name = "motorola",
      .maker = "Motorola",
      .init = { "AT+MODE=2" },
      .noise = "+MBAN",
      .cnmi_mode = 3,
      .cnma = CNMA_NONE,
      .prompt_delay_ms = 80 },
    { .name = "nokia-s60",
      .maker = "Nokia",
      .model = "Nokia N",
      .cnma = CNMA_NONE,
      .send_only = true,
      .prompt_delay_ms = 100 },
    { .name = "nokia-e",
      .maker = "Nokia",
      .model = "Nokia E",
      .cnma = CNMA_NONE,
      .send_only = true,
      .prompt_delay_ms = 100 },
    /* Loses the first characters when the PDU follows the prompt at once, and
     * what comes in more than 18 at a time. */
    { .name = "nokia",
      .maker = "Nokia",
      .cnma = CNMA_NONE,
      .prompt_delay_ms = 100,
      .chunk = 16,
      .chunk_ms = 20 },
};

static const struct gsm_quirk none = { .name = "", .maker = "" };

const struct gsm_quirk *gsm_quirk_find(const char *maker, const char *model)
{
    for (size_t i = 0; i < sizeof(quirks) / sizeof(quirks[0]); i++)
        if (strcasestr(maker, quirks[i].maker) != NULL &&
            (quirks[i].model == NULL ||
             strcasestr(model, quirks[i].model) != NULL))
            return &quirks[i];
    return &none;
}

const struct gsm_quirk *gsm_quirk_row(unsigned i)
{
    return i < sizeof(quirks) / sizeof(quirks[0]) ? &quirks[i] : NULL;
}
