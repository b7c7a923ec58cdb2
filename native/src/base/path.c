/* Paths: made absolute, and matched by patterns. */
#include "path.h"
#include "text.h"

bool lt_path_absolute(char out[LT_PATH_MAX], const char *path) {
    size_t length = 0;
    out[0] = '\0';
    if (path[0] != '/') {
        const long got = lt_syscall(__NR_getcwd, out, LT_PATH_MAX);
        if (got <= 0 || got >= LT_PATH_MAX || out[0] != '/') return false;
        length = (size_t)got - 1;
        out[length++] = '/';
    }
    return lt_copy_text(out + length, LT_PATH_MAX - length, path);
}

bool lt_path_is_pattern(const char *path) {
    for (; *path != '\0'; path++) {
        if (*path == '*' || *path == '?' || *path == '[') return true;
    }
    return false;
}

/* The `]` of a set that begins at `[`; NULL when it has none. One right behind the beginning belongs to the set. */
static const char *set_end(const char *set) {
    const char *at = set + 1;
    if (*at == '!' || *at == '^') at++;
    if (*at == ']') at++;
    while (*at != '\0' && *at != '/' && *at != ']')
        at++;
    return *at == ']' ? at : NULL;
}

static bool is_in_set(const char *set, const char *end, char c) {
    const char *at = set + 1;
    const bool is_negated = *at == '!' || *at == '^';
    if (is_negated) at++;
    bool found = false;
    while (at < end) {
        const bool is_range = at + 2 < end && at[1] == '-';
        const unsigned char first = (unsigned char)at[0];
        const unsigned char last = (unsigned char)(is_range ? at[2] : at[0]);
        found = found || ((unsigned char)c >= first && (unsigned char)c <= last);
        at += is_range ? 3 : 1;
    }
    return found != is_negated;
}

/* Steps over the pattern of one character; NULL when it does not match `c`. */
static const char *match_one(const char *pattern, char c) {
    if (*pattern == '?') return c == '/' ? NULL : pattern + 1;
    const char *end = *pattern == '[' ? set_end(pattern) : NULL;
    if (end != NULL) return c != '/' && is_in_set(pattern, end, c) ? end + 1 : NULL;
    return *pattern == c ? pattern + 1 : NULL;
}

/* Where to go on when the rest does not match: one character, or one directory, more for the last star. */
struct retry {
    const char *pattern; /* behind the star; NULL: there was none */
    const char *path;
};

static bool try_star(struct retry *star, const char **pattern, const char **path) {
    if (star->pattern == NULL || *star->path == '/' || *star->path == '\0') return false;
    *pattern = star->pattern;
    *path = ++star->path;
    return true;
}

static bool try_directories(struct retry *stars, const char **pattern, const char **path) {
    if (stars->pattern == NULL) return false;
    while (*stars->path != '\0' && *stars->path != '/')
        stars->path++;
    if (*stars->path == '\0') return false;
    *pattern = stars->pattern;
    *path = ++stars->path;
    return true;
}

bool lt_path_matches(const char *pattern, const char *path) {
    struct retry star = {0};
    struct retry stars = {0};
    for (;;) {
        if (*pattern == '*') {
            const bool is_double = pattern[1] == '*';
            while (*pattern == '*')
                pattern++;
            if (is_double && *pattern == '\0') return true;
            star = (struct retry){.pattern = pattern, .path = path};
            if (is_double && *pattern == '/') {
                stars = (struct retry){.pattern = ++pattern, .path = path};
                star.pattern = NULL;
            }
            continue;
        }
        if (*path == '\0' && *pattern == '\0') return true;
        const char *behind = *path == '\0' ? NULL : match_one(pattern, *path);
        if (behind != NULL) {
            pattern = behind;
            path++;
            continue;
        }
        if (try_star(&star, &pattern, &path)) continue;
        star.pattern = NULL;
        if (!try_directories(&stars, &pattern, &path)) return false;
    }
}
