/* The tapped log files: found by the paths and patterns of LLT_TAP_FILE, known by number and by name. */
#ifndef LT_TAP_FILE_H
#define LT_TAP_FILE_H

#include "sys.h"

/* More names than this in one process share the name of the pattern that they match. */
enum { LT_TAP_FILES_MAX = 4096 };

/*
 * The stream id of an open regular file, 0 when it is not tapped. A path of LLT_TAP_FILE is compared by what it refers
 * to now, a pattern by the name that the file has now and, if that does not match, by the one it was opened under (may
 * be NULL).
 */
unsigned lt_tap_file_find(int fd, const struct stat *file, const char *opened_as);

/* Whether a path is the name of a tapped log. `file` is the file that it leads to. */
bool lt_tap_file_is_named(const char *path, const struct stat *file);

/* The name under which a stream is announced. */
const char *lt_tap_file_path(unsigned stream);

#endif
