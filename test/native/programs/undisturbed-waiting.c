/* Calls that wait, and what ends them: undisturbed-waiting
 * Prints one line an outcome. Its output is what the caller compares, so every line is a tapped write too. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void say(const char *what, long result) {
    char line[128];
    const int length = snprintf(line, sizeof line, "%s: %ld\n", what, result);
    (void)!write(1, line, (size_t)length);
}

static long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int ends[2];
static volatile sig_atomic_t rings;

static void ring(int number) {
    (void)number;
    static const char line[] = "a line of the handler\n";
    (void)!write(1, line, sizeof line - 1);
    /* The second one lets a read that was started again come to its end. */
    if (++rings == 2) (void)!write(ends[1], "y", 1);
}

static void interrupt(int number) {
    (void)number;
    static volatile sig_atomic_t interruptions;
    static const char line[] = "a line of the handler\n";
    if (++interruptions == 1) (void)!write(1, line, sizeof line - 1);
}

static void interrupted_reads(void) {
    struct sigaction action = {.sa_handler = interrupt};
    const struct itimerval soon = {.it_value = {.tv_usec = 100000}};
    /* Again and again: on a busy machine the first one may come before the read has begun. */
    const struct itimerval again = {.it_value = soon.it_value, .it_interval = soon.it_value};
    const struct itimerval never = {0};
    char byte = 0;
    if (pipe(ends) != 0) exit(1);
    sigaction(SIGALRM, &action, NULL);
    const long begin = now_ms();
    setitimer(ITIMER_REAL, &again, NULL);
    errno = 0;
    const long got = read(ends[0], &byte, 1);
    setitimer(ITIMER_REAL, &never, NULL);
    say("interrupted read", got);
    say("its errno", errno);
    say("it took 100 ms at least", now_ms() - begin >= 95);
    rings = 1;
    action.sa_handler = ring;
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    say("read that goes on", read(ends[0], &byte, 1));
    say("its byte", byte);
    close(ends[0]);
    close(ends[1]);
}

static void unlock(void *done) {
    *(int *)done += 1;
}

static int cleaned;
static atomic_bool is_about_to_block;
static int (*blocked_pipe)[2];

static void *block_in_write(void *argument) {
    static char page[65536];
    (void)argument;
    pthread_cleanup_push(unlock, &cleaned);
    is_about_to_block = true;
    for (;;)
        (void)!write((*blocked_pipe)[1], page, sizeof page);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *block_in_read(void *argument) {
    char byte;
    (void)argument;
    pthread_cleanup_push(unlock, &cleaned);
    (void)!write(1, "about to read\n", 14);
    is_about_to_block = true;
    (void)!read((*blocked_pipe)[0], &byte, 1);
    pthread_cleanup_pop(0);
    return NULL;
}

static void cancelled(const char *what, void *(*work)(void *)) {
    int both[2];
    pthread_t thread;
    void *result = NULL;
    const int before = cleaned;
    if (pipe(both) != 0) exit(1);
    blocked_pipe = &both;
    is_about_to_block = false;
    pthread_create(&thread, NULL, work, NULL);
    while (!is_about_to_block)
        usleep(1000);
    usleep(100000);
    say(what, pthread_cancel(thread));
    say("joined", pthread_join(thread, &result));
    say("was cancelled", result == PTHREAD_CANCELED);
    say("handlers that ran", cleaned - before);
    close(both[0]);
    close(both[1]);
}

/* A handler on the smallest stack that this machine's kernel and a modest handler need. */
static void on_alternate_stack(void) {
    const size_t size = getauxval(51 /* AT_MINSIGSTKSZ */) + 8192;
    stack_t stack = {.ss_sp = malloc(size), .ss_size = size};
    struct sigaction action = {.sa_handler = ring, .sa_flags = SA_ONSTACK};
    sigaltstack(&stack, NULL);
    sigaction(SIGUSR1, &action, NULL);
    say("on an alternate stack", raise(SIGUSR1));
    stack_t after;
    sigaltstack(NULL, &after);
    say("the same stack", after.ss_sp == stack.ss_sp && after.ss_size == size);
    stack.ss_flags = SS_DISABLE;
    sigaltstack(&stack, NULL);
}

static void *write_a_little(void *argument) {
    (void)argument;
    for (int i = 0; i < 3; i++)
        say("from a small stack", i);
    return NULL;
}

static void small_stack(void) {
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    say("small stack", pthread_attr_setstacksize(&attributes, 16384));
    const int created = pthread_create(&thread, &attributes, write_a_little, NULL);
    say("join", created == 0 ? pthread_join(thread, NULL) : created);
}

int main(void) {
    /* First, so that the library opens its target there. */
    if (getenv("FIRST_ON_SMALL_STACK") != NULL) small_stack();
    on_alternate_stack();
    rings = 0;
    interrupted_reads();
    cancelled("cancel of a blocked write", block_in_write);
    cancelled("cancel of a blocked read", block_in_read);
    small_stack();
    return 7;
}
