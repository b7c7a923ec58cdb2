/* What the zoo's C programs share: one program has many ways to write, its first argument names one. */
#ifndef ZOO_WAYS_H
#define ZOO_WAYS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct way {
    const char *name;
    int (*run)(int argc, char **argv); /* the exit code */
};

/* Ends with 99 and says where when something that the row takes for granted does not hold. */
#define MUST(condition) ((condition) ? (void)0 : fail(__LINE__, #condition))

static inline void fail(int line, const char *condition) {
    char text[256];
    const int length = snprintf(text, sizeof text, "line %d: %s: errno %d\n", line, condition, errno);
    (void)!write(2, text, (size_t)length);
    _exit(99);
}

/* "name number\n" in one write. */
static inline void put(int fd, const char *name, int number) {
    char line[128];
    const int length = snprintf(line, sizeof line, "%s %d\n", name, number);
    MUST(write(fd, line, (size_t)length) == length);
}

static inline void put_lines(int fd, const char *name, int from, int to) {
    for (int i = from; i < to; i++)
        put(fd, name, i);
}

static inline int open_log(const char *path) {
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    MUST(fd >= 0);
    return fd;
}

static inline int run_way(const struct way *ways, int argc, char **argv) {
    for (; argc > 1 && ways->name != NULL; ways++)
        if (strcmp(ways->name, argv[1]) == 0) return ways->run(argc, argv);
    fprintf(stderr, "no way named %s\n", argc > 1 ? argv[1] : "");
    return 98;
}

#endif
