/* Lines by write(), to stdout, stderr and a log file. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void) {
    const int log = open("app.log", O_WRONLY | O_CREAT | O_APPEND, 0644);
    for (int i = 0; i < 300; i++) {
        char line[64];
        const int fds[] = {1, 2, log};
        const char *const names[] = {"out", "err", "log"};
        for (int f = 0; f < 3; f++) {
            const int length = snprintf(line, sizeof line, "%s %d\n", names[f], i);
            if (write(fds[f], line, (size_t)length) != length) return 1;
        }
    }
    return 7;
}
