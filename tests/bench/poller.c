/* poller.c - N long polls at a time by the toolkit's HTTP, for memory and CPU
 * of an idle gateway whose users have bots of their own.
 *
 * usage: poller PORT N; prints "polling" when all are under way */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "toolkit/http.h"
#include "toolkit/loop.h"

enum { POLL_MS = 65000 };

static struct owner owner;

struct poll {
    char url[80];
};

static void poll_start(struct poll *poll);

static void on_done(void *arg, const struct http_answer *answer,
                    const struct err *err)
{
    if (err || answer->status != 200) {
        fprintf(stderr, "poller: %s\n", err ? err->text : answer->body);
        exit(1);
    }
    poll_start(arg);
}

static void poll_start(struct poll *poll)
{
    const struct http_request request = {
        .url = poll->url,
        .total_ms = POLL_MS,
        .repeatable = true,
    };
    struct err err;

    if (!http_send(&owner, &request, on_done, poll, &err)) {
        fprintf(stderr, "poller: %s\n", err.text);
        exit(1);
    }
}

static void allow_files(void)
{
    struct rlimit files;

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    struct loop *loop = loop_new();
    int n = atoi(argv[2]);

    allow_files();
    owner_init(&owner, loop);
    for (int i = 0; i < n; i++) {
        struct poll *poll = xcalloc(1, sizeof(*poll));

        snprintf(poll->url, sizeof(poll->url),
                 "http://127.0.0.1:%s/bot%d/getUpdates", argv[1], i);
        poll_start(poll);
    }
    printf("polling\n");
    fflush(stdout);
    loop_run(loop);
    return 0;
}
