/* Prints how many microseconds the first write of a process with a second thread takes. */
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void *sleep_on(void *nothing) {
    pause();
    return nothing;
}

int main(void) {
    pthread_t thread;
    struct timespec before, after;
    if (pthread_create(&thread, NULL, sleep_on, NULL) != 0) return 1;
    clock_gettime(CLOCK_MONOTONIC, &before);
    if (write(1, "first\n", 6) != 6) return 1;
    clock_gettime(CLOCK_MONOTONIC, &after);
    fprintf(stderr, "%ld\n", (after.tv_sec - before.tv_sec) * 1000000 + (after.tv_nsec - before.tv_nsec) / 1000);
    _exit(0);
}
