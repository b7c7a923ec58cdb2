/* Starts a program COUNT times, one after the other, and prints the microseconds that a start and an end took, and those
 * of CPU time in the program: starts COUNT [NAME=VALUE...] PROGRAM [ARGUMENT...]
 * Small and without the library itself, because a large parent's fork would hide what the library costs. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static double now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double cpu_us(void) {
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

int main(int argc, char **argv) {
    char *variables[32] = {0};
    int next = 2;
    for (int i = 0; next < argc && strchr(argv[next], '=') != NULL && i < 31; i++)
        variables[i] = argv[next++];
    if (next >= argc) return 64;
    const int count = atoi(argv[1]);
    const double begin = now_us();
    for (int i = 0; i < count; i++) {
        pid_t child;
        int status = 0;
        if (posix_spawn(&child, argv[next], NULL, NULL, argv + next, variables) != 0) return 1;
        if (waitpid(child, &status, 0) != child || status != 0) return 1;
    }
    fprintf(stderr, "%.2f %.2f\n", (now_us() - begin) / count, cpu_us() / count);
    return 0;
}
