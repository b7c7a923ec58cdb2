/* Writes to stdout, stderr and a log file in every way that libc offers: every-way LOG
 * Run without the library, its outputs say what the library has to hand over. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <wchar.h>

static void must(int holds, const char *what) {
    if (holds) return;
    perror(what);
    exit(1);
}

__attribute__((format(printf, 2, 3))) static void print(int fd, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    must(vdprintf(fd, format, arguments) > 0, "vdprintf");
    va_end(arguments);
}

static void vector(int fd, const char *name) {
    char text[64];
    const int length = snprintf(text, sizeof text, "%s\n", name);
    struct iovec parts[40];
    for (int i = 0; i < 40; i++)
        parts[i] = (struct iovec){.iov_base = text + i % length, .iov_len = i < length};
    must(writev(fd, parts, 40) == length, "writev");
}

static void descriptors(int fd, const char *name) {
    must(write(fd, name, strlen(name)) == (ssize_t)strlen(name), "write");
    must(write(fd, "\n", 1) == 1, "write");
    must(write(fd, "", 0) == 0, "write of nothing");
    vector(fd, "writev in forty parts");
    must(dprintf(fd, "dprintf %s\n", name) > 0, "dprintf");
    print(fd, "vdprintf, longer than any buffer: %0*d\n", 5000, 7);
}

static void streams(FILE *file, const char *name) {
    fprintf(file, "fprintf %s %d %.3f\n", name, 42, 2.5);
    fputs("fputs\n", file);
    for (const char *c = "fputc\n"; *c != '\0'; c++)
        fputc(*c, file);
    must(fwrite("fwrite\n", 1, 7, file) == 7, "fwrite");
    for (int i = 0; i < 2000; i++)
        fprintf(file, "%d ", i);
    fputs("without a flush\n", file);
    fflush(file);
    static char big[100001];
    memset(big, 'b', sizeof big - 1);
    big[sizeof big - 2] = '\n';
    must(fwrite(big, 1, sizeof big - 1, file) == sizeof big - 1, "fwrite");
    fflush(file);
}

static void long_write(int fd) {
    static char text[300000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 100 == 99 ? '\n' : (char)('a' + i / 100 % 26);
    for (size_t done = 0; done < sizeof text;) {
        const ssize_t written = write(fd, text + done, sizeof text - done);
        must(written > 0, "a long write");
        done += (size_t)written;
    }
}

/* A descriptor that is neither stream nor log is not tapped, even where its number was before. */
static void socket_of_number(int number) {
    int ends[2];
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0 && ends[0] == number, "socketpair");
    for (int i = 0; i < 2; i++) {
        char back[8] = "";
        must(write(ends[0], "private", 7) == 7, "write to a socket");
        must(read(ends[1], back, 7) == 7 && strcmp(back, "private") == 0, "read from a socket");
    }
    must(close(ends[0]) == 0 && close(ends[1]) == 0, "close");
}

static void log_file(const char *path) {
    FILE *file = fopen(path, "w");
    must(file != NULL, path);
    streams(file, "fopen");
    fputs("flushed by fclose\n", file);
    const int number = fileno(file);
    must(fclose(file) == 0, "fclose");
    socket_of_number(number);

    int fd = open(path, O_WRONLY | O_APPEND);
    must(fd >= 0, path);
    descriptors(fd, "open");
    const int copy = fcntl(fd, F_DUPFD, 50);
    must(close(fd) == 0 && write(copy, "a copy\n", 7) == 7, "F_DUPFD");
    file = fdopen(copy, "a");
    fputs("fdopen\n", file);
    must(fclose(file) == 0, "fclose");

    file = fopen("/dev/null", "w");
    file = freopen(path, "a", file);
    must(file != NULL, "freopen");
    fputs("freopen\n", file);
    must(fclose(file) == 0, "fclose");

    /* Through a directory of its own and a relative path. */
    char directory[4096];
    snprintf(directory, sizeof directory, "%s", path);
    char *slash = strrchr(directory, '/');
    *slash = '\0';
    must(chdir(directory) == 0, directory);
    fd = open(slash + 1, O_WRONLY);
    const off_t end = lseek(fd, 0, SEEK_END);
    must(pwrite(fd, "pwrite\n", 7, end) == 7, "pwrite");
    struct iovec parts[] = {{.iov_base = "pwri", .iov_len = 4}, {.iov_base = "tev\n", .iov_len = 4}};
    must(pwritev(fd, parts, 2, end + 7) == 8, "pwritev");
    must(close(fd) == 0, "close");
}

int main(int argc, char **argv) {
    if (argc != 2) return 64;
    printf("printf %s\n", "one");
    puts("puts");
    putchar('c');
    putchar('\n');
    streams(stdout, "stdout");
    streams(stderr, "stderr");
    if (chdir("/no/such/directory") != 0) perror("perror");
    descriptors(1, "stdout");
    descriptors(2, "stderr");
    long_write(1);

    const int copy = dup(1);
    must(write(copy, "dup\n", 4) == 4, "dup");
    must(dup2(2, 77) == 77 && write(77, "dup2\n", 5) == 5, "dup2");
    must(dup3(1, 78, O_CLOEXEC) == 78 && write(78, "dup3\n", 5) == 5, "dup3");
    FILE *wide = fdopen(copy, "w");
    fputws(L"fputws\n", wide);
    must(fclose(wide) == 0, "fclose");

    log_file(argv[1]);
    printf("unfinished, flushed at exit");
    return 3;
}
