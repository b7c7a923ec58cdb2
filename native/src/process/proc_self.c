/* Facts about the calling process from /proc. */
#include "proc_self.h"
#include "text.h"

size_t lt_proc_self_read(const char *path, char *out, size_t size) {
    size_t length = 0;
    const int fd = lt_sys_open(path, O_RDONLY | O_CLOEXEC, 0);
    if (fd >= 0) {
        while (length < size - 1) {
            const ssize_t got = lt_sys_read(fd, out + length, size - 1 - length);
            if (got == -EINTR) continue;
            if (got <= 0) break;
            length += (size_t)got;
        }
        lt_sys_close(fd);
    }
    out[length] = '\0';
    return length;
}

uint64_t lt_proc_self_stat(int field) {
    return lt_proc_self_stat_at("/proc/self/stat", field);
}

uint64_t lt_proc_self_stat_at(const char *path, int field) {
    char text[1024];
    const size_t length = lt_proc_self_read(path, text, sizeof text);
    /* Field 2 is the name in parentheses, which may itself hold parentheses and spaces. */
    const char *at = text + length;
    while (at > text && *at != ')')
        at--;
    int number = 2;
    for (; *at != '\0' && number < field; at++)
        number += *at == ' ';
    uint64_t value = 0;
    return lt_parse_decimal(&at, &value) ? value : 0;
}

void lt_proc_self_name(char *out, size_t size) {
    const size_t length = lt_proc_self_read("/proc/self/comm", out, size);
    if (length > 0 && out[length - 1] == '\n') out[length - 1] = '\0';
}
