/*
 * Stands around one run of a program: is the other end of the library's socket, holds the real pipes that the program
 * writes its stdout and stderr to, and knows when the last of its descendants has ended.
 *
 *     referee TARGET HALF TIMEOUT_MS RESULTS SOCKET DIRECTORY STDIN [NAME=VALUE]... -- COMMAND [ARGUMENT]...
 *
 * TARGET: present, absent, late, full, closed or restarted. RESULTS gets stdout, stderr and one file a connection,
 * connection-GENERATION-NUMBER. Prints how the command ended: `exit CODE`, `signal NUMBER` or `timeout`; then, on a
 * line of its own, the last generation: 1 once the target went away.
 *
 * In C because Node has no shutdown(SHUT_RD): what is queued on a unix socket can still be read after it, and from then
 * on its writer gets EPIPE. So a target that goes away loses nothing in flight, and a check of what it got is exact.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SOURCES_MAX = 4096, BUFFER_BYTES = 1 << 18, LATE_MS = 20 };

/* What is read into a file: an original stream or a connection. */
struct source {
    int fd;
    int file;
    bool is_connection;
};

static struct source sources[SOURCES_MAX];
static int source_count;
static const char *target;
static const char *results;
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static int listening = -1;
static int generation;
static size_t half;
static size_t received; /* bytes of all connections */
static bool original_came;

static long long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static bool is_target(const char *name) {
    return strcmp(target, name) == 0;
}

static bool is_going_away(void) {
    return generation == 0 && (is_target("closed") || is_target("restarted"));
}

static void add_source(int fd, const char *name, bool is_connection) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", results, name);
    if (source_count == SOURCES_MAX) errx(2, "more than %d connections", SOURCES_MAX);
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file < 0) err(2, "%s", path);
    sources[source_count++] = (struct source){.fd = fd, .file = file, .is_connection = is_connection};
}

static void start_listening(void) {
    listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(listening, (struct sockaddr *)&address, sizeof address) != 0) err(2, "bind %s", address.sun_path);
    if (chmod(address.sun_path, 0777) != 0 || listen(listening, 512) != 0) err(2, "listen %s", address.sun_path);
}

static void accept_all(void) {
    static int number;
    for (int fd; listening >= 0 && (fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;) {
        char name[64];
        snprintf(name, sizeof name, "connection-%d-%05d", generation, number++);
        add_source(fd, name, true);
    }
}

/* Reads `limit` bytes at most. Answers whether there may be more now. */
static bool read_source(struct source *source, size_t limit) {
    static char buffer[BUFFER_BYTES];
    const ssize_t got = read(source->fd, buffer, limit < sizeof buffer ? limit : sizeof buffer);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (got <= 0) {
        close(source->fd);
        close(source->file);
        source->fd = -1;
        return false;
    }
    if (write(source->file, buffer, (size_t)got) != got) err(2, "write to %s", results);
    if (source->is_connection) {
        received += (size_t)got;
    } else {
        original_came = true;
    }
    return true;
}

/* No connection is accepted and no byte taken any more, but what is there is read. */
static void go_away(void) {
    unlink(address.sun_path);
    shutdown(listening, SHUT_RD);
    accept_all();
    close(listening);
    listening = -1;
    for (int i = 0; i < source_count; i++) {
        struct source *source = &sources[i];
        if (!source->is_connection || source->fd < 0) continue;
        shutdown(source->fd, SHUT_RD);
        while (source->fd >= 0)
            (void)read_source(source, BUFFER_BYTES);
    }
    generation++;
    if (is_target("restarted")) start_listening();
}

static void look_around(bool reads_connections, int timeout_ms, int signals) {
    struct pollfd polled[SOURCES_MAX + 2];
    struct source *owner[SOURCES_MAX + 2];
    int count = 0;
    polled[count] = (struct pollfd){.fd = signals, .events = POLLIN};
    owner[count++] = NULL;
    polled[count] = (struct pollfd){.fd = listening, .events = POLLIN};
    owner[count++] = NULL;
    for (int i = 0; i < source_count; i++) {
        if (sources[i].fd < 0 || (sources[i].is_connection && !reads_connections)) continue;
        polled[count] = (struct pollfd){.fd = sources[i].fd, .events = POLLIN};
        owner[count++] = &sources[i];
    }
    if (poll(polled, (nfds_t)count, timeout_ms) < 0 && errno != EINTR) err(2, "poll");
    if (polled[0].revents != 0) {
        struct signalfd_siginfo info;
        (void)!read(signals, &info, sizeof info);
    }
    accept_all();
    for (int i = 2; i < count; i++) {
        if (polled[i].revents == 0 || owner[i]->fd < 0) continue;
        const bool is_limited = owner[i]->is_connection && is_going_away();
        (void)read_source(owner[i], is_limited ? half - received : BUFFER_BYTES);
        if (is_limited && received >= half) {
            go_away();
            return;
        }
    }
}

/* Kills the children of this process; theirs become its own, and are killed the next time. */
static void kill_children(void) {
    DIR *processes = opendir("/proc");
    if (processes == NULL) return;
    for (const struct dirent *entry; (entry = readdir(processes)) != NULL;) {
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        char path[300];
        char line[512] = "";
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        FILE *file = fopen(path, "re");
        if (file == NULL) continue;
        (void)!fgets(line, sizeof line, file);
        fclose(file);
        const char *name_end = strrchr(line, ')');
        int parent = 0;
        if (name_end == NULL || sscanf(name_end, ") %*c %d", &parent) != 1 || parent != getpid()) continue;
        kill(atoi(entry->d_name), SIGKILL);
    }
    closedir(processes);
}

static pid_t start(char **argv, const char *directory, const char *input, const int out[2], const int error[2]) {
    const pid_t child = fork();
    if (child != 0) return child;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    const int in = open(input, O_RDONLY | O_CLOEXEC);
    if (in < 0 || dup2(in, 0) < 0 || dup2(out[1], 1) < 0 || dup2(error[1], 2) < 0) _exit(127);
    if (chdir(directory) != 0) err(127, "%s", directory);
    for (; *argv != NULL && strcmp(*argv, "--") != 0; argv++)
        putenv(*argv);
    if (*argv != NULL) argv++;
    execvp(*argv, argv);
    err(127, "%s", *argv);
}

int main(int argc, char **argv) {
    if (argc < 10) errx(2, "usage: referee TARGET HALF TIMEOUT_MS RESULTS SOCKET DIRECTORY STDIN [N=V]... -- COMMAND");
    target = argv[1];
    half = strtoul(argv[2], NULL, 10);
    if (half == 0) errx(2, "HALF is a number of bytes above 0, not %s", argv[2]);
    const long long started = now_ms();
    const long long deadline = started + strtol(argv[3], NULL, 10);
    results = argv[4];
    if (strlen(argv[5]) >= sizeof address.sun_path) errx(2, "the path of a socket has at most 107 bytes: %s", argv[5]);
    strcpy(address.sun_path, argv[5]);

    sigset_t child_ended;
    sigemptyset(&child_ended);
    sigaddset(&child_ended, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_ended, NULL);
    const int signals = signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK);
    /* Descendants whose parent ends become children of this process, so none is overlooked. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);

    if (!is_target("absent") && !is_target("late")) start_listening();
    int out[2];
    int error[2];
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(error, O_CLOEXEC) != 0) err(2, "pipe");
    const pid_t command = start(argv + 8, argv[6], argv[7], out, error);
    close(out[1]);
    close(error[1]);
    /* Only this end: the program's has to wait for room, as ever. */
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    fcntl(error[0], F_SETFL, O_NONBLOCK);
    add_source(out[0], "stdout", false);
    add_source(error[0], "stderr", false);

    int status = 0;
    bool is_over_time = false;
    for (;;) {
        int ended = 0;
        pid_t pid = 0;
        while ((pid = waitpid(-1, &ended, WNOHANG)) > 0)
            if (pid == command) status = ended;
        if (pid < 0 && errno == ECHILD) break;
        if (now_ms() > deadline) {
            is_over_time = true;
            kill_children();
        }
        const bool is_late = is_target("late") && listening < 0;
        if (is_late && (original_came || now_ms() > started + LATE_MS)) start_listening();
        look_around(!is_target("full"), is_target("late") && listening < 0 ? 1 : 20, signals);
    }
    if (is_going_away() && received >= half) go_away();
    accept_all();
    /* All writers have ended: each source has an end. */
    for (int i = 0; i < source_count; i++)
        while (sources[i].fd >= 0 && read_source(&sources[i], BUFFER_BYTES)) {
        }
    if (is_over_time) {
        puts("timeout");
    } else if (WIFSIGNALED(status)) {
        printf("signal %d\n", WTERMSIG(status));
    } else {
        printf("exit %d\n", WEXITSTATUS(status));
    }
    printf("%d\n", generation);
    return 0;
}
