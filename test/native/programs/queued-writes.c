/* Writes that libc queues: `queued-writes WAY LOG OTHER`. Writes lines to LOG, or to stdout where WAY says so, checks each
 * result, and prints to stderr what it was told. OTHER is no log. */
#define _GNU_SOURCE
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINES = 200, LINE_BYTES = 16 };

static char lines[LINES][LINE_BYTES + 1];
static struct aiocb requests[LINES];
static sem_t told;
static const char *way;

static int is(const char *name) {
    return strcmp(way, name) == 0;
}

static void expect(int is_right, const char *what) {
    if (is_right) return;
    fprintf(stderr, "%s is wrong, errno %d\n", what, errno);
    exit(1);
}

static void fill(int i, int fd, off_t offset) {
    snprintf(lines[i], sizeof lines[i], "%*d\n", LINE_BYTES - 1, i);
    requests[i] = (struct aiocb){.aio_fildes = fd,
                                 .aio_buf = lines[i],
                                 .aio_nbytes = LINE_BYTES,
                                 .aio_offset = offset,
                                 .aio_lio_opcode = LIO_WRITE,
                                 .aio_sigevent = {.sigev_notify = SIGEV_NONE}};
}

static void finish(int i) {
    const struct aiocb *const one[] = {&requests[i]};
    while (aio_error(&requests[i]) == EINPROGRESS)
        aio_suspend(one, 1, NULL);
    expect(aio_error(&requests[i]) == 0, "aio_error");
    expect(aio_return(&requests[i]) == LINE_BYTES, "aio_return");
    expect(aio_cancel(requests[i].aio_fildes, &requests[i]) == AIO_ALLDONE, "aio_cancel");
}

static void by_thread(union sigval value) {
    (void)value;
    sem_post(&told);
}

static volatile int signals;
static void by_signal(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)context;
    if (info->si_code == SI_ASYNCIO && info->si_value.sival_int == 42) signals++;
}

static void wait_for_signals(int count) {
    for (int i = 0; signals < count && i < 3000; i++)
        usleep(10000);
    fprintf(stderr, "%d signals\n", signals);
}

/* One after the other, so that the order is known without the library too. */
static void write_each(int fd, int notify) {
    for (int i = 0; i < LINES; i++) {
        fill(i, fd, (off_t)i * LINE_BYTES);
        requests[i].aio_sigevent.sigev_notify = notify;
        requests[i].aio_sigevent.sigev_signo = SIGUSR1;
        requests[i].aio_sigevent.sigev_value.sival_int = 42;
        if (notify == SIGEV_THREAD) requests[i].aio_sigevent.sigev_notify_function = by_thread;
        expect(aio_write(&requests[i]) == 0, "aio_write");
        finish(i);
        if (notify == SIGEV_THREAD) sem_wait(&told);
        if (notify == SIGEV_SIGNAL) {
            for (int n = 0; signals <= i && n < 3000; n++)
                usleep(1000);
        }
    }
}

static void write_list(int fd, int other, int mode) {
    struct aiocb *list[LINES + 2] = {NULL};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 42};
    char byte = 0;
    struct aiocb reading = {.aio_fildes = other, .aio_buf = &byte, .aio_nbytes = 1, .aio_lio_opcode = LIO_READ};
    reading.aio_sigevent.sigev_notify = SIGEV_NONE;
    for (int i = 0; i < LINES; i++) {
        fill(i, fd, (off_t)i * LINE_BYTES);
        list[i] = &requests[i];
    }
    list[LINES + 1] = &reading;
    expect(lio_listio(mode, list, LINES + 2, mode == LIO_NOWAIT ? &event : NULL) == 0, "lio_listio");
    for (int i = 0; i < LINES; i++)
        finish(i);
    if (mode == LIO_NOWAIT) wait_for_signals(1);
    expect(aio_error(&reading) == 0 && aio_return(&reading) == 1 && byte == 'x', "what was read");
}

#ifdef __GLIBC__
int old_lio_listio(int, struct aiocb *const[], int, struct sigevent *);
#if defined(__x86_64__)
__asm__(".symver old_lio_listio, lio_listio@GLIBC_2.2.5");
#else
#define old_lio_listio lio_listio
#endif

/* Two writes, each with a signal of its own. */
static void write_old_list(int fd) {
    struct aiocb *list[2];
    for (int i = 0; i < 2; i++) {
        fill(i, fd, (off_t)i * LINE_BYTES);
        requests[i].aio_sigevent.sigev_notify = SIGEV_SIGNAL;
        requests[i].aio_sigevent.sigev_signo = SIGUSR1;
        requests[i].aio_sigevent.sigev_value.sival_int = 42;
        list[i] = &requests[i];
    }
    const int is_old = is("an old lio_listio");
    expect((is_old ? old_lio_listio : lio_listio)(LIO_WAIT, list, 2, NULL) == 0, "lio_listio");
    finish(0);
    finish(1);
    usleep(200000);
    fprintf(stderr, "%s signals\n", signals > 0 ? "some" : "no");
}
#endif

static void fail(int fd) {
    struct aiocb *const list[] = {&requests[0]};
    fill(0, fd, 0);
    expect(aio_write(&requests[0]) == 0, "aio_write");
    const struct aiocb *const one[] = {&requests[0]};
    while (aio_error(&requests[0]) == EINPROGRESS)
        aio_suspend(one, 1, NULL);
    fprintf(stderr, "error %d, result %zd\n", aio_error(&requests[0]), aio_return(&requests[0]));
    errno = 0;
    const int result = lio_listio(LIO_WAIT, list, 1, NULL);
    fprintf(stderr, "list %d, errno %d\n", result, errno);
}

int main(int count, char **arguments) {
    if (count < 4) return 99;
    way = arguments[1];
    const struct sigaction action = {.sa_sigaction = by_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    sem_init(&told, 0, 0);
    const int append = is("appended") ? O_APPEND : 0;
    const int read_only = is("a descriptor for reading") ? O_RDONLY : O_WRONLY;
    const int fd = is("stdout") ? 1 : open(arguments[2], O_CREAT | append | read_only, 0644);
    const int other = open(arguments[3], O_RDONLY);
    if (is("lio_listio, LIO_WAIT"))
        write_list(fd, other, LIO_WAIT);
    else if (is("lio_listio, LIO_NOWAIT"))
        write_list(fd, other, LIO_NOWAIT);
    else if (is("SIGEV_THREAD"))
        write_each(fd, SIGEV_THREAD);
    else if (is("SIGEV_SIGNAL"))
        write_each(fd, SIGEV_SIGNAL);
    else if (is("a descriptor for reading"))
        fail(fd);
#ifdef __GLIBC__
    else if (is("an old lio_listio") || is("lio_listio with signals"))
        write_old_list(fd);
#endif
    else
        write_each(fd, SIGEV_NONE);
    return 0;
}
