/* call.c - voice calls. Nobody can talk here, but whoever was called ought to
 * know: one message for each call, in the caller's conversation.
 *
 * The number comes in +CLIP after the first RING; when it does not, the caller
 * is nobody. A modem rings every few seconds and some never say that the
 * caller gave up, so a call is over when it has been quiet for a while. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "gsm/charset.h"
#include "gsm/errand.h"
#include "gsm/gsm.h"

enum { CLIP_MS = 2500, QUIET_MS = 10000 };

enum calls { CALLS_TELL, CALLS_HANG_UP, CALLS_IGNORE };

static enum calls wanted(const struct gsm *g)
{
    return (enum calls)settings_enum(line_options(g->line), "calls");
}

bool gsm_tells_calls(const struct gsm *g)
{
    return wanted(g) != CALLS_IGNORE;
}

static void tell(struct gsm *g, const char *number)
{
    int64_t now = clock_wall_ms();
    int64_t minutes = now / 60000 + clock_zone_min(now);
    char text[32];
    struct incoming message = {
        .kind = KIND_NOTICE,
        .chat = number[0] != '\0' ? number : "name:anonymous",
        .text = text,
        .at = now,
    };

    snprintf(text, sizeof(text), "called at %02d:%02d",
             (int)(minutes / 60 % 24), (int)(minutes % 60));
    g->errands.ringing.told = true;
    if (!gsm_errand_is_allowed(g))
        return;
    log_info("line %s: a call from %s", line_name(g->line),
             number[0] != '\0' ? log_number(number).text : "nobody");
    line_received(g->line, &message, 1, 0);
    if (wanted(g) == CALLS_HANG_UP) {
        g->errands.ringing.refuse = true;
        gsm_want_errand(g, ERRAND_HANG_UP);
    }
}

static void end(struct gsm *g)
{
    struct gsm_ringing *r = &g->errands.ringing;

    timer_stop(r->timer);
    if (r->now && !r->told)
        tell(g, "");
    r->now = r->told = r->refuse = false;
}

void gsm_on_ringing_timer(void *arg)
{
    struct gsm *g = arg;
    struct gsm_ringing *r = &g->errands.ringing;

    if (!r->told) {
        tell(g, "");
        timer_start(r->timer, QUIET_MS);
    } else {
        end(g);
    }
}

static void on_ring(struct gsm *g)
{
    struct gsm_ringing *r = &g->errands.ringing;

    if (!r->now)
        timer_start(r->timer, CLIP_MS);
    else if (r->told)
        timer_start(r->timer, QUIET_MS);
    r->now = true;
    if (r->refuse) /* it rings on */
        gsm_want_errand(g, ERRAND_HANG_UP);
}

/* +CLIP: "+447700900123",145,... Withheld numbers are empty. */
static void on_clip(struct gsm *g, const char *line)
{
    struct gsm_ringing *r = &g->errands.ringing;
    struct slice fields[2];
    char number[32] = "";
    int type = 0;
    size_t n = parse_fields(line, fields, 2);

    on_ring(g);
    if (r->told)
        return;
    if (n > 1)
        (void)slice_int(fields[1], &type);
    if (n > 0)
        charset_number(fields[0], type, number);
    tell(g, number);
    timer_start(r->timer, QUIET_MS);
}

/* A modem that is not set up yet may lack the number: later rings come. */
void gsm_on_call(struct gsm *g, const char *line)
{
    if (!g->online || !gsm_tells_calls(g))
        return;
    if (strncmp(line, "RING", 4) == 0 || strncmp(line, "+CRING:", 7) == 0)
        on_ring(g);
    else if (strncmp(line, "+CLIP:", 6) == 0)
        on_clip(g, line);
    else
        end(g); /* NO CARRIER */
}

/* --- the script ----------------------------------------------------------- */

static bool build_chup(struct gsm *g, char *out)
{
    text_copy(out, AT_COMMAND_MAX + 1, "AT+CHUP");
    g->errands.ringing.chup = false;
    return g->errands.ringing.refuse;
}

static enum gsm_verdict on_chup(struct gsm *g, const struct at_event *event)
{
    g->errands.ringing.chup = event->final->code == AT_OK;
    return STEP_NEXT;
}

/* ATH is for data calls only at some makes. */
static bool build_ath(struct gsm *g, char *out)
{
    text_copy(out, AT_COMMAND_MAX + 1, "ATH");
    return g->errands.ringing.refuse && !g->errands.ringing.chup;
}

static const struct gsm_step steps[] = {
    { .build = build_chup, .timeout_s = 10, .parse = on_chup },
    { .build = build_ath, .timeout_s = 10 },
};

const struct gsm_script gsm_hang_up_script = {
    .steps = steps,
    .n = 2,
    .done = gsm_errand_over,
};
