/* A program that limits the size of its files: size-limited WAY BEFORE BYTES
 * Says BEFORE lines, limits itself by setrlimit, prlimit, number (of the system call) or vfork (a child that leaves),
 * and says 2,000 more, of which the first is long. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(char letter, size_t length) {
    static char line[100000];
    memset(line, letter, length);
    line[length - 1] = '\n';
    (void)!write(1, line, length);
}

int main(int argc, char **argv) {
    if (argc != 4) return 64;
    const struct rlimit limit = {strtoul(argv[3], NULL, 10), strtoul(argv[3], NULL, 10)};
    for (int i = atoi(argv[2]); i > 0; i--)
        say('b', 100);
    int result = -1;
    if (strcmp(argv[1], "setrlimit") == 0) result = setrlimit(RLIMIT_FSIZE, &limit);
    if (strcmp(argv[1], "prlimit") == 0) result = prlimit(getpid(), RLIMIT_FSIZE, &limit, NULL);
    if (strcmp(argv[1], "number") == 0) result = (int)syscall(SYS_prlimit64, 0, RLIMIT_FSIZE, &limit, NULL);
    if (strcmp(argv[1], "vfork") == 0) {
        int status = 0;
        const pid_t child = vfork();
        if (child == 0) _exit(setrlimit(RLIMIT_FSIZE, &limit) != 0);
        result = waitpid(child, &status, 0) == child ? status : -1;
    }
    if (result != 0) return 1;
    say('l', sizeof(char[100000]));
    for (int i = 1; i < 2000; i++)
        say('a', 100);
    return 0;
}
