/* The environment that a new program gets. */
#include "exec_environment.h"
#include "contract.h"
#include "readable.h"
#include "text.h"

#define PRELOAD "LD_PRELOAD="
#define SETTING "LLT_"

enum {
    SETTINGS_MAX = 64, /* as a set of them has bits */
    USUAL_BYTES = 1024,
    PAGE_MIN_BYTES = 4096,
    READ_OK = 4,
};

static const char disabled[] = LT_ENV_DISABLE "=true";

static struct {
    const char *library; /* as LD_PRELOAD named it; NULL: it was not LD_PRELOAD that loaded us */
    bool is_first;       /* there */
    unsigned count;
    const char *settings[SETTINGS_MAX]; /* NAME=VALUE */
} remembered;

static bool starts_with(const char *text, const char *start) {
    return lt_same(text, start, lt_length(start));
}

static bool is_separator(char c) {
    return c == ' ' || c == ':';
}

/* The library's entry in a list as LD_PRELOAD's, NULL when it has none. */
static const char *find_library(const char *list, size_t *length) {
    for (const char *at = list; *at != '\0';) {
        const char *name = at;
        const char *end = at;
        for (; *end != '\0' && !is_separator(*end); end++) {
            if (*end == '/') name = end + 1;
        }
        *length = (size_t)(end - at);
        if ((size_t)(end - name) == sizeof LT_LIBRARY_NAME - 1 && starts_with(name, LT_LIBRARY_NAME)) return at;
        at = *end == '\0' ? end : end + 1;
    }
    return NULL;
}

static char *append(char *to, const char *from, size_t length) {
    lt_copy(to, from, length);
    to[length] = '\0';
    return to + length;
}

/* Without a manifest's placeholder, children learn the container's streams from the process that took its own for them:
 * a pipe between two of them is not the container's output. */
static void remember_streams(const struct lt_environment *started_with, const char *streams) {
    static char setting[sizeof(LT_ENV_STDIO "=") + LT_STDIO_PLACEHOLDER_BYTES] = LT_ENV_STDIO "=";
    if (lt_environment_get(started_with, LT_ENV_STDIO) != NULL) return;
    (void)lt_copy_text(setting + sizeof LT_ENV_STDIO, LT_STDIO_PLACEHOLDER_BYTES + 1, streams);
    remembered.settings[remembered.count++] = setting;
}

void lt_exec_environment_remember(const struct lt_environment *started_with, const char *streams) {
    size_t library_length = 0;
    remember_streams(started_with, streams);
    const char *list = lt_environment_get(started_with, "LD_PRELOAD");
    const char *library = list == NULL ? NULL : find_library(list, &library_length);
    size_t size = library_length + 1;
    for (size_t at = 0; at < started_with->length; at += lt_length(started_with->text + at) + 1) {
        if (starts_with(started_with->text + at, SETTING)) size += lt_length(started_with->text + at) + 1;
    }
    /* A map of its own costs a short process more than the copy. */
    static char usual[USUAL_BYTES];
    char *copy = size <= sizeof usual ? usual : lt_sys_map(size);
    if (copy == NULL) return;
    if (library != NULL) {
        remembered.library = copy;
        remembered.is_first = library == list;
        copy = append(copy, library, library_length) + 1;
    }
    for (size_t at = 0; at < started_with->length && remembered.count < SETTINGS_MAX;) {
        const char *entry = started_with->text + at;
        const size_t length = lt_length(entry);
        if (starts_with(entry, SETTING)) {
            remembered.settings[remembered.count++] = copy;
            copy = append(copy, entry, length) + 1;
        }
        at += length + 1;
    }
}

/* Whether two NAME=VALUE have the same name. */
static bool is_same_name(const char *one, const char *other) {
    while (*one == *other && *one != '=' && *one != '\0') {
        one++;
        other++;
    }
    return *one == '=' && *other == '=';
}

/* Contents of a given environment, and gaps. */
struct survey {
    size_t count;      /* of its entries */
    uint64_t missing;  /* settings, a bit each */
    bool has_preload;  /* an LD_PRELOAD of any value */
    size_t text_bytes; /* of LD_PRELOAD to be written anew */
};

static void note_entry(struct survey *survey, const char *entry) {
    size_t length = 0;
    for (unsigned i = 0; i < remembered.count; i++) {
        if (is_same_name(entry, remembered.settings[i])) survey->missing &= ~(1ULL << i);
    }
    if (!starts_with(entry, PRELOAD)) return;
    survey->has_preload = true;
    if (remembered.library == NULL || find_library(entry + sizeof PRELOAD - 1, &length) != NULL) return;
    survey->text_bytes += lt_length(entry) + 1 + lt_length(remembered.library) + 1;
}

static bool is_readable_page(const void *at, uintptr_t *known_page) {
    const uintptr_t page = (uintptr_t)at / PAGE_MIN_BYTES;
    if (page == *known_page) return true;
    if (!lt_is_readable((const void *)((uintptr_t)at & ~(sizeof page - 1)), sizeof page)) return false;
    *known_page = page;
    return true;
}

/* False when some of it cannot be read, which the kernel will say, or when it turns the library off. */
static bool survey_entries(char *const *given, struct survey *survey) {
    uintptr_t page_of_array = UINTPTR_MAX; /* none yet */
    uintptr_t page_of_text = UINTPTR_MAX;
    if (given == NULL) return true;
    for (;; survey->count++) {
        if (!is_readable_page(&given[survey->count], &page_of_array)) return false;
        const char *entry = given[survey->count];
        if (entry == NULL) return true;
        if (!is_readable_page(entry, &page_of_text)) return false;
        if (entry[0] != 'L') continue; /* nothing of ours */
        if (lt_equal(entry, disabled)) return false;
        note_entry(survey, entry);
    }
}

static bool take_stock(char *const *given, struct survey *survey) {
    *survey = (struct survey){.missing = remembered.count == 0 ? 0 : ~0ULL >> (SETTINGS_MAX - remembered.count)};
    if (!survey_entries(given, survey)) return false;
    if (remembered.library == NULL) return true;
    if (!survey->has_preload) survey->text_bytes = sizeof PRELOAD + lt_length(remembered.library);
    /* After chroot or a change of user, the dynamic linker would only complain of it. */
    return survey->text_bytes == 0 || lt_syscall(__NR_faccessat, AT_FDCWD, remembered.library, READ_OK) == 0;
}

static size_t entries_of(const struct survey *survey) {
    size_t entries = survey->count + 1; /* the NULL */
    if (!survey->has_preload && remembered.library != NULL) entries++;
    for (uint64_t left = survey->missing; left != 0; left &= left - 1)
        entries++;
    return entries;
}

size_t lt_exec_environment_size(char *const *given) {
    struct survey survey;
    if (!take_stock(given, &survey) || (survey.missing == 0 && survey.text_bytes == 0)) return 0;
    return entries_of(&survey) * sizeof *given + survey.text_bytes;
}

/* LD_PRELOAD with the library in it; answers where it ends. */
static char *write_preload(char *to, const char *others) {
    to = append(to, PRELOAD, sizeof PRELOAD - 1);
    if (remembered.is_first || *others == '\0') {
        to = append(to, remembered.library, lt_length(remembered.library));
        if (*others == '\0') return to + 1;
        to = append(to, ":", 1);
        return append(to, others, lt_length(others)) + 1;
    }
    to = append(to, others, lt_length(others));
    to = append(to, ":", 1);
    return append(to, remembered.library, lt_length(remembered.library)) + 1;
}

char *const *lt_exec_environment_make(char *const *given, void *room, size_t size) {
    struct survey survey;
    size_t length = 0;
    /* Another thread may have changed it since it was measured. */
    if (!take_stock(given, &survey) || entries_of(&survey) * sizeof *given + survey.text_bytes > size) return given;
    const char **out = room;
    char *text = (char *)(out + entries_of(&survey));
    if (!survey.has_preload && remembered.library != NULL) {
        *out++ = text;
        text = write_preload(text, "");
    }
    for (size_t i = 0; i < survey.count; i++) {
        const char *entry = given[i];
        *out++ = entry;
        if (remembered.library == NULL || !starts_with(entry, PRELOAD)) continue;
        if (find_library(entry + sizeof PRELOAD - 1, &length) != NULL) continue;
        out[-1] = text;
        text = write_preload(text, entry + sizeof PRELOAD - 1);
    }
    for (unsigned i = 0; i < remembered.count; i++) {
        if ((survey.missing >> i & 1) != 0) *out++ = remembered.settings[i];
    }
    *out = NULL;
    return room;
}

char *const *lt_exec_environment_disable(char *const *given, const char **room, size_t entries) {
    size_t count = 0;
    room[count++] = disabled;
    uintptr_t page_of_array = UINTPTR_MAX;
    for (char *const *entry = given; entry != NULL && count < entries; entry++) {
        if (!is_readable_page(entry, &page_of_array)) return given;
        if (*entry == NULL) break;
        room[count++] = *entry;
    }
    if (count == entries) return given;
    room[count] = NULL;
    return (char *const *)room;
}
