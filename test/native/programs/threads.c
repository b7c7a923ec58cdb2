/* Threads that write numbered lines of different lengths at once: threads THREADS LINES
 * A handler of SIGALRM writes too, interrupting them wherever they are; stderr gets their number. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static int lines;
/* Atomic: the next signal may interrupt another thread before the first one's handler has returned. */
static atomic_int bells;
static atomic_int written;

static size_t digits(char *out, int number) {
    char reversed[12];
    size_t count = 0;
    do {
        reversed[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    for (size_t i = 0; i < count; i++)
        out[i] = reversed[count - 1 - i];
    return count;
}

static void ring(int number) {
    (void)number;
    char line[32] = "bell ";
    size_t length = 5 + digits(line + 5, atomic_fetch_add(&bells, 1));
    line[length++] = '\n';
    if (write(1, line, length) == (ssize_t)length) atomic_fetch_add(&written, 1);
}

static void *work(void *argument) {
    const int self = (int)(long)argument;
    char line[256];
    for (int i = 0; i < lines; i++) {
        int length = snprintf(line, sizeof line, "thread %d line %d ", self, i);
        memset(line + length, 'x', (size_t)(i % 200));
        length += i % 200;
        line[length++] = '\n';
        if (write(1, line, (size_t)length) != length) exit(1);
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 3) return 64;
    pthread_t threads[64];
    const int count = atoi(argv[1]);
    lines = atoi(argv[2]);
    signal(SIGALRM, ring);
    const struct itimerval every = {.it_interval = {.tv_usec = 500}, .it_value = {.tv_usec = 500}};
    setitimer(ITIMER_REAL, &every, NULL);
    for (long i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, work, (void *)i);
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    signal(SIGALRM, SIG_IGN);
    fprintf(stderr, "%d\n", atomic_load(&written));
    return 0;
}
