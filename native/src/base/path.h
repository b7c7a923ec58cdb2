/* Paths: made absolute, and matched by patterns. */
#ifndef LT_PATH_H
#define LT_PATH_H

#include "sys.h"

enum { LT_PATH_MAX = 4096 };

/* Puts the current directory before a path that needs it; programs change theirs. False when it becomes too long. */
bool lt_path_absolute(char out[LT_PATH_MAX], const char *path);

bool lt_path_is_pattern(const char *path);

/* `*` and `?` match characters of one name, `[a-z]` and `[!a-z]` for one of a set, `**` for any directories or
 * none.
 */
bool lt_path_matches(const char *pattern, const char *path);

#endif
