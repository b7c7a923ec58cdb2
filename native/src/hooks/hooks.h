/* The functions that the library intercepts.
 *
 * A program may own any of these names: it may define `dup2` as a thin syscall(), or call something of its own `tee`.
 * So the library's own code calls none of them. Each exported name is one jump (hook_entry.c): to the hook's body
 * below, which no other object sees; or, where that is no business of ours, to the function that the program would have
 * reached without the library, with all registers and the stack as they came. */
#ifndef LT_HOOKS_H
#define LT_HOOKS_H

#include "libc_next.h"

/* X(exported name, its body lt_hook_..., the field of libc_next.h for a libc without this name) */
#define LT_HOOKS(X)                                                                                                    \
    X(_exit, _exit, exit_now)                                                                                          \
    X(_Exit, _exit, exit_now)                                                                                          \
    X(exit, exit, exit)                                                                                                \
    X(quick_exit, quick_exit, quick_exit)                                                                              \
    X(err, err, nothing)                                                                                               \
    X(errx, errx, nothing)                                                                                             \
    X(verr, verr, verr)                                                                                                \
    X(verrx, verrx, verrx)                                                                                             \
    X(fork, fork, fork)                                                                                                \
    X(__fork, fork, fork)                                                                                              \
    X(vfork, vfork, vfork)                                                                                             \
    X(__vfork, vfork, vfork)                                                                                           \
    X(clone, clone, clone)                                                                                             \
    X(__clone, clone, clone)                                                                                           \
    X(daemon, daemon, daemon)                                                                                          \
    X(getenv, getenv, getenv)                                                                                          \
    X(isatty, isatty, isatty)                                                                                          \
    X(write, write, write)                                                                                             \
    X(__write, write, write)                                                                                           \
    X(pwrite, pwrite, pwrite)                                                                                          \
    X(pwrite64, pwrite, pwrite)                                                                                        \
    X(__pwrite64, pwrite, pwrite)                                                                                      \
    X(writev, writev, writev)                                                                                          \
    X(pwritev, pwritev, pwritev)                                                                                       \
    X(pwritev64, pwritev, pwritev)                                                                                     \
    X(pwritev2, pwritev2, pwritev2)                                                                                    \
    X(pwritev64v2, pwritev2, pwritev2)                                                                                 \
    X(open, open, open)                                                                                                \
    X(open64, open, open)                                                                                              \
    X(__open, open, open)                                                                                              \
    X(__open64, open, open)                                                                                            \
    X(__open_2, __open_2, open)                                                                                        \
    X(__open64_2, __open_2, open)                                                                                      \
    X(openat, openat, openat)                                                                                          \
    X(openat64, openat, openat)                                                                                        \
    X(__openat_2, __openat_2, openat)                                                                                  \
    X(__openat64_2, __openat_2, openat)                                                                                \
    X(creat, creat, creat)                                                                                             \
    X(creat64, creat, creat)                                                                                           \
    X(close, close, close)                                                                                             \
    X(__close, close, close)                                                                                           \
    X(close_range, close_range, close_range)                                                                           \
    X(closefrom, closefrom, closefrom)                                                                                 \
    X(dup, dup, dup)                                                                                                   \
    X(dup2, dup2, dup2)                                                                                                \
    X(__dup2, dup2, dup2)                                                                                              \
    X(dup3, dup3, dup3)                                                                                                \
    X(fcntl, fcntl, fcntl)                                                                                             \
    X(fcntl64, fcntl, fcntl)                                                                                           \
    X(__fcntl, fcntl, fcntl)                                                                                           \
    X(lseek, lseek, lseek)                                                                                             \
    X(lseek64, lseek, lseek)                                                                                           \
    X(__lseek, lseek, lseek)                                                                                           \
    X(llseek, lseek, lseek)                                                                                            \
    X(ftruncate, ftruncate, ftruncate)                                                                                 \
    X(ftruncate64, ftruncate, ftruncate)                                                                               \
    X(fopen, fopen, fopen)                                                                                             \
    X(fopen64, fopen, fopen)                                                                                           \
    X(fdopen, fdopen, fdopen)                                                                                          \
    X(freopen, freopen, freopen)                                                                                       \
    X(freopen64, freopen, freopen)                                                                                     \
    X(pclose, pclose, pclose)                                                                                          \
    X(mkstemp, mkstemp, mkstemp)                                                                                       \
    X(mkstemp64, mkstemp, mkstemp)                                                                                     \
    X(mkostemp, mkostemp, mkostemp)                                                                                    \
    X(mkostemp64, mkostemp, mkostemp)                                                                                  \
    X(mkstemps, mkstemps, mkstemps)                                                                                    \
    X(mkstemps64, mkstemps, mkstemps)                                                                                  \
    X(mkostemps, mkostemps, mkostemps)                                                                                 \
    X(mkostemps64, mkostemps, mkostemps)                                                                               \
    X(login_tty, login_tty, login_tty)                                                                                 \
    X(forkpty, forkpty, forkpty)                                                                                       \
    X(fclose, fclose, fclose)                                                                                          \
    X(dprintf, dprintf, nothing)                                                                                       \
    X(__dprintf_chk, __dprintf_chk, nothing)                                                                           \
    X(vdprintf, vdprintf, vdprintf)                                                                                    \
    X(__vdprintf_chk, __vdprintf_chk, vdprintf_chk)                                                                    \
    X(aio_write, aio_write, aio_write)                                                                                 \
    X(aio_write64, aio_write, aio_write)                                                                               \
    X(lio_listio, lio_listio, lio_listio)                                                                              \
    X(lio_listio64, lio_listio, lio_listio)                                                                            \
    X(backtrace_symbols_fd, backtrace_symbols_fd, backtrace_symbols_fd)                                                \
    X(openlog, openlog, openlog)                                                                                       \
    X(syslog, syslog, nothing)                                                                                         \
    X(vsyslog, vsyslog, vsyslog)                                                                                       \
    X(herror, herror, herror)                                                                                          \
    X(sendfile, sendfile, sendfile)                                                                                    \
    X(sendfile64, sendfile, sendfile)                                                                                  \
    X(splice, splice, splice)                                                                                          \
    X(tee, tee, tee)                                                                                                   \
    X(vmsplice, vmsplice, vmsplice)                                                                                    \
    X(copy_file_range, copy_file_range, copy_file_range)                                                               \
    X(ioctl, ioctl, ioctl)                                                                                             \
    X(send, send, send)                                                                                                \
    X(__send, send, send)                                                                                              \
    X(sendto, sendto, sendto)                                                                                          \
    X(sendmsg, sendmsg, sendmsg)                                                                                       \
    X(sendmmsg, sendmmsg, sendmmsg)                                                                                    \
    X(prctl, prctl, prctl)                                                                                             \
    X(setrlimit, setrlimit, setrlimit)                                                                                 \
    X(setrlimit64, setrlimit, setrlimit)                                                                               \
    X(prlimit, prlimit, prlimit)                                                                                       \
    X(prlimit64, prlimit, prlimit)                                                                                     \
    X(munmap, munmap, munmap)                                                                                          \
    X(mprotect, mprotect, mprotect)                                                                                    \
    X(mremap, mremap, mremap)                                                                                          \
    X(chroot, chroot, chroot)                                                                                          \
    X(pivot_root, pivot_root, pivot_root)                                                                              \
    X(unshare, unshare, unshare)                                                                                       \
    X(setns, setns, setns)                                                                                             \
    X(mount, mount, mount)                                                                                             \
    X(umount, umount, umount)                                                                                          \
    X(umount2, umount2, umount2)                                                                                       \
    X(move_mount, move_mount, move_mount)                                                                              \
    X(rename, rename, rename)                                                                                          \
    X(renameat, renameat, renameat)                                                                                    \
    X(renameat2, renameat2, renameat2)                                                                                 \
    X(link, link, link)                                                                                                \
    X(linkat, linkat, linkat)                                                                                          \
    X(symlink, symlink, symlink)                                                                                       \
    X(symlinkat, symlinkat, symlinkat)                                                                                 \
    X(syscall, syscall, syscall)                                                                                       \
    X(execve, execve, execve)                                                                                          \
    X(execv, execv, execv)                                                                                             \
    X(execl, execl, nothing)                                                                                           \
    X(execle, execle, nothing)                                                                                         \
    X(execvp, execvp, execvp)                                                                                          \
    X(execvpe, execvpe, execvpe)                                                                                       \
    X(execlp, execlp, nothing)                                                                                         \
    X(fexecve, fexecve, fexecve)                                                                                       \
    X(execveat, execveat, execveat)                                                                                    \
    X(posix_spawn, posix_spawn, posix_spawn)                                                                           \
    X(posix_spawnp, posix_spawnp, posix_spawnp)                                                                        \
    X(pidfd_spawn, pidfd_spawn, pidfd_spawn)                                                                           \
    X(pidfd_spawnp, pidfd_spawnp, pidfd_spawnp)

/* Old versions of a name, for programs that were linked when they were the only ones. The Makefile's version script
 * gives the names above the version that is the default now.
 * X(label, exported name, version, its body, what libc_next.h has for a libc without this name) */
#if defined(__x86_64__)
#define LT_OLD_HOOKS(X)                                                                                                \
    X(posix_spawn_2_2_5, posix_spawn, "GLIBC_2.2.5", old_posix_spawn, posix_spawn)                                     \
    X(posix_spawnp_2_2_5, posix_spawnp, "GLIBC_2.2.5", old_posix_spawnp, posix_spawnp)                                 \
    X(lio_listio_2_2_5, lio_listio, "GLIBC_2.2.5", old_lio_listio, lio_listio)                                         \
    X(lio_listio64_2_2_5, lio_listio64, "GLIBC_2.2.5", old_lio_listio, lio_listio)                                     \
    X(lio_listio_2_4, lio_listio, "GLIBC_2.4", lio_listio, lio_listio)                                                 \
    X(lio_listio64_2_4, lio_listio64, "GLIBC_2.4", lio_listio, lio_listio)
#else
#define LT_OLD_HOOKS(X)
#endif

/* At the start: whether libc tells how the process ends, after all destructors. */
bool lt_exit_set_up(void);

/* At the start: whether the exported isatty goes to its body. */
void lt_python_set_up(bool isatty_is_ours);

/* The code at `caller` has made sure that a descriptor is open: Python does before it makes a stream of it. */
void lt_python_looked_at(int fd, const void *caller);

/* The bodies. They are reached only when the library taps. */
ssize_t lt_hook_sendfile(int out, int in, off_t *offset, size_t length);
ssize_t lt_hook_splice(int in, off_t *in_offset, int out, off_t *out_offset, size_t length, unsigned flags);
ssize_t lt_hook_tee(int in, int out, size_t length, unsigned flags);
ssize_t lt_hook_copy_file_range(int in, off_t *in_offset, int out, off_t *out_offset, size_t length, unsigned flags);
ssize_t lt_hook_vmsplice(int fd, const struct iovec *parts, size_t count, unsigned flags);
int lt_hook_ioctl(int fd, unsigned long request, ...);
int lt_hook_open(const char *path, int flags, ...);
int lt_hook_openat(int directory, const char *path, int flags, ...);
int lt_hook_creat(const char *path, mode_t mode);
int lt_hook___open_2(const char *path, int flags);
int lt_hook___openat_2(int directory, const char *path, int flags);
int lt_hook_dup(int fd);
int lt_hook_dup2(int from, int to);
int lt_hook_dup3(int from, int to, int flags);
int lt_hook_fcntl(int fd, int command, ...);
int lt_hook_close(int fd);
int lt_hook_close_range(unsigned first, unsigned last, int flags);
void lt_hook_closefrom(int first);
int lt_hook_execve(const char *path, char *const *arguments, char *const *environment);
int lt_hook_execvpe(const char *path, char *const *arguments, char *const *environment);
int lt_hook_fexecve(int fd, char *const *arguments, char *const *environment);
int lt_hook_execveat(int directory, const char *path, char *const *arguments, char *const *environment, int flags);
int lt_hook_posix_spawn(pid_t *child, const char *path, const void *actions, const void *attributes,
                        char *const *arguments, char *const *environment);
int lt_hook_posix_spawnp(pid_t *child, const char *name, const void *actions, const void *attributes,
                         char *const *arguments, char *const *environment);
/* The child is a descriptor of a process (glibc 2.39). */
int lt_hook_pidfd_spawn(int *child, const char *path, const void *actions, const void *attributes,
                        char *const *arguments, char *const *environment);
int lt_hook_pidfd_spawnp(int *child, const char *name, const void *actions, const void *attributes,
                         char *const *arguments, char *const *environment);
/* They run a script without a #! by /bin/sh, as the versions since glibc 2.15 do not. */
int lt_hook_old_posix_spawn(pid_t *child, const char *path, const void *actions, const void *attributes,
                            char *const *arguments, char *const *environment);
int lt_hook_old_posix_spawnp(pid_t *child, const char *name, const void *actions, const void *attributes,
                             char *const *arguments, char *const *environment);
int lt_hook_execv(const char *path, char *const *arguments);
int lt_hook_execvp(const char *path, char *const *arguments);
int lt_hook_execl(const char *path, const char *first, ...);
int lt_hook_execlp(const char *path, const char *first, ...);
int lt_hook_execle(const char *path, const char *first, ...);
void lt_hook__exit(int code);
void lt_hook_exit(int code);
void lt_hook_quick_exit(int code);
void lt_hook_err(int code, const char *text, ...);
void lt_hook_errx(int code, const char *text, ...);
void lt_hook_verr(int code, const char *text, va_list arguments);
void lt_hook_verrx(int code, const char *text, va_list arguments);
pid_t lt_hook_fork(void);
int lt_hook_daemon(int stay, int keep_streams);
char *lt_hook_getenv(const char *name);
int lt_hook_isatty(int fd);
off_t lt_hook_lseek(int fd, off_t offset, int from);
int lt_hook_ftruncate(int fd, off_t size);
ssize_t lt_hook_sendto(int fd, const void *from, size_t length, int flags, const void *to, uint32_t to_length);
ssize_t lt_hook_send(int fd, const void *from, size_t length, int flags);
ssize_t lt_hook_sendmsg(int fd, const struct lt_msghdr *message, int flags);
int lt_hook_sendmmsg(int fd, struct lt_mmsghdr *messages, unsigned count, int flags);
FILE *lt_hook_fopen(const char *path, const char *mode);
FILE *lt_hook_freopen(const char *path, const char *mode, FILE *file);
FILE *lt_hook_fdopen(int fd, const char *mode);
int lt_hook_fclose(FILE *file);
int lt_hook_pclose(FILE *file);
int lt_hook_mkstemp(char *path);
int lt_hook_mkostemp(char *path, int flags);
int lt_hook_mkstemps(char *path, int suffix_length);
int lt_hook_mkostemps(char *path, int suffix_length, int flags);
int lt_hook_login_tty(int fd);
pid_t lt_hook_forkpty(int *master, char *name, const void *settings, const void *size);
int lt_hook_vdprintf(int fd, const char *text, va_list arguments);
int lt_hook_dprintf(int fd, const char *text, ...);
int lt_hook___vdprintf_chk(int fd, int flag, const char *text, va_list arguments);
int lt_hook___dprintf_chk(int fd, int flag, const char *text, ...);
int lt_hook_aio_write(struct lt_aiocb *request);
int lt_hook_lio_listio(int mode, struct lt_aiocb *const *requests, int count, struct lt_sigevent *told);
int lt_hook_old_lio_listio(int mode, struct lt_aiocb *const *requests, int count, struct lt_sigevent *told);
void lt_hook_backtrace_symbols_fd(void *const *addresses, int count, int fd);
void lt_hook_openlog(const char *name, int options, int facility);
void lt_hook_syslog(int priority, const char *text, ...);
void lt_hook_vsyslog(int priority, const char *text, va_list arguments);
void lt_hook_herror(const char *text);
ssize_t lt_hook_write(int fd, const void *from, size_t length);
ssize_t lt_hook_pwrite(int fd, const void *from, size_t length, off_t offset);
ssize_t lt_hook_writev(int fd, const struct iovec *parts, int count);
ssize_t lt_hook_pwritev(int fd, const struct iovec *parts, int count, off_t offset);
ssize_t lt_hook_pwritev2(int fd, const struct iovec *parts, int count, off_t offset, int flags);
int lt_hook_prctl(int option, ...);
int lt_hook_setrlimit(int resource, const void *limit);
int lt_hook_prlimit(pid_t process, int resource, const void *limit, void *before);
int lt_hook_munmap(void *at, size_t length);
int lt_hook_mprotect(void *at, size_t length, int protection);
void *lt_hook_mremap(void *at, size_t length, size_t new_length, int flags, ...);
pid_t lt_hook_vfork(void);
int lt_hook_clone(int (*run)(void *), void *stack, int flags, void *argument, ...);
int lt_hook_chroot(const char *path);
int lt_hook_pivot_root(const char *root, const char *old);
int lt_hook_unshare(int flags);
int lt_hook_setns(int fd, int kind);
int lt_hook_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int lt_hook_umount(const char *target);
int lt_hook_umount2(const char *target, int flags);
int lt_hook_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags);
int lt_hook_rename(const char *old, const char *name);
int lt_hook_renameat(int from, const char *old, int to, const char *name);
int lt_hook_renameat2(int from, const char *old, int to, const char *name, unsigned flags);
int lt_hook_link(const char *old, const char *name);
int lt_hook_linkat(int from, const char *old, int to, const char *name, int flags);
int lt_hook_symlink(const char *target, const char *name);
int lt_hook_symlinkat(const char *target, int directory, const char *name);
long lt_hook_syscall(long number, ...);

/* Flags of pwritev2 that change nothing for bytes that the kernel does not get: RWF_HIPRI, RWF_DSYNC, RWF_SYNC. It may
 * refuse any other, by what the file is. */
enum { LT_FLAGS_WITHOUT_EFFECT = 7 };

/* The target, and the descriptors there are, are looked at: afterwards it will be too late. */
void lt_look_ahead(void);

/* The process is about to set a limit, of which `limit` may be NULL or unreadable. */
void lt_limit_comes(int resource, const void *limit);

/* The same, but they go on to the functions in `next`. */
enum { PRCTL_ARGUMENTS = 4 };
int lt_prctl_by(const struct lt_libc_next *next, int option, const long at[PRCTL_ARGUMENTS]);
long lt_confine_by(const struct lt_libc_next *next, const long at[3]); /* seccomp(2) */
int lt_dup_by(const struct lt_libc_next *next, int fd);
int lt_dup2_by(const struct lt_libc_next *next, int from, int to);
int lt_dup3_by(const struct lt_libc_next *next, int from, int to, int flags);
int lt_fcntl_by(const struct lt_libc_next *next, int fd, int command, long argument);
int lt_ioctl_by(const struct lt_libc_next *next, int fd, unsigned long request, void *argument);
int lt_close_range_by(const struct lt_libc_next *next, unsigned first, unsigned last, int flags);
int lt_execve_by(const struct lt_libc_next *next, const char *path, char *const *arguments, char *const *environment);
int lt_execveat_by(const struct lt_libc_next *next, int directory, const char *path, char *const *arguments,
                   char *const *environment, int flags);
ssize_t lt_sendfile_by(const struct lt_libc_next *next, int out, int in, off_t *offset, size_t length);
ssize_t lt_splice_by(const struct lt_libc_next *next, int in, off_t *in_offset, int out, off_t *out_offset,
                     size_t length, unsigned flags);
ssize_t lt_tee_by(const struct lt_libc_next *next, int in, int out, size_t length, unsigned flags);
ssize_t lt_copy_file_range_by(const struct lt_libc_next *next, int in, off_t *in_offset, int out, off_t *out_offset,
                              size_t length, unsigned flags);
ssize_t lt_vmsplice_by(const struct lt_libc_next *next, int fd, const struct iovec *parts, size_t count,
                       unsigned flags);
ssize_t lt_sendto_by(const struct lt_libc_next *next, int fd, const void *from, size_t length, int flags,
                     const void *to, uint32_t to_length);
ssize_t lt_sendmsg_by(const struct lt_libc_next *next, int fd, const struct lt_msghdr *message, int flags);
int lt_sendmmsg_by(const struct lt_libc_next *next, int fd, struct lt_mmsghdr *messages, unsigned count, int flags);

#endif
