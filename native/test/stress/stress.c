/* Strains the library: stress PROCESSES THREADS WRITES LEDGER
 *
 * Each process runs threads that write WRITES lines each to stdout, while a timer's handler writes too, wherever it
 * interrupts; one thread in four copies and closes descriptors all the time, and every so often a thread forks a child
 * that writes a few lines and ends at once. Every process appends "pid bytes lines" of what it was told is written to
 * the file LEDGER. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS_MAX = 64, FORK_EVERY = 2000, CHURN_EVERY = 16, CHILD_LINES = 3, TIMER_US = 2000 };

static const char *ledger;
static int writes;
static pid_t rings_in;
static atomic_ulong bytes_written;
static atomic_ulong lines_written;

static void say(int fd, const char *line, size_t length) {
    if (write(fd, line, length) != (ssize_t)length) abort();
    atomic_fetch_add(&bytes_written, length);
    atomic_fetch_add(&lines_written, 1);
}

static void on_alarm(int number) {
    (void)number;
    /* A signal that the thread sanitizer held back is delivered in a child, before that has begun its own count. */
    if (getpid() == rings_in) say(1, "ring\n", 5);
}

static void close_the_books(void) {
    char line[96];
    const int length = snprintf(line, sizeof line, "%d %lu %lu\n", (int)getpid(), atomic_load(&bytes_written),
                                atomic_load(&lines_written));
    const int fd = open(ledger, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, line, (size_t)length) != length || close(fd) != 0) abort();
}

static void short_life(void) {
    atomic_store(&bytes_written, 0);
    atomic_store(&lines_written, 0);
    for (int i = 0; i < CHILD_LINES; i++)
        say(1, "a child that is soon gone\n", 26);
    close_the_books();
    _exit(0);
}

static void fork_one(void) {
    const pid_t child = fork();
    if (child == 0) short_life();
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) abort();
}

static void churn(const char *line, size_t length) {
    const int copy = dup(1);
    const int other = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (copy < 0 || other < 0) abort();
    say(copy, line, length);
    if (close(copy) != 0 || dup2(1, other) != other) abort();
    say(other, line, length);
    if (close(other) != 0) abort();
}

static void *work(void *argument) {
    const long self = (long)argument;
    for (int i = 0; i < writes; i++) {
        char line[128];
        const int length = snprintf(line, sizeof line, "thread %ld line %d %.*s\n", self, i, i % 40,
                                    "........................................");
        if (self % 4 == 0 && i % CHURN_EVERY == 0) {
            churn(line, (size_t)length);
            i++;
        } else {
            say(1, line, (size_t)length);
        }
        if (i % FORK_EVERY == FORK_EVERY - 1) fork_one();
    }
    return NULL;
}

static int run_process(int threads) {
    pthread_t thread[THREADS_MAX];
    rings_in = getpid();
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    const struct itimerval every = {{0, TIMER_US}, {0, TIMER_US}};
    const struct itimerval never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &every, NULL);
    for (long i = 0; i < threads; i++) {
        if (pthread_create(&thread[i], NULL, work, (void *)i) != 0) abort();
    }
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    setitimer(ITIMER_REAL, &never, NULL);
    signal(SIGALRM, SIG_IGN);
    close_the_books();
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 5) return 64;
    const int processes = atoi(argv[1]);
    const int threads = atoi(argv[2]);
    writes = atoi(argv[3]);
    ledger = argv[4];
    if (threads > THREADS_MAX) return 64;
    for (int i = 1; i < processes; i++) {
        if (fork() == 0) return run_process(threads);
    }
    int failures = run_process(threads);
    for (int i = 1; i < processes; i++) {
        int status = 0;
        if (wait(&status) < 0 || status != 0) failures++;
    }
    return failures;
}
