/* Writes COUNT lines of BYTES bytes, 120 by default, to stdout with write(2), shared by THREADS threads, and prints the
 * nanoseconds from one write to the next, and those of CPU time a write: writes COUNT [THREADS [BYTES]] */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { THREADS_MAX = 64, BYTES_MAX = 4096 };

static char line[BYTES_MAX];
static size_t length = 120;

static double now_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void *write_many(void *count) {
    for (long i = 0; i < (long)count; i++)
        if (write(STDOUT_FILENO, line, length) != (ssize_t)length) abort();
    return NULL;
}

int main(int argc, char **argv) {
    const long count = argc > 1 ? atol(argv[1]) : 1;
    const long threads = argc > 2 ? atol(argv[2]) : 1;
    pthread_t started[THREADS_MAX];
    if (argc > 3) length = (size_t)atol(argv[3]);
    if (threads < 1 || threads > THREADS_MAX || length < 1 || length > BYTES_MAX) return 64;
    memset(line, 'x', length);
    line[length - 1] = '\n';
    /* The first write opens the target; it is not what is measured. */
    if (write(STDOUT_FILENO, line, length) < 0) return 1;
    const double start = now_ns(CLOCK_MONOTONIC);
    const double start_cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    for (long i = 1; i < threads; i++)
        if (pthread_create(&started[i], NULL, write_many, (void *)(count / threads)) != 0) return 1;
    (void)write_many((void *)(count / threads));
    for (long i = 1; i < threads; i++)
        (void)pthread_join(started[i], NULL);
    const double writes = (double)(count / threads * threads);
    fprintf(stderr, "%.1f %.1f\n", (now_ns(CLOCK_MONOTONIC) - start) / writes,
            (now_ns(CLOCK_PROCESS_CPUTIME_ID) - start_cpu) / writes);
    return 0;
}
