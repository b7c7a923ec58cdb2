/* Copies by the kernel, sends and direct system calls onto one kind of stdout.
 * copies KIND ...    makes stdout, whose bytes end up in the file `out`, and runs the rest under the library $TAP, so
 *                    that this stdout is the container's;
 * copies run REPORT  does everything, and reports what each call answered;
 * copies large WAY   copies 16 MiB of numbers in one way;
 * copies blind WAY   copies a line from a pipe when there is no descriptor left to look at it through. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOURCE_BYTES = 600000, RECORD_BYTES = 8, LARGE_BYTES = 16 << 20 };

static FILE *report;
static int source;
static int is_file;     /* stdout */
static loff_t position; /* that stdout has where it is a file, when everything is written to it */

#if defined(__GLIBC__)
#define COPY_RANGE copy_file_range
#else
#define COPY_RANGE(...) syscall(SYS_copy_file_range, __VA_ARGS__)
#endif

static void die(const char *what) {
    perror(what);
    exit(70);
}

static int pipe_with(const char *text, size_t length, int flags) {
    int ends[2];
    if (pipe2(ends, flags) != 0 || write(ends[1], text, length) != (ssize_t)length) die("pipe");
    close(ends[1]);
    return ends[0];
}

/* What a call answered: result, errno, where the source is. */
static ssize_t said(const char *name, ssize_t result) {
    const int error = errno;
    fprintf(report, "%s %zd %d at %ld\n", name, result, error, (long)lseek(source, 0, SEEK_CUR));
    if (result > 0) position += result;
    /* Files that are written at a position keep their own where it is. */
    if (is_file) lseek(1, position, SEEK_SET);
    errno = ESRCH;
    return result;
}
#define SAY(call) said(#call, call)

static void say_number(const char *name, long value) {
    fprintf(report, "%s %ld\n", name, value);
}

/* All of it, however many bytes go to a pipe at once. */
static void send_all(const char *name, loff_t *at, size_t length) {
    size_t done = 0;
    while (done < length) {
        const ssize_t sent = sendfile(1, source, at, length - done);
        if (sent <= 0) break;
        done += (size_t)sent;
    }
    said(name, (ssize_t)done);
}

static void by_sendfile(void) {
    loff_t at = 100;
    SAY(sendfile(1, source, &at, 50));
    say_number("offset", at);
    SAY(sendfile(1, source, NULL, 70));
    SAY(sendfile(1, source, NULL, 0));
    at = 7;
    send_all("sendfile at an offset, much", &at, 300001);
    say_number("offset", at);
    send_all("sendfile, much", NULL, 270000);
    at = SOURCE_BYTES - 5;
    SAY(sendfile(1, source, &at, 50));
    say_number("offset", at);
    SAY(sendfile(1, source, &at, 50));
    at = -1;
    SAY(sendfile(1, source, &at, 50));
    SAY(sendfile(1, -1, NULL, 50));
    SAY(sendfile(1, 1, NULL, 50));
    SAY(sendfile(1, source, (off_t *)16, 50));
    SAY(syscall(SYS_sendfile, 1, source, NULL, 20));
    const int directory = open("/", O_RDONLY);
    SAY(sendfile(1, directory, NULL, 50));
    close(directory);
    const int from = pipe_with("in a pipe\n", 10, 0);
    SAY(sendfile(1, from, NULL, 50));
    close(from);
}

static void by_splice(void) {
    loff_t at = 1000;
    SAY(splice(source, &at, 1, NULL, 40, 0));
    say_number("offset", at);
    SAY(splice(source, NULL, 1, NULL, 40, SPLICE_F_MOVE | SPLICE_F_MORE));
    SAY(splice(source, NULL, 1, NULL, 40, 1 << 20));
    int from = pipe_with("spliced from a pipe\n", 20, 0);
    SAY(splice(from, &at, 1, NULL, 5, 0));
    SAY(splice(from, NULL, 1, NULL, 0, 0));
    SAY(splice(from, NULL, 1, NULL, 7, 0));
    SAY(splice(from, NULL, 1, NULL, 100, 0));
    SAY(splice(from, NULL, 1, NULL, 100, 0));
    close(from);
    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) die("socketpair");
    if (write(sockets[1], "spliced from a socket\n", 22) != 22) die("write");
    SAY(splice(sockets[0], NULL, 1, NULL, 7, 0));
    SAY(splice(sockets[0], NULL, 1, NULL, 100, 0));
    SAY(splice(sockets[0], NULL, 1, NULL, 100, SPLICE_F_NONBLOCK));
    close(sockets[1]);
    SAY(splice(sockets[0], NULL, 1, NULL, 100, 0));
    close(sockets[0]);
    from = pipe_with("by number\n", 10, 0);
    SAY(syscall(SYS_splice, from, NULL, 1, NULL, 100, 0));
    close(from);
    from = pipe_with("at a place\n", 11, 0);
    loff_t to = position;
    SAY(splice(from, NULL, 1, &to, 100, 0));
    say_number("offset of stdout moved by", is_file ? to - position : 0);
    close(from);
    int ends[2];
    if (pipe(ends) != 0) die("pipe");
    SAY(splice(ends[0], NULL, 1, NULL, 100, SPLICE_F_NONBLOCK));
    SAY(splice(-1, NULL, 1, NULL, 100, 0));
    SAY(splice(ends[1], NULL, 1, NULL, 100, SPLICE_F_NONBLOCK));
    close(ends[0]);
    close(ends[1]);
}

static void by_tee(void) {
    int from = pipe_with("tee from a pipe\n", 16, 0);
    char left[32] = "";
    SAY(tee(from, 1, 4, 0));
    SAY(tee(from, 1, 100, 0));
    SAY(tee(from, 1, 100, 1 << 20));
    SAY(tee(source, 1, 100, 0));
    say_number("left", read(from, left, sizeof left));
    SAY(tee(from, 1, 100, 0));
    close(from);
}

static void by_vmsplice(void) {
    static const char one[] = "vmspliced ", two[] = "and more\n";
    const struct iovec parts[] = {{(void *)one, sizeof one - 1}, {(void *)two, sizeof two - 1}};
    const struct iovec bad = {(void *)16, 10};
    SAY(vmsplice(1, parts, 2, 0));
    SAY(vmsplice(1, parts, 0, 0));
    SAY(vmsplice(1, parts, 2000, 0));
    SAY(vmsplice(1, (const struct iovec *)16, 2, 0));
    SAY(vmsplice(1, &bad, 1, 0));
    SAY(vmsplice(1, parts, 2, 1 << 20));
}

static void by_copy_range(void) {
    loff_t from = 2000, to = position;
    SAY(COPY_RANGE(source, &from, 1, &to, 30, 0));
    say_number("offset", from);
    say_number("offset of stdout moved by", is_file ? to - position : 0);
    SAY(COPY_RANGE(source, NULL, 1, NULL, 30, 0));
    SAY(COPY_RANGE(source, NULL, 1, NULL, 30, 1));
    SAY(COPY_RANGE(source, NULL, 1, NULL, 0, 0));
    from = SOURCE_BYTES;
    SAY(COPY_RANGE(source, &from, 1, NULL, 30, 0));
    from = -5;
    SAY(COPY_RANGE(source, &from, 1, NULL, 30, 0));
    SAY(COPY_RANGE(source, (loff_t *)16, 1, NULL, 30, 0));
    SAY(COPY_RANGE(-1, NULL, 1, NULL, 30, 0));
}

/* qemu takes a bad address behind a good one for the end, and does not know pwritev2. */
static int is_emulated(void) {
    return getenv("EMULATED") != NULL;
}

static ssize_t send_descriptor(void) {
    char room[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {"with a descriptor\n", 18};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    struct cmsghdr *control = CMSG_FIRSTHDR(&message);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(control), &source, sizeof source);
    return sendmsg(1, &message, 0);
}

static void by_send(void) {
    struct iovec parts[] = {{"sent ", 5}, {"in parts\n", 9}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    struct mmsghdr several[] = {{.msg_hdr = message}, {.msg_hdr = message}, {.msg_hdr = message}};
    struct pollfd room = {.fd = 1, .events = POLLOUT};
    SAY(send(1, "sent\n", 5, 0));
    poll(&room, 1, -1);
    SAY(send(1, "at once\n", 8, MSG_DONTWAIT | MSG_NOSIGNAL));
    SAY(send(1, "", 0, 0));
    if (!is_emulated()) SAY(send(1, (const char *)16, 8, 0));
    SAY(sendto(1, "sent to\n", 8, 0, NULL, 0));
    SAY(sendmsg(1, &message, 0));
#ifdef __GLIBC__
    SAY(sendmsg(1, (const struct msghdr *)16, 0)); /* musl looks into it itself */
#endif
    SAY(sendmmsg(1, several, 3, 0));
    say_number("length of the last", several[2].msg_len);
    SAY(sendmmsg(1, several, 0, 0));
#ifdef __GLIBC__
    several[1].msg_hdr.msg_iov = (struct iovec *)16;
    SAY(sendmmsg(1, several, 3, 0)); /* musl leaves the errno of what failed after the first */
#endif
    SAY(syscall(SYS_sendto, 1, "by number\n", 10, 0, NULL, 0));
    if (getenv("WITH_DESCRIPTOR") != NULL) SAY(send_descriptor());
}

static void by_number(void) {
    struct iovec parts[] = {{"vector ", 7}, {"by number\n", 10}};
    SAY(syscall(SYS_write, 1, "written by number\n", 18));
    SAY(syscall(SYS_writev, 1, parts, 2));
    SAY(syscall(SYS_writev, 1, (void *)16, 2));
    if (!is_emulated()) SAY(syscall(SYS_write, 1, (void *)16, 2));
    SAY(syscall(SYS_write, -1, "x", 1));
    SAY(syscall(SYS_pwrite64, 1, "at an offset\n", 13, position));
    SAY(syscall(SYS_pwritev, 1, parts, 2, position, 0));
    if (!is_emulated()) SAY(syscall(SYS_pwritev2, 1, parts, 2, -1L, 0, 0));
    SAY(syscall(SYS_pwrite64, 1, "x", 1, -1L));
    SAY(syscall(SYS_gettid) > 0 ? 0 : -1);
    const int copy = (int)syscall(SYS_dup, 1);
    SAY(syscall(SYS_write, copy, "onto a copy\n", 12));
    say_number("close", syscall(SYS_close, copy));
    SAY(syscall(SYS_write, copy, "x", 1));
    /* The number means something else now, then stdout again. */
    const int other = (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY);
    say_number("same number", other == copy);
    say_number("write to /dev/null", syscall(SYS_write, other, "not for stdout\n", 15));
    say_number("dup3", syscall(SYS_dup3, 1, other, O_CLOEXEC) == other);
    SAY(syscall(SYS_write, other, "onto a copy again\n", 18));
    say_number("close_range", syscall(SYS_close_range, other, other, 0));
    SAY(syscall(SYS_write, other, "x", 1));
    SAY(syscall(100000));
}

static void make_source(int length) {
    FILE *file = fopen("source", "w");
    if (file == NULL) die("source");
    for (int i = 0; i < length / RECORD_BYTES; i++)
        fprintf(file, "%07d\n", i);
    if (fclose(file) != 0) die("source");
    source = open("source", O_RDONLY);
}

static void run_all(const char *path) {
    struct stat status;
    fstat(1, &status);
    is_file = S_ISREG(status.st_mode);
    report = fopen(path, "w");
    if (report == NULL) die(path);
    make_source(SOURCE_BYTES);
    errno = ESRCH;
    by_sendfile();
    by_splice();
    by_tee();
    by_vmsplice();
    by_copy_range();
    by_send();
    by_number();
    if (fclose(report) != 0) die(path);
}

/* Reads what comes out of the other end of stdout until it ends, into the file `out`. */
static void drain(int fd) {
    char bytes[1 << 16];
    const int out = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (ssize_t got; (got = read(fd, bytes, sizeof bytes)) > 0;) {
        if (write(out, bytes, (size_t)got) != got) die("out");
    }
}

static void become_stdout(const char *kind, char **again) {
    int ends[2] = {-1, -1};
    if (strcmp(kind, "file") == 0) ends[1] = open("out", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (strcmp(kind, "append") == 0) ends[1] = open("out", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    if (strcmp(kind, "pipe") == 0 && pipe(ends) != 0) die("pipe");
    if (strcmp(kind, "socket") == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) die("socketpair");
    const int piped = ends[0] >= 0;
    const pid_t child = piped ? fork() : 0;
    if (child == 0) {
        if (piped) close(ends[0]);
        if (dup2(ends[1], 1) != 1) die("dup2");
        close(ends[1]);
        if (getenv("TAP") != NULL) setenv("LD_PRELOAD", getenv("TAP"), 1);
        execv(again[0], again);
        die("exec");
    }
    close(ends[1]);
    drain(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128);
}

/* How many bytes came through in one call, by one way, from a file or through a pipe of our own. */
static ssize_t move_once(const char *way, size_t left) {
    static int ends[2] = {-1, -1};
    if (strcmp(way, "sendfile") == 0) return sendfile(1, source, NULL, left);
    if (strcmp(way, "splice") == 0) return splice(source, NULL, 1, NULL, left, 0);
    if (strcmp(way, "copy_file_range") == 0) return COPY_RANGE(source, NULL, 1, NULL, left, 0);
    if (ends[0] < 0 && pipe(ends) != 0) die("pipe");
    int waiting = 0;
    struct pollfd wanted = {.fd = ends[0], .events = POLLIN};
    if (poll(&wanted, 1, 0) == 0) waiting = (int)splice(source, NULL, ends[1], NULL, left < 32768 ? left : 32768, 0);
    if (waiting < 0) return -1;
    if (strcmp(way, "pipe") == 0) return splice(ends[0], NULL, 1, NULL, left, 0);
    const ssize_t copied = tee(ends[0], 1, left, 0);
    for (ssize_t done = 0; done < copied;) {
        char bytes[4096];
        done += read(ends[0], bytes, copied - done < 4096 ? (size_t)(copied - done) : sizeof bytes);
    }
    return copied;
}

static void run_large(const char *way) {
    make_source(LARGE_BYTES);
    for (size_t done = 0; done < LARGE_BYTES;) {
        const ssize_t moved = move_once(way, LARGE_BYTES - done);
        if (moved <= 0) die(way);
        done += (size_t)moved;
    }
}

static void run_blind(const char *way) {
    const int from = pipe_with("unseen\n", 7, 0);
    if (write(1, "seen\n", 5) != 5) die("write");
    const int next = dup(1);
    close(next);
    const struct rlimit none_left = {(rlim_t)next, (rlim_t)next};
    if (setrlimit(RLIMIT_NOFILE, &none_left) != 0) die("setrlimit");
    if (strcmp(way, "tee") == 0 ? tee(from, 1, 100, 0) != 7 : splice(from, NULL, 1, NULL, 100, 0) != 7) die(way);
}

/* Sources of which an old kernel takes nothing, and of which a new one alone can take what it copies. */
static void run_peeked(const char *way) {
    static const char text[] = "one\ntwo\nthree";
    const int is_datagram = strstr(way, "datagram") != NULL;
    int sockets[2];
    if (socketpair(AF_UNIX, is_datagram ? SOCK_DGRAM : SOCK_STREAM, 0, sockets) != 0) die("socketpair");
    if (write(sockets[1], text, sizeof text - 1) != sizeof text - 1) die("write");
    if (!is_datagram) close(sockets[1]);
    if (write(1, "seen\n", 5) != 5) die("write");
    const int is_splice = strncmp(way, "splice", 6) == 0;
    const ssize_t moved = is_splice ? splice(sockets[0], NULL, 1, NULL, 13, 0) : sendfile(1, sockets[0], NULL, 13);
    fprintf(stderr, "%zd %d\n", moved, moved < 0 ? errno : 0);
}

int main(int argc, char **argv) {
    if (argc == 4) {
        char *again[] = {argv[0], argv[2], argv[3], NULL};
        become_stdout(argv[1], again);
    }
    if (argc != 3) return 64;
    if (strcmp(argv[1], "run") == 0) run_all(argv[2]);
    if (strcmp(argv[1], "large") == 0) run_large(argv[2]);
    if (strcmp(argv[1], "blind") == 0) run_blind(argv[2]);
    if (strcmp(argv[1], "peeked") == 0) run_peeked(argv[2]);
    return 0;
}
