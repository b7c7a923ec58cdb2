/* Descriptors that libc itself opens, closes and replaces: `inside-libc WAY [DIRECTORY]`. Writes 50 lines. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

enum { LINES = 50 };

static void write_lines(int fd) {
    for (int i = 0; i < LINES; i++)
        dprintf(fd, "line %d\n", i);
}

/* Leaves a descriptor behind that was looked at, and that pclose closes within libc. */
static void mail(void) {
    FILE *pipe = popen("cat >/dev/null", "w");
    fputs("mail\n", pipe);
    fflush(pipe);
    pclose(pipe);
    (void)!open("/dev/null", O_RDONLY);
}

static int make(const char *way, char *path) {
    if (strcmp(way, "mkstemp") == 0) return mkstemp(path);
    if (strcmp(way, "mkostemp") == 0) return mkostemp(path, O_APPEND);
    strcat(path, ".log");
    return strcmp(way, "mkstemps") == 0 ? mkstemps(path, 4) : mkostemps(path, 4, O_CLOEXEC);
}

static int show(int master) {
    char bytes[4096];
    for (ssize_t got; (got = read(master, bytes, sizeof bytes)) > 0;) {
        for (ssize_t i = 0; i < got; i++) {
            if (bytes[i] != '\r') putchar(bytes[i]);
        }
    }
    return wait(NULL) < 0;
}

/* libc closes stdout, opens nothing, and the number goes to a connection. */
static int lose_stdout(const char *way) {
    static const char secret[] = "of a connection\n";
    char got[sizeof secret] = "";
    int ends[2];
    write_lines(1);
    if (freopen(way, "w", stdout) != NULL) return 1;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 || ends[0] != 1) return 2;
    if (write(1, secret, sizeof secret) != sizeof secret) return 3;
    return recv(ends[1], got, sizeof got, MSG_DONTWAIT) == sizeof got && strcmp(got, secret) == 0 ? 0 : 4;
}

int main(int count, char **arguments) {
    const char *way = arguments[1];
    int master = -1;
    int slave = -1;
    puts("begins");
    fflush(stdout);
    if (strcmp(way, "forkpty") == 0) {
        if (forkpty(&master, NULL, NULL, NULL) != 0) return show(master);
        write_lines(1);
        _exit(0);
    }
    if (strcmp(way, "login_tty") == 0) {
        if (openpty(&master, &slave, NULL, NULL, NULL) != 0) return 1;
        if (fork() != 0) return close(slave) + show(master);
        write_lines(2);
        if (login_tty(slave) != 0) _exit(1);
        write_lines(1);
        _exit(0);
    }
    if (strcmp(way, "freopen") == 0) return lose_stdout("/dev/null/nothing");
    char path[4096];
    snprintf(path, sizeof path, "%s/app-XXXXXX", count > 2 ? arguments[2] : ".");
    mail();
    const int fd = make(way, path);
    write_lines(fd);
    return close(fd);
}
