/* quirks.c - what some modems do otherwise.
 *
 * To add a modem, add a row; the first one that fits is used, so rows with a
 * model go before the row of their maker. What a modem says of itself in its
 * `=?` answers needs no row: init.c reads those. */
#include "gsm/quirks.h"

#include <stddef.h>
#include <string.h>

static const struct gsm_quirk quirks[] = {
    /* Stores reports in "SR", yet announces +CDSI: "SM",0. */
    { .maker = "Quectel", .model = "", .no_stored_reports = true },
    /* Offers mode 2 and refuses it; ^CURC stops the chatter. */
    { .maker = "huawei", .model = "", .cnmi_mode = 1, .init = "AT^CURC=0" },
    { .maker = "ZTE", .model = "", .cnmi_mode = 1 },
    { .maker = "SIMCOM", .model = "", .cnmi_mode = 2 },
    { .maker = "Novatel",
      .model = "",
      .cnmi_mode = 1,
      .no_stored_reports = true },
    /* Loses the first characters when the PDU follows the prompt at once. */
    { .maker = "Nokia", .model = "", .prompt_delay_ms = 100 },
    { .maker = "Motorola",
      .model = "",
      .prompt_delay_ms = 50,
      .init = "AT+MODE=2" },
};

static const struct gsm_quirk none = { .maker = "", .model = "" };

const struct gsm_quirk *gsm_quirk_find(const char *maker, const char *model)
{
    for (size_t i = 0; i < sizeof(quirks) / sizeof(quirks[0]); i++)
        if (strcasestr(maker, quirks[i].maker) != NULL &&
            strcasestr(model, quirks[i].model) != NULL)
            return &quirks[i];
    return &none;
}
