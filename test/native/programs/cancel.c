/* Cancels a thread that is blocked in a write to stdout, which has no reader: cancel
 * Cancellation has to reach it, and its clean-up handlers have to run. Says so on stderr. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static void clean_up(void *argument) {
    (void)argument;
    fputs("cleaned up\n", stderr);
}

static void *block(void *argument) {
    (void)argument;
    static char much[1 << 20];
    pthread_cleanup_push(clean_up, NULL);
    while (write(1, much, sizeof much) >= 0)
        continue;
    pthread_cleanup_pop(0);
    return NULL;
}

int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, block, NULL);
    usleep(100000);
    pthread_cancel(thread);
    void *result = NULL;
    pthread_join(thread, &result);
    fputs(result == PTHREAD_CANCELED ? "cancelled\n" : "not cancelled\n", stderr);
    return 0;
}
