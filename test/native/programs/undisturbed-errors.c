/* Calls that fail, and what they answer: undisturbed-errors REPORT
 * The report says the result and errno of each, so that two runs can be compared. Its stdout is what the caller gives:
 * the same calls are made on it and on descriptors that are not tapped. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static char report[1 << 16];
static size_t report_length;

static void note(const char *label, long result) {
    const int error = errno;
    report_length += (size_t)snprintf(report + report_length, sizeof report - report_length, "%s = %ld, errno %d\n",
                                      label, result, error);
    errno = 77; /* no function sets this */
}

#define NOTE(call) note(#call, (long)(call))

/* An address that is not mapped, which no compiler sees. */
static void *volatile nowhere = (void *)16;
static void *volatile none;
static volatile int minus_one = -1;
static volatile size_t huge = SIZE_MAX;

static void on_descriptor(const char *what, int fd) {
    static char bytes[] = "0123456789\n";
    const struct iovec good[] = {{bytes, 5}, {bytes + 5, 6}};
    const struct iovec bad_part[] = {{bytes, 5}, {nowhere, 5}};
    const struct iovec too_long[] = {{bytes, SIZE_MAX / 2}, {bytes, SIZE_MAX / 2}};
    static struct iovec many[1025];
    for (int i = 0; i < 1025; i++)
        many[i] = (struct iovec){bytes, i < 2 ? 1 : 0};
    note(what, 0);
    NOTE(write(fd, bytes, 0));
    NOTE(write(fd, bytes, sizeof bytes - 1));
    NOTE(write(fd, nowhere, 10));
    NOTE(write(fd, none, 10));
    NOTE(write(fd, nowhere, 0));
    NOTE(write(fd, nowhere, huge));
    NOTE(writev(fd, good, 2));
    NOTE(writev(fd, good, 0));
    NOTE(writev(fd, good, minus_one));
    NOTE(writev(fd, bad_part, 2));
    NOTE(writev(fd, too_long, 2));
    NOTE(writev(fd, many, 1024));
    NOTE(writev(fd, many, 1025));
    NOTE(writev(fd, nowhere, 2));
    NOTE(pwrite(fd, bytes, 3, 1));
    NOTE(pwrite(fd, bytes, 3, minus_one));
    NOTE(pwrite(fd, bytes, 3, INT64_MAX - 1));
    NOTE(pwritev(fd, good, 2, 0));
    NOTE(pwritev(fd, good, 2, INT64_MAX - 1));
    NOTE(syscall(SYS_pwritev2, fd, good, 2, -1L, 0L, 0));
    NOTE(syscall(SYS_pwritev2, fd, good, 2, -1L, 0L, 1 << 30));
    NOTE(syscall(SYS_pwritev2, fd, good, 2, -2L, 0L, 0));
#if defined(__GLIBC__)
    NOTE(pwritev2(fd, good, 2, minus_one, 1 << 30));
    NOTE(pwritev2(fd, good, 2, 2 * minus_one, 0));
#endif
    NOTE(dprintf(fd, "%s", ""));
    NOTE(dprintf(fd, "%d\n", 5));
}

static void bad_descriptors(void) {
    on_descriptor("-1", -1);
    on_descriptor("999", 999);
    on_descriptor("INT_MAX", INT_MAX);
    on_descriptor("INT_MIN", INT_MIN);
    const int reader = open("/dev/null", O_RDONLY);
    on_descriptor("opened for reading", reader);
    const int path = open("/", O_PATH);
    on_descriptor("O_PATH", path);
    const int directory = open("/", O_RDONLY | O_DIRECTORY);
    on_descriptor("directory", directory);
    NOTE(close(directory));
    NOTE(close(directory));
    NOTE(close(path));
    NOTE(close(reader));
    NOTE(close(-1));
    NOTE(close(INT_MAX));
    NOTE(dup(-1));
    NOTE(dup(999));
    NOTE(dup2(-1, 5));
    NOTE(dup2(0, -1));
    NOTE(dup2(0, INT_MAX));
    NOTE(dup2(0, 0));
    NOTE(dup3(0, 0, 0));
    NOTE(dup3(0, 9, 12345));
    NOTE(dup3(0, 9, O_CLOEXEC));
    NOTE(close(9));
    NOTE(fcntl(0, F_DUPFD, -1));
    NOTE(fcntl(0, F_DUPFD, INT_MAX));
    NOTE(fcntl(999, F_GETFD));
    NOTE(fcntl(0, 9999));
}

static void bad_paths(void) {
    NOTE(open("/no/such/file", O_WRONLY));
    NOTE(open("", O_WRONLY));
    NOTE(open(nowhere, O_WRONLY));
    NOTE(open("/", O_WRONLY));
    NOTE(open("/dev/null", O_WRONLY | O_CREAT | O_EXCL, 0600));
    NOTE(open("/dev/null/x", O_RDONLY));
    NOTE(openat(-1, "x", O_RDONLY));
    NOTE(openat(999, "x", O_WRONLY | O_CREAT, 0600));
    NOTE(creat("/no/such/file", 0600));
    NOTE(fopen("/no/such/file", "w") != NULL);
    NOTE(fopen("/dev/null", "?") != NULL);
    NOTE(fdopen(-1, "w") != NULL);
    NOTE(fdopen(999, "w") != NULL);
}

static void pipes(void) {
    int ends[2];
    static char page[1 << 16];
    NOTE(pipe2(ends, O_NONBLOCK));
    while (write(ends[1], page, sizeof page) > 0)
        ;
    on_descriptor("full pipe that does not block", ends[1]);
    NOTE(close(ends[0]));
    on_descriptor("pipe without a reader", ends[1]);
    NOTE(close(ends[1]));
}

static void streams(void) {
    FILE *full = fopen("/dev/full", "w");
    NOTE(fprintf(full, "kept in the buffer"));
    NOTE(fflush(full));
    NOTE(ferror(full) != 0);
    NOTE(fprintf(full, "again"));
    NOTE(fclose(full));
    FILE *reader = fopen("/dev/null", "r");
    NOTE(fputs("x", reader));
    NOTE(ferror(reader) != 0);
    NOTE(fclose(reader));
    const int fd = open("/dev/null", O_WRONLY);
    FILE *closed = fdopen(fd, "w");
    NOTE(fputs("x", closed));
    NOTE(close(fd));
    NOTE(fclose(closed));
}

static void limits(const char *path) {
    const struct rlimit limit = {20, RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    NOTE(setrlimit(RLIMIT_FSIZE, &limit));
    NOTE(write(fd, "123456789012345", 15));
    NOTE(write(fd, "123456789012345", 15));
    NOTE(write(fd, "123456789012345", 15));
    on_descriptor("a file at its limit", fd);
    NOTE(lseek(fd, 0, SEEK_END));
    NOTE(close(fd));
    on_descriptor("stdout with a limit of sizes", 1);
}

int main(int argc, char **argv) {
    if (argc != 2) return 64;
    char other[4096];
    snprintf(other, sizeof other, "%s.other", argv[1]);
    const int out = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0600);
    signal(SIGPIPE, SIG_IGN);
    errno = 77;
    bad_descriptors();
    bad_paths();
    pipes();
    streams();
    const int full = open("/dev/full", O_WRONLY);
    on_descriptor("/dev/full", full);
    NOTE(close(full));
    on_descriptor("stdout", 1);
    on_descriptor("stderr", 2);
    size_t done = 0;
    for (ssize_t n = 1; done < report_length && n > 0; done += (size_t)n)
        n = write(out, report + done, report_length - done);
    const size_t before = report_length;
    NOTE(fclose(stdout));
    /* Last, for it stays. The report was opened before and is not longer than it is. */
    if (getenv("LIMITED") != NULL) limits(other);
    const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    (void)setrlimit(RLIMIT_FSIZE, &unlimited);
    return write(out, report + before, report_length - before) < 0;
}
