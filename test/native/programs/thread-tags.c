/* Threads that live at the same time and write lines that begin with the name of the thread: thread-tags THREADS LINES
 * The last line of each is longer than a frame. A signal handler and a child of the main thread write too. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONG_LINE_BYTES = 40000 };

static int lines;
static pthread_barrier_t all_live;

static void say(const char *text) {
    if (write(1, text, strlen(text)) != (ssize_t)strlen(text)) exit(1);
}

static void handle(int number) {
    (void)number;
    say("main: handler\n");
}

static void *work(void *argument) {
    const int self = (int)(long)argument;
    char line[64];
    pthread_barrier_wait(&all_live);
    for (int i = 0; i < lines; i++) {
        snprintf(line, sizeof line, "thread %d: line %d\n", self, i);
        say(line);
    }
    char *text = malloc(LONG_LINE_BYTES + 1);
    memset(text, 'x', LONG_LINE_BYTES);
    memcpy(text, line, strcspn(line, ":") + 1);
    memcpy(text + LONG_LINE_BYTES - 1, "\n", 2);
    say(text);
    free(text);
    pthread_barrier_wait(&all_live);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 3) return 64;
    pthread_t threads[64];
    const int count = atoi(argv[1]);
    lines = atoi(argv[2]);
    signal(SIGUSR1, handle);
    pthread_barrier_init(&all_live, NULL, (unsigned)count);
    say("main: begins\n");
    for (long i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, work, (void *)i);
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    raise(SIGUSR1);
    const pid_t child = fork();
    if (child == 0) {
        say("child: writes\n");
        _exit(0);
    }
    waitpid(child, NULL, 0);
    say("main: ends\n");
    return 0;
}
