/* An application that writes one line when it starts, and ends when it is told to. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    (void)signal(SIGTERM, _exit);
    puts("started");
    (void)fflush(stdout);
    for (;;)
        (void)pause();
}
