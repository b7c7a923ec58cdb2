/* The tapped log files. */
#include "tap_file.h"
#include "config.h"
#include "contract.h"
#include "file_identity.h"
#include "path.h"
#include "text.h"

enum { NAMES_BYTES = 1 << 20, DIGITS_MAX = 21 };

/* Names by number, filled from the first on and never changed: threads, signal handlers and children read and add
 * without a lock. */
static LT_LARGE const char *names[LT_TAP_FILES_MAX];

/* Where names lie: one map, used from its beginning on. */
static struct {
    char *start;
    size_t used;
} memory;

const char *lt_tap_file_path(unsigned stream) {
    return __atomic_load_n(&names[stream - LT_FIRST_FILE_STREAM], __ATOMIC_ACQUIRE);
}

/* A copy that stays; NULL when there is no room. */
static char *keep(const char *text) {
    const size_t size = lt_length(text) + 1;
    char *start = __atomic_load_n(&memory.start, __ATOMIC_ACQUIRE);
    if (start == NULL) {
        char *mapped = lt_sys_map(NAMES_BYTES);
        if (mapped == NULL) return NULL;
        if (__atomic_compare_exchange_n(&memory.start, &start, mapped, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            start = mapped;
        } else {
            lt_sys_unmap(mapped, NAMES_BYTES);
        }
    }
    const size_t at = __atomic_fetch_add(&memory.used, size, __ATOMIC_RELAXED);
    if (at > NAMES_BYTES - size) return NULL;
    lt_copy(start + at, text, size);
    return start + at;
}

/* The number of a name; that of `entry`, of which a copy stays, when there are too many. */
static unsigned number_of(const char *name, const char *entry) {
    const char *kept = NULL;
    for (unsigned i = 0; i < LT_TAP_FILES_MAX; i++) {
        const char *known = __atomic_load_n(&names[i], __ATOMIC_ACQUIRE);
        if (known == NULL) {
            if (i == LT_TAP_FILES_MAX - 1) name = entry;
            if (kept == NULL) kept = name == entry ? entry : keep(name);
            if (kept == NULL) kept = name = entry;
            const bool is_added =
                __atomic_compare_exchange_n(&names[i], &known, kept, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
            if (is_added) return LT_FIRST_FILE_STREAM + i;
        }
        if (lt_equal(known, name)) return LT_FIRST_FILE_STREAM + i;
    }
    return LT_FIRST_FILE_STREAM + LT_TAP_FILES_MAX - 1;
}

static size_t length_to_slash_before(const char *path, size_t from) {
    while (from > 0 && path[from - 1] != '/')
        from--;
    return from;
}

/* How much of a pattern names one directory, its last slash included. */
static size_t fixed_length(const char *pattern) {
    size_t length = 0;
    while (pattern[length] != '\0' && pattern[length] != '*' && pattern[length] != '?' && pattern[length] != '[')
        length++;
    return length_to_slash_before(pattern, length);
}

/* The directory in which a path lies, its slash included, with links resolved. */
static struct lt_file_identity directory_identity(char *path, size_t length) {
    const char cut = path[length];
    path[length] = '\0';
    const struct lt_file_identity identity = lt_identity_of_path(path);
    path[length] = cut;
    return identity;
}

/* A pattern's directory may be reached by links, and a file has the name without them: directories are compared by
 * what they are, only the rest by name. Puts the name as the pattern begins it into `name`. */
static bool matches(const char *pattern, char *path, char name[LT_PATH_MAX]) {
    const size_t fixed = fixed_length(pattern);
    if (fixed == 0 || !lt_copy_text(name, LT_PATH_MAX, pattern)) return false;
    const struct lt_file_identity wanted = directory_identity(name, fixed);
    for (size_t at = length_to_slash_before(path, lt_length(path)); at > 0; at = length_to_slash_before(path, at - 1)) {
        if (lt_path_matches(pattern + fixed, path + at) && lt_is_same_file(directory_identity(path, at), wanted)) {
            return lt_copy_text(name + fixed, LT_PATH_MAX - fixed, path + at);
        }
    }
    return false;
}

/* The name that an open file has now; false where /proc does not tell. */
static bool read_name(int fd, const struct stat *file, char out[LT_PATH_MAX]) {
    static const char directory[] = "/proc/self/fd/";
    static const char deleted[] = " (deleted)";
    char link[sizeof directory + DIGITS_MAX];
    lt_copy(link, directory, sizeof directory - 1);
    (void)lt_format_decimal(link + sizeof directory - 1, (uint64_t)fd);
    const long got = lt_syscall(__NR_readlinkat, AT_FDCWD, link, out, LT_PATH_MAX - 1);
    if (got <= 0 || out[0] != '/') return false;
    size_t length = (size_t)got;
    if (file->st_nlink == 0 && length > sizeof deleted - 1) length -= sizeof deleted - 1;
    out[length] = '\0';
    return true;
}

struct workspace {
    char path[LT_PATH_MAX];
    char name[LT_PATH_MAX];
};

static unsigned find_by_pattern(char *path, char name[LT_PATH_MAX]) {
    for (const char *entry = lt_config.tap_files; *entry != '\0'; entry += lt_length(entry) + 1) {
        if (lt_path_is_pattern(entry) && matches(entry, path, name)) return number_of(name, entry);
    }
    return 0;
}

/* The number of the path that refers to the file, 0 when there is none. */
static unsigned find_by_path(const struct stat *file, bool *has_pattern) {
    for (const char *entry = lt_config.tap_files; *entry != '\0'; entry += lt_length(entry) + 1) {
        *has_pattern = *has_pattern || lt_path_is_pattern(entry);
        if (lt_is_same_file(lt_identity_of(file), lt_identity_of_path(entry))) return number_of(entry, entry);
    }
    return 0;
}

static unsigned find_by_name(struct workspace *space, const char *path) {
    return lt_path_absolute(space->path, path) ? find_by_pattern(space->path, space->name) : 0;
}

unsigned lt_tap_file_find(int fd, const struct stat *file, const char *opened_as) {
    if (lt_config.tap_files == NULL || !S_ISREG(file->st_mode)) return 0;
    bool has_pattern = false;
    unsigned stream = find_by_path(file, &has_pattern);
    if (stream != 0) return stream;
    /* Not on the stack: the application may be in a signal handler with a few KiB. */
    struct workspace *space = has_pattern ? lt_sys_map(sizeof *space) : NULL;
    if (space == NULL) return 0;
    if (read_name(fd, file, space->path)) stream = find_by_pattern(space->path, space->name);
    if (stream == 0 && opened_as != NULL) stream = find_by_name(space, opened_as);
    lt_sys_unmap(space, sizeof *space);
    return stream;
}

bool lt_tap_file_is_named(const char *path, const struct stat *file) {
    bool has_pattern = false;
    if (find_by_path(file, &has_pattern) != 0) return true;
    struct workspace *space = has_pattern ? lt_sys_map(sizeof *space) : NULL;
    if (space == NULL) return false;
    const bool is_named = find_by_name(space, path) != 0;
    lt_sys_unmap(space, sizeof *space);
    return is_named;
}
