/* replay FILE TARGET WRITE_BYTES RATE PROCESSES: writes the lines of FILE to TARGET, which is `-` (stdout), `unix:PATH` (a
 * connection per process) or `file:PATH` (PATH.0, PATH.1 ... per process).
 *
 * WRITE_BYTES is the size of one write; 0 is one write per line. RATE is lines per second of all processes together, one write
 * per line at even distances; 0 is as fast as possible. Each process writes its own part of FILE. Before the first line it
 * prints the time, in milliseconds since 1970. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int open_target(const char *target, long process) {
    if (strcmp(target, "-") == 0) return STDOUT_FILENO;
    if (strncmp(target, "file:", 5) == 0) {
        char path[4096];
        snprintf(path, sizeof path, "%s.%ld", target + 5, process);
        return open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
    }
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, target + 5, sizeof address.sun_path - 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    /* A thousand processes at once meet a full backlog. */
    while (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        if (errno != EAGAIN || usleep(1000) != 0) return -1;
    return fd;
}

static int write_all(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        const ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return -1;
        bytes += written;
        length -= (size_t)written;
    }
    return 0;
}

static int write_lines(int fd, const char *at, const char *end, double rate) {
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (long i = 0; at < end; i++) {
        const char *next = memchr(at, '\n', (size_t)(end - at));
        if (next == NULL) return -1;
        if (rate > 0) {
            const long long due = start.tv_nsec + (long long)((double)i * 1e9 / rate);
            struct timespec until = {start.tv_sec + due / 1000000000LL, due % 1000000000LL};
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        }
        if (write_all(fd, at, (size_t)(next + 1 - at)) != 0) return -1;
        at = next + 1;
    }
    return 0;
}

static int write_blocks(int fd, const char *at, const char *end, size_t block) {
    while (at < end) {
        const size_t length = (size_t)(end - at) < block ? (size_t)(end - at) : block;
        if (write_all(fd, at, length) != 0) return -1;
        at += length;
    }
    return 0;
}

/* The start of the line in which `bytes + offset` lies. */
static const char *line_at(const char *bytes, size_t offset) {
    while (offset > 0 && bytes[offset - 1] != '\n') offset--;
    return bytes + offset;
}

int main(int argc, char **argv) {
    if (argc != 6) return 64;
    const int file = open(argv[1], O_RDONLY);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) return 66;
    const size_t size = (size_t)status.st_size;
    const char *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (bytes == MAP_FAILED) return 66;
    const size_t block = (size_t)atol(argv[3]);
    const double rate = atof(argv[4]);
    const long processes = atol(argv[5]);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    fprintf(stderr, "%lld\n", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    for (long i = 0; i < processes; i++) {
        if (processes > 1 && fork() != 0) continue;
        const char *from = line_at(bytes, size / (size_t)processes * (size_t)i);
        const char *end = i == processes - 1 ? bytes + size : line_at(bytes, size / (size_t)processes * (size_t)(i + 1));
        const int fd = open_target(argv[2], i);
        if (fd < 0) return 1;
        const int failed =
            block == 0 ? write_lines(fd, from, end, rate / (double)processes) : write_blocks(fd, from, end, block);
        return failed == 0 ? 0 : 1;
    }
    int failed = 0, child;
    while (wait(&child) > 0) failed |= child;
    return failed == 0 ? 0 : 1;
}
