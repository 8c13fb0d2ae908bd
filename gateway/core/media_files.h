/* media_files.h - media that hook_listen serves: a folder of files under names
 * that nobody can guess, each for a limited time. */
#ifndef MOONGATE_CORE_MEDIA_FILES_H
#define MOONGATE_CORE_MEDIA_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct media_files;
struct owner;

struct media_files_options {
    const char *dir; /* made when it is not there */
    int64_t keep_ms; /* then a file is deleted */
    int64_t most;    /* bytes of all files together */
};

/* Empties the folder of what an earlier life left half done. */
struct media_files *media_files_new(const struct media_files_options *options,
                                    struct err *err);
void media_files_free(struct media_files *files); /* NULL is fine */

/* Serves the folder at the loop's listener with hooks: /media/ID/NAME. */
bool media_files_serve(struct media_files *files, struct owner *owner,
                       struct err *err);
bool media_files_are_served(const struct media_files *files);

/* A path for a file that is being fetched; heap. */
char *media_files_draft(const struct media_files *files);

/* Moves a draft under `name` (media_type.h) and returns its URL, heap; NULL:
 * err (ERR_FULL when the folder has no room). The draft stays then. */
char *media_files_publish(struct media_files *files, const char *draft,
                          const char *name, struct err *err);

/* Deletes what is older than it may be by `now`, Unix ms. */
void media_files_sweep(struct media_files *files, int64_t now);

#endif
