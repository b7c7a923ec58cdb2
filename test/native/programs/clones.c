/* Clones a file onto a log: clones WAY SOURCE LOG, then appends a line to the log and prints where the log ends.
 * WAY: whole, part (from the second block of 4096 bytes on, to the end), number (whole, by syscall()). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As linux/fs.h has them, which not every libc brings. */
struct part {
    int64_t from;
    uint64_t offset, length, to;
};
enum { CLONE = _IOW(0x94, 9, int), CLONE_PART = _IOW(0x94, 13, struct part) };

int main(int count, char **arguments) {
    if (count != 4) return 64;
    const char *way = arguments[1];
    const int from = open(arguments[2], O_RDONLY | O_CLOEXEC);
    const int log = open(arguments[3], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    const struct part part = {.from = from, .offset = 4096};
    long result = -1;
    if (strcmp(way, "whole") == 0) result = ioctl(log, CLONE, from);
    if (strcmp(way, "part") == 0) result = ioctl(log, CLONE_PART, &part);
    if (strcmp(way, "number") == 0) result = syscall(SYS_ioctl, log, CLONE, from);
    if (result != 0) perror(way);
    if (result != 0 || lseek(log, 0, SEEK_END) < 0 || dprintf(log, "behind it\n") < 0) return 1;
    printf("%ld\n", (long)lseek(log, 0, SEEK_CUR));
    return 0;
}
