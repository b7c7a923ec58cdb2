/* Says a line every 20 ms, COUNT times: over-time COUNT */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    const int count = argc > 1 ? atoi(argv[1]) : 0;
    for (int i = 1; i <= count; i++) {
        char line[64];
        const int length = snprintf(line, sizeof line, "line %d in %ld\n", i, (long)time(NULL));
        if (write(1, line, (size_t)length) != length) return 1;
        (void)poll(NULL, 0, 20);
    }
    return 0;
}
