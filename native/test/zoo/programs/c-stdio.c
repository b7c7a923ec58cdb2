/* Ways to write with stdio. */
#include "ways.h"
#include <stdarg.h>
#include <stdio_ext.h>
#include <wchar.h>

static int lines(int mode) {
    static char buffer[3000];
    if (mode >= 0) MUST(setvbuf(stdout, buffer, mode, sizeof buffer) == 0);
    for (int i = 0; i < 500; i++) {
        printf("out %d\n", i);
        if (i % 10 == 0) fprintf(stderr, "err %d\n", i / 10);
    }
    return 0;
}

static int by_default(int argc, char **argv) {
    (void)argc, (void)argv;
    return lines(-1);
}

static int full(int argc, char **argv) {
    (void)argc, (void)argv;
    return lines(_IOFBF);
}

static int line(int argc, char **argv) {
    (void)argc, (void)argv;
    return lines(_IOLBF);
}

static int unbuffered(int argc, char **argv) {
    (void)argc, (void)argv;
    return lines(_IONBF);
}

static int no_end(int argc, char **argv) {
    (void)argc, (void)argv;
    printf("first\nsecond without an end");
    fprintf(stderr, "stderr without an end");
    return 0;
}

static int many(int argc, char **argv) {
    (void)argc, (void)argv;
    static const char text[] = "fwrite\n";
    puts("puts");
    fputs("fputs\n", stdout);
    MUST(fwrite(text, 1, sizeof text - 1, stdout) == sizeof text - 1);
    for (const char *at = "putc\n"; *at != '\0'; at++)
        putc(*at, stdout);
    for (const char *at = "putchar\n"; *at != '\0'; at++)
        putchar(*at);
    for (const char *at = "unlocked\n"; *at != '\0'; at++)
        putchar_unlocked(*at);
    fwrite_unlocked(text, 1, sizeof text - 1, stdout);
    fflush(NULL);
    errno = ENOENT;
    perror("perror");
    printf("%s %5d %-5s|%.2f\n", "printf", 42, "x", 3.14159);
    return 0;
}

static int log_file(const char *mode, int from, int to) {
    FILE *log = fopen("app.log", mode);
    MUST(log != NULL);
    for (int i = from; i < to; i++)
        fprintf(log, "log %d\n", i);
    return fclose(log) == 0 ? 0 : 1;
}

static int fopen_log(int argc, char **argv) {
    (void)argc, (void)argv;
    return log_file("w", 0, 2000);
}

static int append(int argc, char **argv) {
    (void)argc, (void)argv;
    int result = 0;
    for (int i = 0; i < 20; i++)
        result |= log_file("a", i * 10, i * 10 + 10);
    return result;
}

/* A log that is left open: exit() flushes it. */
static int left_open(int argc, char **argv) {
    (void)argc, (void)argv;
    FILE *log = fopen("app.log", "we");
    MUST(log != NULL);
    for (int i = 0; i < 100; i++)
        fprintf(log, "log %d\n", i);
    return 0;
}

static int redirect(int argc, char **argv) {
    (void)argc, (void)argv;
    printf("before\n");
    MUST(freopen("app.log", "w", stdout) != NULL);
    for (int i = 0; i < 300; i++)
        printf("log %d\n", i);
    MUST(freopen("app.log", "a", stderr) != NULL);
    MUST(fclose(stdout) == 0);
    fprintf(stderr, "by stderr\n");
    return 0;
}

static int fdopen_log(int argc, char **argv) {
    (void)argc, (void)argv;
    FILE *log = fdopen(open_log("app.log"), "a");
    FILE *out = fdopen(dup(1), "w");
    MUST(log != NULL && out != NULL);
    for (int i = 0; i < 300; i++) {
        fprintf(log, "log %d\n", i);
        fprintf(out, "out %d\n", i);
    }
    fclose(out);
    return fclose(log);
}

static int wide(int argc, char **argv) {
    (void)argc, (void)argv;
    for (int i = 0; i < 300; i++)
        wprintf(L"out %d\n", i);
    fputws(L"fputws\n", stdout);
    for (const wchar_t *at = L"putwc\n"; *at != L'\0'; at++)
        putwc(*at, stdout);
    return 0;
}

/* A pipe to a child is no output of the container, but what the child writes is. */
static int popen_both(int argc, char **argv) {
    (void)argc, (void)argv;
    FILE *sink = popen("cat", "w");
    MUST(sink != NULL);
    for (int i = 0; i < 50; i++)
        fprintf(sink, "through cat %d\n", i);
    MUST(pclose(sink) == 0);
    FILE *source = popen("echo answer; echo aside >&2", "r");
    char text[64] = "";
    MUST(source != NULL && fgets(text, sizeof text, source) != NULL);
    MUST(pclose(source) == 0);
    printf("read: %s", text);
    return 0;
}

static int temporary(int argc, char **argv) {
    (void)argc, (void)argv;
    FILE *file = tmpfile();
    MUST(file != NULL);
    for (int i = 0; i < 1000; i++)
        fprintf(file, "secret %d\n", i);
    MUST(fflush(file) == 0);
    rewind(file);
    char text[64];
    MUST(fgets(text, sizeof text, file) != NULL);
    printf("tmpfile has %s", text);
    FILE *memory = open_memstream(&(char *){NULL}, &(size_t){0});
    MUST(memory != NULL && fprintf(memory, "memory\n") == 7);
    return fclose(memory);
}

/* What a program is told about where it is in its own log. */
static int offsets(int argc, char **argv) {
    (void)argc, (void)argv;
    FILE *log = fopen("app.log", "w");
    MUST(log != NULL);
    for (int i = 0; i < 5; i++) {
        fprintf(log, "log %d\n", i);
        printf("%ld ", ftell(log));
        fflush(log);
        printf("%ld %ld\n", ftell(log), (long)lseek(fileno(log), 0, SEEK_CUR));
    }
    fclose(log);
    const int fd = open_log("app.log");
    put_lines(fd, "log", 5, 8);
    printf("%ld\n", (long)lseek(fd, 0, SEEK_CUR));
    printf("%ld\n", (long)lseek(fd, 0, SEEK_END));
    return 0;
}

int main(int argc, char **argv) {
    static const struct way ways[] = {
        {"default", by_default},  {"full", full},         {"line", line},         {"unbuffered", unbuffered},
        {"no-end", no_end},       {"many", many},         {"fopen", fopen_log},   {"append", append},
        {"left-open", left_open}, {"freopen", redirect},  {"fdopen", fdopen_log}, {"wide", wide},
        {"popen", popen_both},    {"tmpfile", temporary}, {"offsets", offsets},   {NULL, NULL},
    };
    return run_way(ways, argc, argv);
}
