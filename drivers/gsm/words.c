/* words.c - flash texts get a mark, waiting voice mail and MMS are told. */
#include "gsm/words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "sms/mms.h"

static void write_text(const struct words *words, struct buf *out)
{
    bool empty = words->text[0] == '\0';

    if (words->first->class == 0)
        (void)buf_add_text(out, "[flash] ");
    if (words->first->return_call)
        (void)buf_add_text(out, empty ? "[Please call back]"
                                      : "[please call back] ");
    else if (empty)
        (void)buf_add_text(out, "[An empty message]");
    (void)buf_add_text(out, words->text);
}

static void new_line(struct buf *out)
{
    if (out->len > 0)
        (void)buf_add_char(out, '\n');
}

static void write_waiting(const struct words *words, struct buf *out)
{
    static const char *const names[PDU_WAITS] = {
        [PDU_VOICEMAIL] = "voicemail",
        [PDU_FAX] = "fax",
        [PDU_EMAIL] = "e-mail",
        [PDU_OTHER] = "message",
    };
    const struct pdu_waiting *waiting = &words->first->waiting;

    for (size_t i = 0; i < PDU_WAITS; i++) {
        if (!waiting->set[i])
            continue;
        new_line(out);
        if (waiting->count[i] == 0)
            (void)buf_addf(out, "No %s waiting any more", names[i]);
        else
            (void)buf_addf(out, "%c%s waiting", toupper(names[i][0]),
                           names[i] + 1);
        if (waiting->count[i] > 0)
            (void)buf_addf(out, " (%d)", waiting->count[i]);
    }
    if (words->text[0] != '\0') {
        new_line(out);
        (void)buf_add_text(out, words->text);
    }
}

static void write_size(uint32_t size, struct buf *out)
{
    if (size >= 1024 * 1024)
        (void)buf_addf(out, ", %.1f MB", size / (1024.0 * 1024.0));
    else
        (void)buf_addf(out, ", %u kB", (unsigned)((size + 1023) / 1024));
}

/* "2026-04-06 14:34 UTC" */
static void write_expiry(int64_t at_ms, struct buf *out)
{
    struct clock_text when = clock_iso(at_ms);

    (void)buf_addf(out, ", kept until %.10s %.5s UTC", when.text,
                   when.text + 11);
}

static void write_mms(const struct words *words, struct buf *out)
{
    const struct pdu_time *sent = &words->first->timestamp;
    struct mms_notice notice = { .size = 0 };

    (void)mms_notice_decode(words->data, words->size, &notice);
    (void)buf_add_text(out, "[An MMS waits at the operator");
    if (notice.from[0] != '\0')
        (void)buf_addf(out, ": from %s", notice.from);
    if (notice.subject[0] != '\0')
        (void)buf_addf(out, ", \"%s\"", notice.subject);
    if (notice.size > 0 && notice.size < UINT32_MAX)
        write_size(notice.size, out);
    if (notice.expires > 0)
        write_expiry(notice.expires * 1000, out);
    else if (notice.expires_in > 0 && sent->set)
        write_expiry(sent->unix_ms + (int64_t)notice.expires_in * 1000, out);
    (void)buf_add_text(out, "; it cannot be fetched here]");
}

/* Registered ports (WAP-259 B; Nokia Smart Messaging 3.0). */
static const struct {
    uint16_t port;
    const char *name;
    bool text; /* what follows can be read */
} ports[] = {
    { 226, "business card (vCard)", true },
    { 228, "calendar entry (vCalendar)", true },
    { 2805, "WAP call control message", false },
    { 2948, "WAP push message", false },
    { 2949, "WAP push message", false },
    { 5505, "ringtone", false },
    { 5506, "operator logo", false },
    { 5507, "group logo", false },
    { 5508, "picture", false },
    { 5514, "picture message", false },
    { 9200, "WAP message", false },
    { 9201, "WAP message", false },
    { 9204, "business card (vCard)", true },
    { 9205, "calendar entry (vCalendar)", true },
    { 9206, "business card (vCard)", false },
    { 9207, "calendar entry (vCalendar)", false },
    { 49999, "message with phone settings", false },
};

static bool is_plain(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] == 0x7F ||
            (data[i] < 0x20 && memchr("\t\r\n", data[i], 3) == NULL))
            return false;
    return size > 0 && utf8_valid((const char *)data, size);
}

static void write_data(const struct words *words, struct buf *out)
{
    uint16_t port = words->first->ports.destination;

    for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
        if (!words->first->ports.set || ports[i].port != port)
            continue;
        if (ports[i].text && is_plain(words->data, words->size)) {
            (void)buf_addf(out, "[A %s]\n", ports[i].name);
            (void)utf8_clean(out, (const char *)words->data, words->size);
        } else {
            (void)buf_addf(out, "[A %s that cannot be shown here]",
                           ports[i].name);
        }
        return;
    }
    if (words->first->ports.set)
        (void)buf_addf(out,
                       "[A data message for application port %u; it cannot be "
                       "shown here]",
                       (unsigned)port);
    else
        (void)buf_add_text(out, "[A data message that cannot be shown here]");
}

bool words_write(const struct words *words, struct buf *out)
{
    switch (words->first->purpose) {
    case PDU_TEXT:
        write_text(words, out);
        return false;
    case PDU_WAITING:
        write_waiting(words, out);
        return true;
    case PDU_MMS_NOTICE:
        write_mms(words, out);
        return true;
    case PDU_WAP_PUSH:
    case PDU_DATA:
        write_data(words, out);
        return true;
    case PDU_SILENT:
    case PDU_SIM_DATA:
        break;
    }
    return true;
}
