/* fuzz_telegram_update.c - anything as an answer of the Bot API, and each of
 * its results as an update. Texts that come out are valid UTF-8. */
#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "telegram/api.h"
#include "telegram/update.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool fact)
{
    if (!fact)
        abort();
}

static void check_text(const char *text)
{
    check(!text || utf8_valid(text, strlen(text)));
}

static void check_update(struct json_object *json)
{
    struct update update;
    int64_t chat, message;

    if (!update_read(json, 42, &update))
        return;
    if (update.what == UPDATE_MESSAGE) {
        check(update.chat != 0 && update.text && update.remote_id);
        check(!update.target_id ||
              remote_id_read(update.target_id, &chat, &message));
    }
    check_text(update.text);
    check_text(update.name);
    check_text(update.start);
    check_text(update.file_name);
    check(!update.file_id || update.file_id[0]);
    update_free(&update);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct api_answer answer;
    struct json_object *root;
    size_t n;

    api_read(size % 2 ? 200 : 400, (const char *)bytes, size, true, true,
             &answer, &root);
    check(answer.end == API_DONE || answer.err.text[0]);
    n = json_object_is_type(answer.result, json_type_array)
            ? json_object_array_length(answer.result)
            : 0;
    for (size_t i = 0; i < n; i++)
        check_update(json_object_array_get_idx(answer.result, i));
    check_update(root);
    json_object_put(root);
    return 0;
}
