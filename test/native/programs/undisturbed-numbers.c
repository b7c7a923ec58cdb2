/* What a program sees of its own process: undisturbed-numbers REPORT
 * Descriptor numbers of all kinds of calls, also under a low limit; the mask of files, the directory, memory. The
 * report is compared between two runs; lines that begin with "apart" hold what the library may add to. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char report[1 << 14];
static size_t length;

#define NOTE(...) (length += (size_t)snprintf(report + length, sizeof report - length, __VA_ARGS__))

static void write_once(void) {
    (void)!write(1, "a line\n", 7);
    (void)!write(2, "an error\n", 9);
}

static void numbers(void) {
    int pipe_ends[2] = {-1, -1};
    int pair[2] = {-1, -1};
    FILE *file = NULL;
    NOTE("open %d\n", open("/dev/null", O_RDWR));
    write_once();
    NOTE("dup %d\n", dup(0));
    NOTE("socket %d\n", socket(AF_UNIX, SOCK_STREAM, 0));
    NOTE("pipe %d", pipe(pipe_ends));
    NOTE(" %d %d\n", pipe_ends[0], pipe_ends[1]);
    NOTE("socketpair %d", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    NOTE(" %d %d\n", pair[0], pair[1]);
    NOTE("eventfd %d\n", eventfd(0, 0));
    write_once();
    NOTE("fcntl %d\n", fcntl(pipe_ends[0], F_DUPFD, 10));
    NOTE("openat %d\n", openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY));
    file = fopen("/dev/null", "w");
    NOTE("fopen %d\n", file == NULL ? -1 : fileno(file));
    write_once();
    NOTE("dup2 %d\n", dup2(pipe_ends[0], 30));
    NOTE("the lowest again %d\n", (close(pipe_ends[0]), dup(30)));
}

static void readiness(void) {
    int ends[2];
    if (pipe(ends) != 0) return;
    struct pollfd all[] = {{.fd = ends[0], .events = POLLIN}, {.fd = ends[1], .events = POLLOUT}, {.fd = 777}};
    NOTE("poll %d", poll(all, 3, 0));
    NOTE(" %d %d %d\n", all[0].revents, all[1].revents, all[2].revents);
    fd_set set;
    struct timeval now = {0, 0};
    FD_ZERO(&set);
    FD_SET(ends[1], &set);
    NOTE("select %d\n", select(ends[1] + 1, NULL, &set, NULL, &now));
    (void)!write(ends[1], "x", 1);
    NOTE("poll %d\n", poll(all, 1, 0));
    close(ends[0]);
    close(ends[1]);
}

/* Every number below 100: the library stays above. */
static void descriptors(void) {
    for (int fd = 0; fd < 100; fd++)
        if (fcntl(fd, F_GETFD) != -1) NOTE("has %d, flags %d\n", fd, fcntl(fd, F_GETFD));
    DIR *directory = opendir("/proc/self/fd");
    int count = 0;
    while (directory != NULL && readdir(directory) != NULL)
        count++;
    if (directory != NULL) closedir(directory);
    NOTE("apart descriptors %d\n", count);
}

static void low_limit(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    NOTE("limit %lu\n", (unsigned long)limit.rlim_cur);
    limit.rlim_cur = 40;
    NOTE("setrlimit %d\n", setrlimit(RLIMIT_NOFILE, &limit));
    int last = -1;
    for (int fd = dup(0); fd >= 0; fd = dup(0))
        last = fd;
    NOTE("last below the limit %d, errno %d\n", last, errno);
    write_once();
    for (int fd = 31; fd < 40; fd++)
        close(fd);
}

static void surroundings(const char *path) {
    char directory[4096];
    struct stat file;
    struct rusage usage;
    const mode_t mask = umask(077);
    NOTE("umask %o\n", mask);
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);
    write_once();
    NOTE("mode %o\n", fstat(fd, &file) == 0 ? file.st_mode : 0);
    close(fd);
    NOTE("umask %o\n", umask(mask));
    NOTE("directory %s\n", getcwd(directory, sizeof directory) == NULL ? "none" : directory);
    NOTE("chdir %d\n", chdir("/"));
    write_once();
    NOTE("directory %s\n", getcwd(directory, sizeof directory) == NULL ? "none" : directory);
    getrusage(RUSAGE_SELF, &usage);
    NOTE("apart maxrss %ld\n", usage.ru_maxrss);
}

int main(int argc, char **argv) {
    if (argc != 2) return 64;
    numbers();
    readiness();
    descriptors();
    surroundings(argv[1]);
    low_limit();
    write_once();
    const int out = open(argv[1], O_WRONLY | O_TRUNC);
    if (out < 0 || write(out, report, length) != (ssize_t)length) return 1;
    return 0;
}
