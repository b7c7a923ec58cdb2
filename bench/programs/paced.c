/* paced RATE COUNT [BYTES]: writes COUNT lines of BYTES (120) to stdout, one write each, RATE of them a second at even distances. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc != 3 && argc != 4) return 2;
    long rate = atol(argv[1]), count = atol(argv[2]);
    char line[4096];
    size_t length = argc == 4 ? (size_t)atol(argv[3]) : 120;
    if (length < 1 || length > sizeof line) return 2;
    memset(line, 'x', length - 1);
    line[length - 1] = '\n';
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (long i = 0; i < count; i++) {
        long long at = start.tv_nsec + i * 1000000000LL / rate;
        struct timespec due = {.tv_sec = start.tv_sec + at / 1000000000LL, .tv_nsec = at % 1000000000LL};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
        if (write(STDOUT_FILENO, line, length) != (ssize_t)length) return 1;
    }
    return 0;
}
