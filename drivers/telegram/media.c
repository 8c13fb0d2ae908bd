/* media.c - see media.h. What comes in is kept as its file_id; the path where
 * it can be had is good for an hour only, and asked for when it is wanted. */
#include "telegram/media.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "telegram/api.h"
#include "telegram/telegram.h"

/* The most that a bot is given. */
static const int64_t SIZE_MAX_IN = 20 * 1024 * 1024;

/* --- in ------------------------------------------------------------------ */

/* What a kind is when it does not say so itself; in the order in which they are
 * looked for: an animation is a document, too. */
static const struct source {
    const char *key, *type, *name;
} sources[] = {
    { "animation", "video/mp4", "animation.mp4" },
    { "sticker", "image/webp", "sticker.webp" },
    { "voice", "audio/ogg", "voice.ogg" },
    { "video_note", "video/mp4", "video.mp4" },
    { "video", "video/mp4", "video.mp4" },
    { "audio", "audio/mpeg", "audio.mp3" },
    { "document", NULL, "file" },
};

static bool read_file(struct json_object *thing, const struct source *source,
                      struct media_file *file)
{
    const char *type = api_text(thing, "mime_type");
    const char *name = api_text(thing, "file_name");

    *file = (struct media_file){
        .id = api_text(thing, "file_id"),
        .type = type ? type : source->type,
        .name = name && *name ? name : source->name,
        .size = api_int(thing, "file_size"),
    };
    return file->id && *file->id && file->size >= 0 &&
           file->size <= SIZE_MAX_IN &&
           strlen(file->id) < ATTACHMENT_SOURCE_MAX;
}

/* The biggest that a bot may have. */
static bool read_photo(struct json_object *sizes, struct media_file *file)
{
    static const struct source source = { "photo", "image/jpeg", "photo.jpg" };
    size_t n = json_object_is_type(sizes, json_type_array)
                   ? json_object_array_length(sizes)
                   : 0;

    while (n-- > 0)
        if (read_file(json_object_array_get_idx(sizes, n), &source, file))
            return true;
    return false;
}

bool media_file(struct json_object *message, struct media_file *file)
{
    struct json_object *thing = api_get(message, "photo");

    if (thing)
        return read_photo(thing, file);
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        thing = api_get(message, sources[i].key);
        if (!thing)
            continue;
        if (!read_file(thing, &sources[i], file))
            return false;
        if (api_bool(thing, "is_video"))
            *file = (struct media_file){ file->id, "video/webm", "sticker.webm",
                                         file->size };
        return !api_bool(thing, "is_animated"); /* nothing else shows those */
    }
    return false;
}

/* A path of the service's own, which goes into a URL. */
static bool is_path(const char *path)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";

    return path && *path && *path != '/' && !strstr(path, "..") &&
           path[strspn(path, letters)] == '\0';
}

static void on_file(struct telegram *t, void *arg,
                    const struct api_answer *answer)
{
    uint64_t call = (uint64_t)(uintptr_t)arg;
    const char *path = api_text(answer->result, "file_path");
    struct http_request request = { .profile = HTTP_API, .repeatable = true };
    struct err err = answer->err;
    char *url;

    if (answer->end != API_DONE || !is_path(path)) {
        if (answer->end == API_DONE)
            err_set(&err, ERR_REJECTED, "Telegram does not say where it is");
        line_located(t->line, call, NULL, &err);
        return;
    }
    url = xasprintf("%s/file/bot%s/%s", t->api, t->token, path);
    request.url = url;
    line_located(t->line, call, &request, NULL);
    free(url);
}

bool telegram_locate(struct line *line, const char *source, uint64_t call,
                     struct err *err)
{
    struct telegram *t = line_state(line);
    struct json_object *params = json_object_new_object();

    json_object_object_add(params, "file_id", json_object_new_string(source));
    return api_call(t, "getFile", params, true, 0, on_file,
                    (void *)(uintptr_t)call, err);
}

/* --- out ----------------------------------------------------------------- */

enum { PHOTO, ANIMATION, VIDEO, AUDIO, VOICE, DOCUMENT };

static const struct media_way ways[] = {
    [PHOTO] = { "sendPhoto", "photo" },
    [ANIMATION] = { "sendAnimation", "animation" },
    [VIDEO] = { "sendVideo", "video" },
    [AUDIO] = { "sendAudio", "audio" },
    [VOICE] = { "sendVoice", "voice" },
    [DOCUMENT] = { "sendDocument", "document" },
};

/* By URL it takes no others. */
static const struct {
    const char *ending;
    int way;
} endings[] = {
    { ".jpg", PHOTO },    { ".jpeg", PHOTO }, { ".png", PHOTO },
    { ".webp", PHOTO },   { ".mp4", VIDEO },  { ".gif", ANIMATION },
    { ".mp3", AUDIO },    { ".m4a", AUDIO },  { ".ogg", VOICE },
    { ".oga", VOICE },    { ".opus", VOICE }, { ".pdf", DOCUMENT },
    { ".zip", DOCUMENT },
};

const struct media_way *media_way(const char *url)
{
    size_t size = strcspn(url, "?#");

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t n = strlen(endings[i].ending);

        if (size > n && strncasecmp(url + size - n, endings[i].ending, n) == 0)
            return &ways[endings[i].way];
    }
    return NULL;
}

const struct media_way *media_way_named(const char *method)
{
    for (size_t i = 0; method && i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (strcmp(ways[i].method, method) == 0)
            return &ways[i];
    }
    return NULL;
}
