/* Writes from signal handlers on an alternate stack, which has BYTES more than the kernel needs to run a handler there.
 * The page below it cannot be used. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, MINIMUM_TAG = 51 /* AT_MINSIGSTKSZ */, OLD_KERNEL_BYTES = 2048, TIMES = 3 };

static void on_signal(int number) {
    (void)number;
    static const char line[] = "from a handler\n";
    if (write(STDOUT_FILENO, line, sizeof line - 1) < 0) _exit(3);
}

int main(int count, char **arguments) {
    if (count != 2) return 2;
    const unsigned long minimum = getauxval(MINIMUM_TAG);
    const size_t size = (minimum == 0 ? OLD_KERNEL_BYTES : minimum) + strtoul(arguments[1], NULL, 10);
    char *pages = mmap(NULL, PAGE + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages, PAGE, PROT_NONE) != 0) return 2;
    const stack_t stack = {.ss_sp = pages + PAGE, .ss_size = size};
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    if (sigaltstack(&stack, NULL) != 0 || sigaction(SIGUSR1, &action, NULL) != 0) return 2;
    for (int i = 0; i < TIMES; i++)
        raise(SIGUSR1);
    return 0;
}
