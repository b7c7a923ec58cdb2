/* Ways to write with descriptors. */
#include "ways.h"
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

static int plain(int argc, char **argv) {
    (void)argc, (void)argv;
    const int log = open_log("app.log");
    for (int i = 0; i < 300; i++) {
        put(1, "out", i);
        put(2, "err", i);
        put(log, "log", i);
    }
    return 7;
}

static int gathered(int argc, char **argv) {
    (void)argc, (void)argv;
    const int log = open_log("app.log");
    for (int i = 0; i < 100; i++) {
        char number[16];
        const size_t length = (size_t)snprintf(number, sizeof number, "%d", i);
        struct iovec parts[] = {{"gathered ", 9}, {"", 0}, {number, length}, {"\n", 1}};
        MUST(writev(1, parts, 4) == (ssize_t)length + 10);
        MUST(writev(log, parts, 4) == (ssize_t)length + 10);
    }
    return 0;
}

static int positioned(int argc, char **argv) {
    (void)argc, (void)argv;
    const int log = open("app.log", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    off_t at = 0;
    for (int i = 0; i < 100; i++) {
        char line[32];
        const int length = snprintf(line, sizeof line, "log %d\n", i);
        struct iovec part = {line, (size_t)length};
        MUST((i % 2 == 0 ? pwrite(log, line, (size_t)length, at) : pwritev(log, &part, 1, at)) == length);
        at += length;
    }
    /* A pipe has no positions. */
    MUST(pwrite(1, "x", 1, 0) == -1);
    dprintf(2, "%s\n", errno == ESPIPE ? "ESPIPE" : "other");
    return 0;
}

static int formatted(int argc, char **argv) {
    (void)argc, (void)argv;
    const int log = open_log("app.log");
    for (int i = 0; i < 200; i++) {
        dprintf(1, "out %d\n", i);
        dprintf(2, "err %d\n", i);
        dprintf(log, "log %d\n", i);
    }
    return 0;
}

static int onto_stdout(int argc, char **argv) {
    (void)argc, (void)argv;
    put(1, "before", 0);
    const int original = dup(1);
    MUST(dup2(open_log("app.log"), 1) == 1);
    put_lines(1, "log", 0, 100);
    for (int i = 100; i < 200; i++)
        printf("log %d\n", i);
    fflush(stdout);
    MUST(dup2(original, 1) == 1);
    put(1, "after", 0);
    MUST(dup3(1, 2, 0) == 2);
    put(2, "stderr became stdout", 0);
    return 0;
}

static int aliases(int argc, char **argv) {
    (void)argc, (void)argv;
    const char *const paths[] = {"/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"};
    put(1, "one", 0);
    for (int i = 0; i < 3; i++) {
        const int fd = open(paths[i], O_WRONLY | O_APPEND);
        MUST(fd >= 0);
        put(fd, paths[i], i);
        close(fd);
    }
    const int copy = fcntl(1, F_DUPFD_CLOEXEC, 200);
    MUST(copy >= 200);
    put(copy, "copy", 0);
    put(open("/dev/stderr", O_WRONLY), "err", 0);
    return 0;
}

static int opened_by(int argc, char **argv) {
    (void)argc, (void)argv;
    const int directory = open(".", O_RDONLY | O_DIRECTORY);
    int fd = creat("app.log", 0644);
    put(fd, "creat", 0);
    close(fd);
    fd = openat(directory, "app.log", O_WRONLY | O_APPEND);
    put(fd, "openat", 0);
    close(fd);
    fd = open64("app.log", O_RDWR | O_APPEND);
    put(fd, "open64", 0);
    put(dup(fd), "dup", 0);
    close(fd);
    fd = open("app.log", O_RDONLY);
    MUST(write(fd, "x", 1) == -1 && errno == EBADF);
    return 0;
}

static int bytewise(int argc, char **argv) {
    (void)argc, (void)argv;
    for (int i = 0; i < 200; i++) {
        char line[32];
        const int length = snprintf(line, sizeof line, "line %d\n", i);
        for (int at = 0; at < length; at++)
            MUST(write(1, line + at, 1) == 1);
    }
    return 0;
}

enum { BIG_BYTES = 8 << 20, BIG_LINE_BYTES = 32 };

static char *big_text(const char *name) {
    char *text = malloc(BIG_BYTES + 1);
    MUST(text != NULL);
    for (int i = 0; i < BIG_BYTES / BIG_LINE_BYTES; i++)
        snprintf(text + i * BIG_LINE_BYTES, BIG_LINE_BYTES + 1, "%s line %08d of eight MiB.\n", name, i);
    return text;
}

static void write_all(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        const ssize_t written = write(fd, bytes, length);
        MUST(written > 0);
        bytes += written;
        length -= (size_t)written;
    }
}

static int big(int argc, char **argv) {
    (void)argc, (void)argv;
    write_all(1, big_text("out"), BIG_BYTES);
    write_all(open_log("app.log"), big_text("log"), BIG_BYTES);
    return 0;
}

/* More than a socket holds, in writes that are larger than any room that is kept for last words. */
static int large(int argc, char **argv) {
    (void)argc, (void)argv;
    char *text = big_text("out");
    for (size_t at = 0; at < BIG_BYTES; at += 1 << 15)
        write_all(1, text + at, 1 << 15);
    text = big_text("err");
    for (size_t at = 0; at < BIG_BYTES; at += 20000)
        write_all(2, text + at, at + 20000 < BIG_BYTES ? 20000 : BIG_BYTES - at);
    return 0;
}

/* Every value of a byte, in an order without repetition. */
static int binary(int argc, char **argv) {
    (void)argc, (void)argv;
    static unsigned char bytes[65536];
    unsigned state = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        state = state * 1664525U + 1013904223U;
        bytes[i] = (unsigned char)(state >> 24);
    }
    for (size_t at = 0; at < sizeof bytes; at += 1000)
        write_all(1, (char *)bytes + at, at + 1000 < sizeof bytes ? 1000 : sizeof bytes - at);
    write_all(open_log("app.log"), (char *)bytes, sizeof bytes);
    MUST(fwrite(bytes, 1, sizeof bytes, stderr) == sizeof bytes);
    return 0;
}

static int close_loop(int argc, char **argv) {
    (void)argc, (void)argv;
    const int log = open_log("app.log");
    put(1, "out", 0);
    put(log, "log", 0);
    for (int fd = 4; fd < 1024; fd++)
        close(fd);
    put_lines(1, "out", 1, 50);
    put_lines(log, "log", 1, 50);
    for (int fd = 3; fd < 1024; fd++)
        close(fd);
    put_lines(open_log("app.log"), "log", 50, 100);
    return 0;
}

#ifdef __GLIBC__
static int close_ranges(int argc, char **argv) {
    (void)argc, (void)argv;
    put(1, "out", 0);
    MUST(close_range(3, ~0U, 0) == 0);
    put_lines(1, "out", 1, 50);
    closefrom(3);
    put_lines(1, "out", 50, 100);
    put_lines(open_log("app.log"), "log", 0, 100);
    return 0;
}
#endif

/* Without the wrappers that have names, as run-times of other languages do. */
static int by_number(int argc, char **argv) {
    (void)argc, (void)argv;
    const int log = open_log("app.log");
    for (int i = 0; i < 100; i++) {
        char line[32];
        const int length = snprintf(line, sizeof line, "out %d\n", i);
        MUST(syscall(SYS_write, 1, line, (size_t)length) == length);
        struct iovec part = {line, (size_t)length};
        MUST(syscall(SYS_writev, log, &part, 1) == length);
    }
    errno = 0;
    MUST(syscall(SYS_write, 77, "x", (size_t)1) == -1 && errno == EBADF);
    return 0;
}

/* The lowest free number, as without the library. */
static int numbers(int argc, char **argv) {
    (void)argc, (void)argv;
    put(1, "a line first", 0);
    const int log = open_log("app.log");
    put(log, "log", 0);
    int pair[2];
    MUST(pipe(pair) == 0);
    const int copy = dup(1);
    const int sock = socket(AF_UNIX, SOCK_STREAM, 0);
    dprintf(1, "log %d pipe %d %d dup %d socket %d\n", log, pair[0], pair[1], copy, sock);
    close(pair[0]);
    FILE *file = fopen("/dev/null", "r");
    MUST(file != NULL);
    dprintf(1, "fopen %d again %d\n", fileno(file), open("/dev/null", O_RDONLY));
    close(0);
    dprintf(1, "stdin %d\n", open("/dev/null", O_RDONLY));
    return 0;
}

/* The numbers that a library is likely to keep for itself. */
static int high_numbers(int argc, char **argv) {
    (void)argc, (void)argv;
    const int log = open_log("app.log");
    put(log, "log", 0);
    MUST(dup2(log, 100) == 100 && dup2(log, 101) == 101);
    put(100, "log", 1);
    put(101, "log", 2);
    dprintf(1, "fcntl %d\n", fcntl(1, F_DUPFD, 100));
    close(100);
    dprintf(1, "fcntl %d\n", fcntl(1, F_DUPFD_CLOEXEC, 100));
    return 0;
}

static const char *error_name(void) {
    return errno == EBADF    ? "EBADF"
           : errno == EPIPE  ? "EPIPE"
           : errno == EAGAIN ? "EAGAIN"
           : errno == 0      ? "0"
                             : "other";
}

static int errors(int argc, char **argv) {
    (void)argc, (void)argv;
    int pair[2];
    signal(SIGPIPE, SIG_IGN);
    put(1, "out", 0);
    errno = 0;
    (void)!write(1, "ok\n", 3);
    dprintf(2, "success %s\n", error_name());
    (void)!write(77, "x", 1);
    dprintf(2, "closed %s\n", error_name());
    MUST(pipe(pair) == 0);
    close(pair[0]);
    (void)!write(pair[1], "x", 1);
    dprintf(2, "no reader %s\n", error_name());
    close(pair[1]);
    MUST(pipe2(pair, O_NONBLOCK) == 0);
    static char block[65536];
    while (write(pair[1], block, sizeof block) > 0) {
    }
    dprintf(2, "full %s\n", error_name());
    close(1);
    errno = 0;
    MUST(write(1, "x", 1) == -1);
    dprintf(2, "stdout %s\n", error_name());
    errno = 0;
    MUST(puts("x") == EOF || fflush(stdout) == EOF); /* musl does not know yet that it is no terminal */
    dprintf(2, "stdio %s\n", error_name());
    return 3;
}

static int broken_pipe(int argc, char **argv) {
    (void)argc, (void)argv;
    int pair[2];
    put_lines(1, "out", 0, 50);
    MUST(pipe(pair) == 0);
    close(pair[0]);
    MUST(dup2(pair[1], 1) == 1);
    (void)!write(1, "nobody reads this\n", 18);
    return 0;
}

int main(int argc, char **argv) {
    static const struct way ways[] = {
        {"write", plain},
        {"writev", gathered},
        {"pwrite", positioned},
        {"dprintf", formatted},
        {"dup2", onto_stdout},
        {"aliases", aliases},
        {"open", opened_by},
        {"bytewise", bytewise},
        {"big", big},
        {"large", large},
        {"binary", binary},
        {"close-loop", close_loop},
#ifdef __GLIBC__
        {"close-range", close_ranges},
#endif
        {"by-number", by_number},
        {"high-numbers", high_numbers},
        {"numbers", numbers},
        {"errors", errors},
        {"broken-pipe", broken_pipe},
        {NULL, NULL},
    };
    return run_way(ways, argc, argv);
}
