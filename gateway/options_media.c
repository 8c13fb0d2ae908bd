/* options_media.c - the options of media that come in (core/media.h). */
#include "options_media.h"

const struct option media_options[] = {
    {
        .key = "ways",
        .type = OPT_LIST,
        .fallback = "upload",
        .help =
            "How users get them: upload (XEP-0363), files (of hook_listen); "
            "none: words only",
    },
    {
        .key = "max_size",
        .type = OPT_INT,
        .fallback = "20",
        .min = 1,
        .max = 1024,
        .help = "MiB of one medium; of a bigger one only words arrive",
    },
    {
        .key = "types",
        .type = OPT_LIST,
        .fallback = "any",
        .help =
            "What is passed on: image, audio, video, text/plain and the like, "
            "or any",
    },
    {
        .key = "wait",
        .type = OPT_INT,
        .fallback = "60",
        .min = 1,
        .max = 300,
        .help = "Seconds for which a text waits for its media; then words say "
                "what came",
    },
    {
        .key = "keep",
        .type = OPT_INT,
        .fallback = "168",
        .min = 1,
        .max = 8760,
        .help = "Hours for which files are served",
    },
    {
        .key = "space",
        .type = OPT_INT,
        .fallback = "1024",
        .min = 1,
        .max = 1048576,
        .help = "MiB of all files that are served",
    },
    {
        .key = "networks",
        .type = OPT_LIST,
        .help =
            "Private networks to fetch from, e.g. 10.0.0.0/8; default: none",
    },
    { 0 },
};
