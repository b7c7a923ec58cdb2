/* Prints lines and stacks as a debugger shows them, line by line on stderr, or by stdio's buffer on stdout. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int truth, count;
static const char *load;
static FILE *out;

static void *loop(void *name) {
    for (int i = 0; i < count; i++) {
        if (i % 10 == 9) {
            fprintf(out, "==%d==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010\n", i);
            fprintf(out, "READ of size 4 at 0x602000000010 thread T0\n");
            for (int k = 0; k < 3; k++) fprintf(out, "    #%d 0x55d0c7a3f1b%d in handle /src/shop.c:%d\n", k, k, 40 + k);
            fprintf(out, "SUMMARY: AddressSanitizer: heap-use-after-free /src/shop.c:40 in handle\n");
        } else if (i % 5 == 4) {
            fprintf(out, "%s: order %d failed, stack:\n", (char *)name, i);
            for (int k = 0; k < 6; k++) fprintf(out, "#%d  0x000055d0c7a3f1b%d in handle (i=%d) at shop.c:%d\n", k, k, i, 40 + k);
        } else {
            fprintf(out, "%s: order %d accepted\n", (char *)name, i);
        }
        if (strcmp(load, "block") != 0) fflush(out);
        if (write(truth, "e\n", 2) != 2) abort();
        if (strcmp(load, "low") == 0 || strcmp(load, "pipe") == 0) usleep(4000);
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    truth = open(getenv("TRUTH"), O_WRONLY | O_CREAT | O_APPEND, 0644);
    out = strcmp(argv[1], "stdout") == 0 ? stdout : stderr;
    count = atoi(argv[2]);
    load = argv[3];
    if (strcmp(load, "threads") != 0) {
        loop("main");
        return 0;
    }
    pthread_t threads[2];
    for (int n = 0; n < 2; n++) pthread_create(&threads[n], NULL, loop, n == 0 ? "worker-0" : "worker-1");
    for (int n = 0; n < 2; n++) pthread_join(threads[n], NULL);
    return 0;
}
