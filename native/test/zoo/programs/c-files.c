/* What happens to log files: rotated, truncated, removed, linked, several of them. */
#include "ways.h"

enum { PART = 100 };

static int rename_and_reopen(int argc, char **argv) {
    (void)argc, (void)argv;
    int log = open_log("app.log");
    put_lines(log, "log", 0, PART);
    MUST(rename("app.log", "app.log.1") == 0);
    /* Not yet reopened: still the same log. */
    put_lines(log, "log", PART, PART + 10);
    close(log);
    log = open_log("app.log");
    put_lines(log, "log", PART + 10, 2 * PART);
    return 0;
}

static int rename_and_fopen(int argc, char **argv) {
    (void)argc, (void)argv;
    for (int i = 0; i < 3; i++) {
        FILE *log = fopen("app.log", "a");
        MUST(log != NULL);
        for (int line = i * PART; line < (i + 1) * PART; line++)
            fprintf(log, "log %d\n", line);
        char old[32];
        snprintf(old, sizeof old, "app.log.%d", 2 - i);
        if (i < 2) MUST(rename("app.log", old) == 0);
        MUST(fclose(log) == 0);
    }
    return 0;
}

static void copy(const char *from, const char *to) {
    char buffer[8192];
    const int in = open(from, O_RDONLY);
    const int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    MUST(in >= 0 && out >= 0);
    for (ssize_t got; (got = read(in, buffer, sizeof buffer)) > 0;)
        MUST(write(out, buffer, (size_t)got) == got);
    close(in);
    close(out);
}

static int copytruncate(int argc, char **argv) {
    (void)argc, (void)argv;
    const int log = open_log("app.log");
    put_lines(log, "log", 0, PART);
    copy("app.log", "app.log.1");
    MUST(truncate("app.log", 0) == 0);
    put_lines(log, "log", PART, 2 * PART);
    return 0;
}

static int removed(int argc, char **argv) {
    (void)argc, (void)argv;
    const int log = open_log("app.log");
    put_lines(log, "log", 0, PART);
    MUST(unlink("app.log") == 0);
    put_lines(log, "log", PART, 2 * PART);
    return 0;
}

static int two_descriptors(int argc, char **argv) {
    (void)argc, (void)argv;
    const int one = open_log("app.log");
    const int other = open_log("app.log");
    for (int i = 0; i < PART; i++)
        put(i % 2 == 0 ? one : other, "log", i);
    return 0;
}

static int symlinked(int argc, char **argv) {
    (void)argc, (void)argv;
    MUST(mkdir("real", 0755) == 0 && symlink("real/file.txt", "app.log") == 0);
    put_lines(open_log("app.log"), "log", 0, PART);
    return 0;
}

static int hard_linked(int argc, char **argv) {
    (void)argc, (void)argv;
    const int log = open_log("app.log");
    put(log, "log", 0);
    MUST(link("app.log", "other.log") == 0);
    close(log);
    put_lines(open_log("app.log"), "log", 1, PART);
    return 0;
}

static int relative(int argc, char **argv) {
    (void)argc, (void)argv;
    MUST(mkdir("logs", 0755) == 0 && mkdir("sub", 0755) == 0);
    int log = open_log("./logs/../logs//app.log");
    put_lines(log, "log", 0, 10);
    close(log);
    MUST(chdir("sub") == 0);
    log = open_log("../logs/app.log");
    put_lines(log, "log", 10, 20);
    close(log);
    MUST(chdir("../logs") == 0);
    put_lines(open_log("app.log"), "log", 20, PART);
    /* The same name elsewhere is another file. */
    MUST(chdir("../sub") == 0);
    put_lines(open_log("app.log"), "other", 0, PART);
    return 0;
}

/* a.log, and those in logs/ by a pattern; others are not tapped. */
static int several(int argc, char **argv) {
    (void)argc, (void)argv;
    MUST(mkdir("logs", 0755) == 0);
    static const char *const names[] = {"a.log", "logs/x.log", "logs/y.log", "b.log", "logs/z.txt"};
    int fds[5];
    for (int f = 0; f < 5; f++)
        fds[f] = open_log(names[f]);
    for (int i = 0; i < PART; i++)
        for (int f = 0; f < 5; f++)
            put(fds[f], names[f], i);
    FILE *late = fopen("logs/late.log", "w");
    MUST(late != NULL);
    fprintf(late, "late\n");
    return fclose(late);
}

/* More logs than fit on a screen, each opened, written once and closed. */
static int many(int argc, char **argv) {
    (void)argc, (void)argv;
    MUST(mkdir("logs", 0755) == 0);
    for (int i = 0; i < 40; i++) {
        char name[32];
        snprintf(name, sizeof name, "logs/%02d.log", i);
        const int log = open_log(name);
        put_lines(log, name, 0, 3);
        close(log);
    }
    return 0;
}

int main(int argc, char **argv) {
    static const struct way ways[] = {
        {"rename", rename_and_reopen},
        {"rename-fopen", rename_and_fopen},
        {"copytruncate", copytruncate},
        {"removed", removed},
        {"two", two_descriptors},
        {"symlink", symlinked},
        {"hard-link", hard_linked},
        {"relative", relative},
        {"several", several},
        {"many", many},
        {NULL, NULL},
    };
    return run_way(ways, argc, argv);
}
