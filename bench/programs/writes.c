/* Writes COUNT lines of 120 bytes to stdout with write(2) and prints the nanoseconds a write took: writes COUNT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv) {
    const long count = argc > 1 ? atol(argv[1]) : 1;
    char line[120];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    /* The first write opens the target; it is not what is measured. */
    if (write(STDOUT_FILENO, line, sizeof line) < 0) return 1;
    const double start = now_ns();
    for (long i = 0; i < count; i++)
        if (write(STDOUT_FILENO, line, sizeof line) != (ssize_t)sizeof line) return 1;
    fprintf(stderr, "%.1f\n", (now_ns() - start) / (double)count);
    return 0;
}
