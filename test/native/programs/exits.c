/* Writes a line and ends: exits WAY [STATUS]. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <error.h>
#endif

static int status;

static void *exit_in_thread(void *nothing) {
    (void)nothing;
    exit(status);
}

static void write_late(void) {
    printf("late\n");
    fflush(stdout);
}

static void exit_anew(void) {
    _exit(status + 1);
}

int main(int count, char **arguments) {
    const char *way = arguments[1];
    status = count > 2 ? atoi(arguments[2]) : 0;
    if (strcmp(way, "buffered") == 0) {
        printf("line"); /* is written after all destructors */
        exit(status);
    }
    printf("line\n");
    fflush(stdout);
    errno = ENOENT;
    if (strcmp(way, "return") == 0) return status;
    if (strcmp(way, "exit") == 0) exit(status);
    if (strcmp(way, "_exit") == 0) _exit(status);
    if (strcmp(way, "_Exit") == 0) _Exit(status);
    if (strcmp(way, "quick_exit") == 0) quick_exit(status);
    if (strcmp(way, "err") == 0) err(status, "failed");
    if (strcmp(way, "errx") == 0) errx(status, "failed with %d", status);
    if (strcmp(way, "syscall") == 0) syscall(SYS_exit_group, status);
    if (strcmp(way, "abort") == 0) abort();
    if (strcmp(way, "kill") == 0) kill(getpid(), SIGKILL);
#ifdef __GLIBC__
    if (strcmp(way, "error") == 0) error(status, 0, "failed");
#endif
    if (strcmp(way, "atexit") == 0) {
        atexit(write_late);
        return status;
    }
    if (strcmp(way, "anew") == 0) {
        atexit(exit_anew);
        exit(status);
    }
    if (strcmp(way, "thread") == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, exit_in_thread, NULL);
        pthread_join(thread, NULL);
    }
    if (strcmp(way, "child") == 0) {
        if (fork() == 0) {
            printf("child\n");
            exit(status);
        }
        wait(NULL);
        return 0;
    }
    if (strcmp(way, "vfork") == 0) {
        if (vfork() == 0) {
            execl("/nonexistent", "x", (char *)NULL);
            _exit(127);
        }
        wait(NULL);
        return status;
    }
    if (strcmp(way, "exec") == 0) {
        execl("/nonexistent", "x", (char *)NULL);
        return status;
    }
    return 99;
}
