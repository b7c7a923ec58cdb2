/* The environment the process was started with. */
#include "environment.h"
#include "libc_next.h"
#include "proc_self.h"
#include "readable.h"
#include "text.h"
#include <linux/auxvec.h>

enum {
    USUAL_BYTES = 32 << 10,
    /* The kernel allows 6 MiB for arguments and environment together (execve(2)). */
    MAX_BYTES = 8 << 20,
};

/* Most environments fit, and a map of its own costs a short process more than all the rest of its start: Linux may give
 * it a page of 2 MiB. */
static LT_LARGE char usual[USUAL_BYTES];

static const char path[] = "/proc/self/environ";

/* What lt_environment_given was called with. */
static struct {
    int argument_count;
    char *const *arguments;
    char *const *variables;
} given;

void lt_environment_given(int argument_count, char *const *arguments, char *const *variables) {
    given.argument_count = argument_count;
    given.arguments = arguments;
    given.variables = variables;
}

/* The path of the program, which the kernel puts behind the variables; NULL: it is not where it should be. */
static char *program_path(char *const *behind_variables) {
    const uintptr_t *auxiliary = (const uintptr_t *)behind_variables;
    for (; auxiliary[0] != AT_NULL; auxiliary += 2) {
        if (auxiliary[0] == AT_EXECFN) return (char *)auxiliary[1];
    }
    return NULL;
}

/* The kernel lays arguments, variables and the program's path out one behind the other. Where that is no longer so,
 * a constructor before ours has changed them: what the process was started with is elsewhere. */
static bool take_given(struct lt_environment *environment) {
    char *const *variable = given.variables;
    if (given.argument_count < 1 || variable == NULL || *variable == NULL) return false;
    const char *expected = given.arguments[given.argument_count - 1];
    expected += lt_length(expected) + 1;
    environment->text = *variable;
    for (; *variable != NULL; variable++) {
        if (*variable != expected) return false;
        expected += lt_length(expected) + 1;
    }
    environment->length = (size_t)(expected - environment->text);
    environment->is_in_place = expected == program_path(variable + 1);
    return environment->is_in_place;
}

static bool is_closed_to_us(void) {
    const int fd = lt_sys_open(path, O_RDONLY | O_CLOEXEC, 0);
    if (fd >= 0) (void)lt_sys_close(fd);
    return fd == -EACCES;
}

/* Copies libc's environment, in the kernel's form; answers the length, `size` - 1 or more when it does not fit. */
static size_t copy_libcs(char *out, size_t size) {
    size_t length = 0;
    if (lt_libc_next.environment == NULL || *lt_libc_next.environment == NULL) return 0;
    for (char *const *entry = *lt_libc_next.environment; *entry != NULL; entry++) {
        const size_t bytes = lt_length(*entry) + 1;
        if (bytes >= size - length) return size;
        lt_copy(out + length, *entry, bytes);
        length += bytes;
    }
    out[length] = '\0';
    return length;
}

static size_t read_into(const struct lt_environment *environment, size_t size) {
    return environment->is_libcs ? copy_libcs(environment->text, size)
                                 : lt_proc_self_read(path, environment->text, size);
}

bool lt_environment_read(struct lt_environment *environment) {
    *environment = (struct lt_environment){0};
    if (take_given(environment)) return true;
    environment->text = usual;
    environment->length = read_into(environment, sizeof usual);
    if (environment->length == 0 && is_closed_to_us()) {
        environment->is_libcs = true;
        environment->length = read_into(environment, sizeof usual);
    }
    if (environment->length < sizeof usual - 1) return environment->length > 0;
    environment->text = lt_sys_map(MAX_BYTES);
    environment->length = 0;
    if (environment->text == NULL) return false;
    environment->length = read_into(environment, MAX_BYTES);
    if (environment->length >= MAX_BYTES) environment->length = 0;
    return environment->length > 0;
}

void lt_environment_free(struct lt_environment *environment) {
    const bool is_mapped = environment->text != NULL && environment->text != usual && !environment->is_in_place;
    if (is_mapped) lt_sys_unmap(environment->text, MAX_BYTES);
    environment->text = NULL;
    environment->length = 0;
}

/* How far it is to the end of the string, or of the text. Environments have kilobytes, and each setting is looked for.
 */
static size_t string_length(const char *text, size_t limit) {
    typedef uint64_t __attribute__((aligned(1), may_alias)) word;
    const uint64_t ones = 0x0101010101010101;
    size_t at = 0;
    while (at + sizeof(word) <= limit) {
        const uint64_t eight = *(const word *)(text + at);
        /* Not 0 where one of the bytes is. */
        if (((eight - ones) & ~eight & ones << 7) != 0) break;
        at += sizeof(word);
    }
    while (at < limit && text[at] != '\0')
        at++;
    return at;
}

const char *lt_environment_get(const struct lt_environment *environment, const char *name) {
    const size_t name_length = lt_length(name);
    const size_t end = environment->length;
    for (size_t at = 0; at < end; at += string_length(environment->text + at, end - at) + 1) {
        const char *entry = environment->text + at;
        if (lt_same(entry, name, name_length) && entry[name_length] == '=') return entry + name_length + 1;
    }
    return NULL;
}

bool lt_environment_overwrite(const struct lt_environment *environment, const char *value, const char *replacement) {
    const uintptr_t start =
        environment->is_in_place ? (uintptr_t)environment->text : lt_proc_self_stat(LT_STAT_ENV_START);
    if (start == 0) return false;
    char *copy = environment->text + (value - environment->text);
    char *place = (char *)start + (value - environment->text);
    const size_t length = lt_length(value);
    /* libc's environment may be longer than the kernel's. */
    if (environment->is_libcs && !lt_is_readable(place, length + 1)) return false;
    if (lt_length(replacement) != length || !lt_same(place, value, length + 1)) return false;
    lt_copy(place, replacement, length);
    lt_copy(copy, replacement, length);
    return true;
}
