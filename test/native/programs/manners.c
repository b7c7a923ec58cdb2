/* Looks whether the library keeps out of the way: manners
 * Each failed expectation is one line on stderr; exits with their number. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int failures;

#define expect(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) failures++, fprintf(stderr, "line %d: %s (errno %d)\n", __LINE__, #condition, errno);        \
    } while (0)

static void say(const char *text) {
    expect(write(1, text, strlen(text)) == (ssize_t)strlen(text));
}

static void errno_is_kept(void) {
    errno = 77;
    say("errno\n");
    expect(errno == 77);
    printf("errno of stdio\n");
    fflush(stdout);
    expect(errno == 77);
    expect(write(-1, "x", 1) == -1 && errno == EBADF);
    expect(write(999, "x", 1) == -1 && errno == EBADF);
    const int read_only = open("/dev/null", O_RDONLY);
    expect(write(read_only, "x", 1) == -1 && errno == EBADF);
    expect(close(read_only) == 0);
    expect(close(read_only) == -1 && errno == EBADF);
    expect(open("/no/such/file", O_WRONLY) == -1 && errno == ENOENT);
    expect(fopen("/no/such/file", "w") == NULL && errno == ENOENT);
    expect(write(1, NULL, 0) == 0);
}

/* Descriptors that the application did not open: the library's. They must be out of its way. */
static int library_descriptor(void) {
    int found = -1;
    DIR *directory = opendir("/proc/self/fd");
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        const int fd = atoi(entry->d_name);
        if (entry->d_name[0] == '.' || fd <= 2 || fd == dirfd(directory)) continue;
        char path[64];
        char target[256] = "";
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (readlink(path, target, sizeof target - 1) > 0 && strncmp(target, "socket:", 7) == 0) found = fd;
    }
    closedir(directory);
    return found;
}

static void descriptors_are_out_of_the_way(void) {
    const int own = library_descriptor();
    expect(own >= 100);
    /* It does not exist for the application. */
    expect(close(own) == -1 && errno == EBADF);
    expect(dup(own) == -1 && errno == EBADF);
    expect(fcntl(own, F_GETFD) == -1 && errno == EBADF);
    say("after close of the library's descriptor\n");

    expect(dup2(1, own) == own);
    say("after dup2 over it\n");
    expect(write(own, "through the number that was the library's\n", 42) == 42);
    expect(close(own) == 0);

    const int free_before = dup(0);
    close(free_before);
    expect(free_before < 100);
    for (int fd = 3; fd < 4096; fd++)
        close(fd);
    say("after a loop that closes everything\n");
#ifdef __GLIBC__
#if __GLIBC_PREREQ(2, 34)
    expect(close_range(3, ~0U, 0) == 0);
    closefrom(3);
#endif
#endif
    say("after close_range and closefrom\n");
    expect(library_descriptor() >= 100);
}

static sigjmp_buf away;

static void leave(int number) {
    (void)number;
    siglongjmp(away, 1);
}

static void *say_too(void *argument) {
    (void)argument;
    const time_t before = time(NULL);
    say("and another thread\n");
    /* The library takes a holder of its lock for dead after a second and what LLT_ON_FULL allows. */
    expect(time(NULL) - before <= 3);
    return NULL;
}

/* A handler that jumps out of the code that it interrupted, the library's included. */
static void survives_siglongjmp(void) {
    signal(SIGALRM, leave);
    for (volatile int i = 0; i < 200; i++) {
        if (sigsetjmp(away, 1) != 0) continue;
        ualarm(50 + (unsigned)i, 0);
        for (int line = 0; line < 100000; line++)
            (void)!write(2, "", 0), (void)!write(1, ".\n", 2);
    }
    signal(SIGALRM, SIG_IGN);
    say("after siglongjmp\n");
    pthread_t thread;
    expect(pthread_create(&thread, NULL, say_too, NULL) == 0);
    expect(pthread_join(thread, NULL) == 0);
}

static void pipe_of_nobody(void) {
    int ends[2];
    expect(pipe(ends) == 0);
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    expect(write(ends[1], "x", 1) == -1 && errno == EPIPE);
    close(ends[1]);
}

int main(void) {
    errno_is_kept();
    descriptors_are_out_of_the_way();
    pipe_of_nobody();
    survives_siglongjmp();
    printf("%d failures\n", failures);
    return failures;
}
