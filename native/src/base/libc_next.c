/* Functions of libc as system calls: until libc is found, and where it lacks one. */
#include "libc_next.h"

int lt_errno(void) {
    return lt_libc.errno_location == NULL ? 0 : *lt_libc.errno_location();
}

void lt_set_errno(int number) {
    if (lt_libc.errno_location != NULL) *lt_libc.errno_location() = number;
}

/* Turns a system call's answer into errno, as libc does. */
static long answer(long result) {
    if (result >= 0 || result < -4095) return result;
    lt_set_errno((int)-result);
    return -1;
}

static ssize_t raw_write(int fd, const void *from, size_t length) {
    return answer(lt_kernel(__NR_write, fd, from, length));
}
static ssize_t raw_writev(int fd, const struct iovec *parts, int count) {
    return answer(lt_kernel(__NR_writev, fd, parts, count));
}
static ssize_t raw_pwrite(int fd, const void *from, size_t length, off_t offset) {
    return answer(lt_kernel(__NR_pwrite64, fd, from, length, offset));
}
/* The kernel takes the offset in two halves, of which a 64-bit machine uses the first. */
static ssize_t raw_pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    return answer(lt_kernel(__NR_pwritev, fd, parts, count, offset, 0));
}
static ssize_t raw_pwritev2(int fd, const struct iovec *parts, int count, off_t offset, int flags) {
    return answer(lt_kernel(__NR_pwritev2, fd, parts, count, offset, 0, flags));
}
static int raw_open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return (int)answer(lt_kernel(__NR_openat, AT_FDCWD, path, flags, mode));
}
static int raw_openat(int directory, const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return (int)answer(lt_kernel(__NR_openat, directory, path, flags, mode));
}
static int raw_creat(const char *path, mode_t mode) {
    return (int)answer(lt_kernel(__NR_openat, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode));
}
static int raw_close(int fd) {
    return (int)answer(lt_kernel(__NR_close, fd));
}
static int raw_close_range(unsigned first, unsigned last, int flags) {
    return (int)answer(lt_kernel(__NR_close_range, first, last, flags));
}
static void raw_closefrom(int first) {
    (void)lt_kernel(__NR_close_range, first < 0 ? 0 : first, ~0U, 0);
}
static int raw_dup(int fd) {
    return (int)answer(lt_kernel(__NR_dup, fd));
}
static int raw_dup3(int from, int to, int flags) {
    return (int)answer(lt_kernel(__NR_dup3, from, to, flags));
}
static int raw_dup2(int from, int to) {
    if (from != to) return raw_dup3(from, to, 0);
    return answer(lt_kernel(__NR_fcntl, from, F_GETFD, 0)) < 0 ? -1 : to;
}
static int raw_fcntl(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    const long argument = va_arg(arguments, long);
    va_end(arguments);
    return (int)answer(lt_kernel(__NR_fcntl, fd, command, argument));
}
static int raw_ioctl(int fd, unsigned long request, ...) {
    va_list list;
    va_start(list, request);
    const long argument = va_arg(list, long);
    va_end(list);
    return (int)answer(lt_kernel(__NR_ioctl, fd, request, argument));
}
/* For vfork too, which may be a fork: a child that shares the stack cannot return through a C function. */
static pid_t raw_fork(void) {
    enum { CHILD_ENDED_SIGNAL = 17 /* SIGCHLD */ };
    return (pid_t)answer(lt_kernel(__NR_clone, CHILD_ENDED_SIGNAL, 0, 0, 0, 0));
}
static off_t raw_lseek(int fd, off_t offset, int from) {
    return answer(lt_kernel(__NR_lseek, fd, offset, from));
}
static int raw_ftruncate(int fd, off_t size) {
    return (int)answer(lt_kernel(__NR_ftruncate, fd, size));
}
static void raw_exit(int code) {
    for (;;)
        (void)lt_kernel(__NR_exit_group, code);
}
static int raw_clock_gettime(int clock, struct __kernel_timespec *out) {
    return (int)answer(lt_kernel(__NR_clock_gettime, clock, out));
}
static ssize_t raw_sendfile(int out, int in, off_t *offset, size_t length) {
    return answer(lt_kernel(__NR_sendfile, out, in, offset, length));
}
static ssize_t raw_splice(int in, off_t *in_offset, int out, off_t *out_offset, size_t length, unsigned flags) {
    return answer(lt_kernel(__NR_splice, in, in_offset, out, out_offset, length, flags));
}
static ssize_t raw_tee(int in, int out, size_t length, unsigned flags) {
    return answer(lt_kernel(__NR_tee, in, out, length, flags));
}
static ssize_t raw_vmsplice(int fd, const struct iovec *parts, size_t count, unsigned flags) {
    return answer(lt_kernel(__NR_vmsplice, fd, parts, count, flags));
}
static ssize_t raw_copy_file_range(int in, off_t *in_offset, int out, off_t *out_offset, size_t length,
                                   unsigned flags) {
    return answer(lt_kernel(__NR_copy_file_range, in, in_offset, out, out_offset, length, flags));
}
static ssize_t raw_sendto(int fd, const void *from, size_t length, int flags, const void *to, uint32_t to_length) {
    return answer(lt_kernel(__NR_sendto, fd, from, length, flags, to, to_length));
}
static ssize_t raw_send(int fd, const void *from, size_t length, int flags) {
    return raw_sendto(fd, from, length, flags, NULL, 0);
}
static ssize_t raw_sendmsg(int fd, const struct lt_msghdr *message, int flags) {
    return answer(lt_kernel(__NR_sendmsg, fd, message, flags));
}
static int raw_sendmmsg(int fd, struct lt_mmsghdr *messages, unsigned count, int flags) {
    return (int)answer(lt_kernel(__NR_sendmmsg, fd, messages, count, flags));
}
static int raw_execve(const char *path, char *const *arguments, char *const *environment) {
    return (int)answer(lt_kernel(__NR_execve, path, arguments, environment));
}
static int raw_execveat(int directory, const char *path, char *const *arguments, char *const *environment, int flags) {
    return (int)answer(lt_kernel(__NR_execveat, directory, path, arguments, environment, flags));
}
static int raw_prctl(int option, ...) {
    va_list list;
    va_start(list, option);
    const long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long), d = va_arg(list, long);
    va_end(list);
    return (int)answer(lt_kernel(__NR_prctl, option, a, b, c, d));
}
static int raw_prlimit(pid_t process, int resource, const void *limit, void *before) {
    return (int)answer(lt_kernel(__NR_prlimit64, process, resource, limit, before));
}
static int raw_setrlimit(int resource, const void *limit) {
    return raw_prlimit(0, resource, limit, NULL);
}
static int raw_munmap(void *at, size_t length) {
    return (int)answer(lt_kernel(__NR_munmap, at, length));
}
static int raw_mprotect(void *at, size_t length, int protection) {
    return (int)answer(lt_kernel(__NR_mprotect, at, length, protection));
}
static void *raw_mremap(void *at, size_t length, size_t new_length, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    void *const to = va_arg(arguments, void *);
    va_end(arguments);
    return (void *)answer(lt_kernel(__NR_mremap, at, length, new_length, flags, to));
}
static int raw_chroot(const char *path) {
    return (int)answer(lt_kernel(__NR_chroot, path));
}
static int raw_pivot_root(const char *root, const char *old) {
    return (int)answer(lt_kernel(__NR_pivot_root, root, old));
}
static int raw_unshare(int flags) {
    return (int)answer(lt_kernel(__NR_unshare, flags));
}
static int raw_setns(int fd, int kind) {
    return (int)answer(lt_kernel(__NR_setns, fd, kind));
}
static int raw_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data) {
    return (int)answer(lt_kernel(__NR_mount, source, target, type, flags, data));
}
static int raw_umount2(const char *target, int flags) {
    return (int)answer(lt_kernel(__NR_umount2, target, flags));
}
static int raw_umount(const char *target) {
    return raw_umount2(target, 0);
}
static int raw_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags) {
    return (int)answer(lt_kernel(__NR_move_mount, from, from_path, to, to_path, flags));
}
static int raw_renameat2(int from, const char *old, int to, const char *name, unsigned flags) {
    return (int)answer(lt_kernel(__NR_renameat2, from, old, to, name, flags));
}
static int raw_renameat(int from, const char *old, int to, const char *name) {
    return raw_renameat2(from, old, to, name, 0);
}
static int raw_rename(const char *old, const char *name) {
    return raw_renameat2(AT_FDCWD, old, AT_FDCWD, name, 0);
}
static int raw_linkat(int from, const char *old, int to, const char *name, int flags) {
    return (int)answer(lt_kernel(__NR_linkat, from, old, to, name, flags));
}
static int raw_link(const char *old, const char *name) {
    return raw_linkat(AT_FDCWD, old, AT_FDCWD, name, 0);
}
static int raw_symlinkat(const char *target, int directory, const char *name) {
    return (int)answer(lt_kernel(__NR_symlinkat, target, directory, name));
}
static int raw_symlink(const char *target, const char *name) {
    return raw_symlinkat(target, AT_FDCWD, name);
}
static long raw_syscall(long number, ...) {
    va_list list;
    va_start(list, number);
    const long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long);
    const long d = va_arg(list, long), e = va_arg(list, long), f = va_arg(list, long);
    va_end(list);
    return answer(lt_kernel6(number, a, b, c, d, e, f));
}

#define WITHOUT_LIBC                                                                                                   \
    {                                                                                                                  \
        .write = raw_write,                                                                                            \
        .writev = raw_writev,                                                                                          \
        .pwrite = raw_pwrite,                                                                                          \
        .pwritev = raw_pwritev,                                                                                        \
        .pwritev2 = raw_pwritev2,                                                                                      \
        .open = raw_open,                                                                                              \
        .openat = raw_openat,                                                                                          \
        .creat = raw_creat,                                                                                            \
        .close = raw_close,                                                                                            \
        .close_range = raw_close_range,                                                                                \
        .closefrom = raw_closefrom,                                                                                    \
        .dup = raw_dup,                                                                                                \
        .dup2 = raw_dup2,                                                                                              \
        .dup3 = raw_dup3,                                                                                              \
        .fcntl = raw_fcntl,                                                                                            \
        .ioctl = raw_ioctl,                                                                                            \
        .lseek = raw_lseek,                                                                                            \
        .ftruncate = raw_ftruncate,                                                                                    \
        .exit_now = raw_exit,                                                                                          \
        .exit = raw_exit,                                                                                              \
        .quick_exit = raw_exit,                                                                                        \
        .fork = raw_fork,                                                                                              \
        .vfork = raw_fork,                                                                                             \
        .clock_gettime = raw_clock_gettime,                                                                            \
        .sendfile = raw_sendfile,                                                                                      \
        .splice = raw_splice,                                                                                          \
        .tee = raw_tee,                                                                                                \
        .vmsplice = raw_vmsplice,                                                                                      \
        .copy_file_range = raw_copy_file_range,                                                                        \
        .send = raw_send,                                                                                              \
        .sendto = raw_sendto,                                                                                          \
        .sendmsg = raw_sendmsg,                                                                                        \
        .sendmmsg = raw_sendmmsg,                                                                                      \
        .syscall = raw_syscall,                                                                                        \
        .prctl = raw_prctl,                                                                                            \
        .setrlimit = raw_setrlimit,                                                                                    \
        .prlimit = raw_prlimit,                                                                                        \
        .munmap = raw_munmap,                                                                                          \
        .mprotect = raw_mprotect,                                                                                      \
        .mremap = raw_mremap,                                                                                          \
        .chroot = raw_chroot,                                                                                          \
        .pivot_root = raw_pivot_root,                                                                                  \
        .unshare = raw_unshare,                                                                                        \
        .setns = raw_setns,                                                                                            \
        .mount = raw_mount,                                                                                            \
        .umount = raw_umount,                                                                                          \
        .umount2 = raw_umount2,                                                                                        \
        .move_mount = raw_move_mount,                                                                                  \
        .rename = raw_rename,                                                                                          \
        .renameat = raw_renameat,                                                                                      \
        .renameat2 = raw_renameat2,                                                                                    \
        .link = raw_link,                                                                                              \
        .linkat = raw_linkat,                                                                                          \
        .symlink = raw_symlink,                                                                                        \
        .symlinkat = raw_symlinkat,                                                                                    \
        .execve = raw_execve,                                                                                          \
        .execveat = raw_execveat,                                                                                      \
    }

struct lt_libc_next lt_libc_next = WITHOUT_LIBC;
struct lt_libc_next lt_libc = WITHOUT_LIBC;
