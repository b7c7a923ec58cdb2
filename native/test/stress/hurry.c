/* Ends while its threads still write, with a vfork child before: hurry
 * Bytes on their way are lost then. The test is that no thread fails over the end. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, BEFORE_THE_END_US = 20000 };

static void *write_on(void *argument) {
    for (;;)
        (void)!write(1, "on and on\n", 10);
    return argument;
}

int main(void) {
    pthread_t thread;
    for (int i = 0; i < THREADS; i++) {
        if (pthread_create(&thread, NULL, write_on, NULL) != 0) abort();
    }
    const pid_t child = vfork();
    if (child == 0) _exit(0);
    if (waitpid(child, NULL, 0) != child) abort();
    usleep(BEFORE_THE_END_US);
    exit(9);
}
