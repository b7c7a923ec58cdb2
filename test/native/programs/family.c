/* A parent whose children write: family CHILDREN LINES
 * By fork, from a process that also has a second thread; by vfork, with a child that turns its descriptors upside down
 * before it ends. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int is_over;

static void *idle(void *argument) {
    (void)argument;
    while (!is_over)
        dprintf(2, "parent's other thread\n"), usleep(1000);
    return NULL;
}

/* A vfork child that speaks before its parent has: shells say "not found" so. */
static void by_vfork_that_speaks(void) {
    const pid_t child = vfork();
    if (child == 0) {
        if (write(1, "not found\n", 10) != 10) _exit(1);
        _exit(0);
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child || status != 0) exit(1);
}

static void by_vfork(void) {
    const pid_t child = vfork();
    if (child == 0) {
        const int null = open("/dev/null", O_WRONLY);
        dup2(null, 1);
        dup2(null, 2);
        if (write(1, "into /dev/null\n", 15) != 15) _exit(1);
        close(1);
        for (int fd = 3; fd < 1000; fd++)
            close(fd);
        _exit(0);
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child || status != 0) exit(1);
}

int main(int argc, char **argv) {
    if (argc != 3) return 64;
    const int children = atoi(argv[1]);
    const int lines = atoi(argv[2]);
    pthread_t thread;
    pthread_create(&thread, NULL, idle, NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("parent %d before\n", getpid());
    for (int i = 0; i < children; i++) {
        const pid_t child = fork();
        if (child < 0) return 1;
        if (child > 0) continue;
        by_vfork_that_speaks();
        for (int line = 0; line < lines; line++)
            printf("child %d line %d\n", getpid(), line);
        _exit(0);
    }
    for (int i = 0; i < children; i++) {
        int status = 0;
        if (wait(&status) < 0 || status != 0) return 1;
    }
    printf("parent %d between\n", getpid());
    by_vfork();
    printf("parent %d after\n", getpid());
    is_over = 1;
    pthread_join(thread, NULL);
    return 0;
}
