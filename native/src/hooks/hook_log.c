/* Hooks of the functions of libc that print a message to stderr and write it inside libc: musl's syslog with
 * LOG_PERROR, glibc's herror. The message is printed here, as libc would. */
#include "hooks.h"
#include "libc_next.h"
#include "print.h"
#include "text.h"

enum {
    STDERR = 2,
    LOG_PID = 1,
    LOG_PERROR = 32,
    LOG_USER = 8,
    FACILITIES = 0x3f8,
    PRIORITIES = 0x3ff,
    /* Of musl: */
    NAME_BYTES = 32,
    MESSAGE_BYTES = 1024,
    TIME_LENGTH = 15 /* Jan  1 00:00:00 */
};

/* The arguments that the program gave openlog. */
static struct {
    int options;
    int facility;
    char name[NAME_BYTES];
} opened = {.facility = LOG_USER};

/* A library behind us that sends messages elsewhere decides whether they are printed. */
static bool is_musl(void) {
    return lt_libc.glibc_file_vtable == NULL && lt_libc.vsnprintf != NULL && lt_libc.setlogmask != NULL &&
           lt_libc_next.openlog == lt_libc.openlog && lt_libc_next.vsyslog == lt_libc.vsyslog;
}

void lt_hook_openlog(const char *name, int options, int facility) {
    if (lt_libc_next.openlog == NULL) return;
    if (!is_musl()) {
        lt_libc_next.openlog(name, options, facility);
        return;
    }
    size_t length = 0;
    while (name != NULL && length < NAME_BYTES - 1 && name[length] != '\0') {
        opened.name[length] = name[length];
        length++;
    }
    opened.name[length] = '\0';
    opened.options = options;
    opened.facility = facility;
    lt_libc_next.openlog(name, options & ~LOG_PERROR, facility);
}

static size_t append(char *to, const char *text) {
    const size_t length = lt_length(text);
    lt_copy(to, text, length);
    return length;
}

/* NAME[PID]: */
static size_t put_prefix(char *to) {
    char pid[21];
    size_t length = append(to, opened.name);
    if ((opened.options & LOG_PID) != 0) {
        (void)lt_format_decimal(pid, (uint64_t)lt_sys_getpid());
        length += append(to + length, "[");
        length += append(to + length, pid);
        length += append(to + length, "]");
    }
    return length + append(to + length, ": ");
}

/* The message with the time before it has a bound; only what follows the time is printed. */
static size_t room_of(int priority) {
    char digits[21];
    if ((priority & FACILITIES) == 0) priority |= opened.facility;
    return MESSAGE_BYTES - (lt_format_decimal(digits, (uint64_t)priority) + sizeof "<>" + TIME_LENGTH);
}

static void print_as_musl(int priority, const char *text, va_list arguments) {
    char message[MESSAGE_BYTES];
    const size_t room = room_of(priority);
    size_t length = put_prefix(message);
    const int written = lt_libc.vsnprintf(message + length, room - length, text, arguments);
    if (written < 0) return;
    length = (size_t)written >= room - length ? room - 1 : length + (size_t)written;
    if (message[length - 1] != '\n') message[length++] = '\n';
    lt_print(STDERR, message, length);
}

static bool is_logged(int priority) {
    return (priority & ~PRIORITIES) == 0 && (lt_libc.setlogmask(0) & 1 << (priority & 7)) != 0;
}

void lt_hook_vsyslog(int priority, const char *text, va_list arguments) {
    if (lt_libc_next.vsyslog == NULL) return;
    if ((opened.options & LOG_PERROR) == 0 || !is_musl() || !is_logged(priority)) {
        lt_libc_next.vsyslog(priority, text, arguments);
        return;
    }
    const int error = lt_errno();
    va_list copy;
    va_copy(copy, arguments);
    lt_libc_next.vsyslog(priority, text, copy);
    va_end(copy);
    const int error_after = lt_errno();
    lt_set_errno(error); /* for %m */
    print_as_musl(priority, text, arguments);
    lt_set_errno(error_after);
}

void lt_hook_syslog(int priority, const char *text, ...) {
    va_list arguments;
    va_start(arguments, text);
    lt_hook_vsyslog(priority, text, arguments);
    va_end(arguments);
}

void lt_hook_herror(const char *text) {
    if (lt_libc_next.herror == NULL) return;
    const bool is_libcs = lt_libc_next.herror == lt_libc.herror && lt_libc.glibc_file_vtable != NULL;
    if (!is_libcs || lt_libc.h_errno_location == NULL || lt_libc.hstrerror == NULL) {
        lt_libc_next.herror(text);
        return;
    }
    const char *const reason = lt_libc.hstrerror(*lt_libc.h_errno_location());
    char message[MESSAGE_BYTES];
    const size_t name = text == NULL ? 0 : lt_length(text);
    const size_t whole = name + lt_length(reason) + sizeof ": \n";
    if (whole > sizeof message) {
        lt_libc_next.herror(text);
        return;
    }
    size_t length = name == 0 ? 0 : append(message, text) + append(message + name, ": ");
    length += append(message + length, reason);
    length += append(message + length, "\n");
    lt_print(STDERR, message, length);
}
