/* Functions of a program's own that take the place of libc's and go to the kernel by syscall(), as programs do that must
 * not be cancelled or want no libc to cache. With LIBRARY only the functions, without CALLS_ONLY the functions too.
 * With BY_NAME (a library) write() and dup2() go on to the function that they hide; dup2 mixes both ways. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Not in every libc. */
#ifndef __GLIBC__
__attribute__((weak)) int close_range(unsigned, unsigned, int);
__attribute__((weak)) void closefrom(int);
__attribute__((weak)) ssize_t pwritev2(int, const struct iovec *, int, off_t, int);
#endif
#define IS_THERE(function) ((void *)(function) != NULL)

#ifdef BY_NAME
ssize_t write(int fd, const void *from, size_t length) {
    ssize_t (*next)(int, const void *, size_t) = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    return next(fd, from, length);
}
int dup2(int from, int to) {
    const int result = (int)syscall(SYS_dup3, from, to, 0);
    if (result < 0) perror("dup2");
    return result;
}
#elif !defined(CALLS_ONLY)
ssize_t write(int fd, const void *from, size_t length) { return syscall(SYS_write, fd, from, length); }
ssize_t writev(int fd, const struct iovec *parts, int count) { return syscall(SYS_writev, fd, parts, count); }
ssize_t pwrite(int fd, const void *from, size_t length, off_t at) { return syscall(SYS_pwrite64, fd, from, length, at); }
ssize_t pwritev(int fd, const struct iovec *p, int n, off_t at) { return syscall(SYS_pwritev, fd, p, n, at, 0); }
ssize_t pwritev2(int fd, const struct iovec *p, int n, off_t at, int f) { return syscall(SYS_pwritev2, fd, p, n, at, 0, f); }
int open(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    const int mode = va_arg(list, int);
    va_end(list);
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
int openat(int at, const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    const int mode = va_arg(list, int);
    va_end(list);
    return (int)syscall(SYS_openat, at, path, flags, mode);
}
int creat(const char *path, mode_t mode) { return (int)syscall(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int close(int fd) { return (int)syscall(SYS_close, fd); }
int close_range(unsigned first, unsigned last, int flags) { return (int)syscall(SYS_close_range, first, last, flags); }
void closefrom(int first) { (void)syscall(SYS_close_range, first, ~0U, 0); }
int dup(int fd) { return (int)syscall(SYS_dup, fd); }
int dup2(int from, int to) { return (int)syscall(SYS_dup3, from, to, 0); }
int dup3(int from, int to, int flags) { return (int)syscall(SYS_dup3, from, to, flags); }
int fcntl(int fd, int command, ...) {
    va_list list;
    va_start(list, command);
    const long argument = va_arg(list, long);
    va_end(list);
    return (int)syscall(SYS_fcntl, fd, command, argument);
}
off_t lseek(int fd, off_t to, int from) { return syscall(SYS_lseek, fd, to, from); }
int ftruncate(int fd, off_t size) { return (int)syscall(SYS_ftruncate, fd, size); }
ssize_t sendfile(int out, int in, off_t *at, size_t n) { return syscall(SYS_sendfile, out, in, at, n); }
ssize_t splice(int in, off_t *a, int out, off_t *b, size_t n, unsigned f) { return syscall(SYS_splice, in, a, out, b, n, f); }
ssize_t tee(int in, int out, size_t n, unsigned f) { return syscall(SYS_tee, in, out, n, f); }
ssize_t vmsplice(int fd, const struct iovec *p, size_t n, unsigned f) { return syscall(SYS_vmsplice, fd, p, n, f); }
ssize_t copy_file_range(int in, off_t *a, int out, off_t *b, size_t n, unsigned f) {
    return syscall(SYS_copy_file_range, in, a, out, b, n, f);
}
ssize_t sendto(int fd, const void *m, size_t n, int f, const struct sockaddr *to, socklen_t size) {
    return syscall(SYS_sendto, fd, m, n, f, to, size);
}
ssize_t send(int fd, const void *from, size_t n, int flags) { return syscall(SYS_sendto, fd, from, n, flags, NULL, 0); }
ssize_t sendmsg(int fd, const struct msghdr *message, int flags) { return syscall(SYS_sendmsg, fd, message, flags); }
int execve(const char *path, char *const a[], char *const e[]) { return (int)syscall(SYS_execve, path, a, e); }
int execv(const char *path, char *const a[]) { return (int)syscall(SYS_execve, path, a, environ); }
pid_t fork(void) { return (pid_t)syscall(SYS_clone, 17, 0, 0, 0, 0); }
void _exit(int code) {
    for (;;)
        syscall(SYS_exit_group, code);
}
#endif

#ifndef LIBRARY
static int failures;

static void expect(int holds, const char *what) {
    if (holds) return;
    failures++;
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
}

static void say(int fd, const char *line) { expect(write(fd, line, strlen(line)) == (ssize_t)strlen(line), line); }

static void copy(const char *path) {
    int ends[2];
    off_t at = 0;
    const int in = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    say(in, "by the kernel\n");
    expect(lseek(in, 0, SEEK_CUR) == 14, "lseek");
    expect(sendfile(1, in, &at, 14) == 14, "sendfile");
    expect(pipe(ends) == 0, "pipe");
    say(ends[1], "spliced\n");
    expect(tee(ends[0], 1, 8, 0) == 8, "tee");
    expect(splice(ends[0], NULL, 1, NULL, 8, 0) == 8, "splice");
    struct iovec part = {"by page\n", 8};
    expect(vmsplice(1, &part, 1, 0) == 8, "vmsplice");
    expect(ftruncate(in, 20) == 0 && lseek(in, 0, SEEK_END) == 20, "ftruncate");
    close(in);
    close(ends[0]);
    close(ends[1]);
}

static void start_children(const char *self) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        say(1, "from a child\n");
        _exit(3);
    }
    expect(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3, "fork");
    child = fork();
    if (child == 0) {
        execv(self, (char *[]){(char *)self, NULL});
        _exit(4);
    }
    expect(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 0, "execv");
}

/* own-calls PATH-OF-A-FILE: with stdout a pipe. Without an argument: says one line. */
int main(int argc, char **argv) {
    if (argc < 2) {
        say(1, "from another program\n");
        return 0;
    }
    say(1, "first\n");
    struct iovec parts[] = {{"two ", 4}, {"parts\n", 6}};
    expect(writev(1, parts, 2) == 10, "writev");
    expect((IS_THERE(pwritev2) ? pwritev2(1, parts, 2, -1, 0) : writev(1, parts, 2)) == 10, "pwritev2");
    expect(pwrite(1, "x", 1, 0) == -1 && errno == ESPIPE, "pwrite");
    expect(pwritev(1, parts, 2, 0) == -1 && errno == ESPIPE, "pwritev");
    const int other = dup(1);
    say(other, "by a copy\n");
    expect(dup2(other, 900) == 900, "dup2");
    say(900, "by a second copy\n");
    expect(dup2(other, 1000) == 1000, "dup2 to the library's own");
    say(1000, "by a third copy\n");
    expect(dup3(other, 901, O_CLOEXEC) == 901, "dup3");
    const int high = fcntl(1, F_DUPFD_CLOEXEC, 902);
    say(high, "by a fourth copy\n");
    expect(!IS_THERE(close_range) || close_range(900, ~0U, 0) == 0, "close_range");
    say(1, "after close_range\n");
    if (IS_THERE(closefrom)) closefrom(3);
    say(1, "after closefrom\n");
    copy(argv[1]);
    int pair[2];
    expect(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && send(pair[0], "x", 1, 0) == 1, "send");
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    expect(sendmsg(pair[0], &message, 0) == 10, "sendmsg");
    start_children(argv[0]);
    say(1, "last\n");
    return failures;
}
#endif
