/* The functions behind the hooks. Calling them, and not the kernel, keeps cancellation, errno and
 * chains of preloaded libraries as they were. */
#ifndef LT_LIBC_NEXT_H
#define LT_LIBC_NEXT_H

#include "sys.h"
#include <stdarg.h>

/* FILE of either libc; each stdio_*.c knows the layout of its own. */
typedef struct lt_libc_file FILE;

typedef int lt_posix_spawn(pid_t *, const char *, const void *actions, const void *attributes, char *const *arguments,
                           char *const *environment);

struct lt_aiocb;
struct lt_sigevent;
typedef int lt_lio_listio(int mode, struct lt_aiocb **requests, int count, struct lt_sigevent *told);

struct lt_libc_next {
    /* Descriptors: direct system calls until lt_libc_next_find, so that they work at any time. */
    ssize_t (*write)(int, const void *, size_t);
    ssize_t (*writev)(int, const struct iovec *, int);
    ssize_t (*pwrite)(int, const void *, size_t, off_t);
    ssize_t (*pwritev)(int, const struct iovec *, int, off_t);
    ssize_t (*pwritev2)(int, const struct iovec *, int, off_t, int);
    int (*open)(const char *, int, ...);
    int (*openat)(int, const char *, int, ...);
    int (*creat)(const char *, mode_t);
    int (*close)(int);
    int (*close_range)(unsigned, unsigned, int);
    void (*closefrom)(int);
    int (*dup)(int);
    int (*dup2)(int, int);
    int (*dup3)(int, int, int);
    int (*fcntl)(int, int, ...);
    int (*ioctl)(int, unsigned long, ...);
    off_t (*lseek)(int, off_t, int);
    int (*ftruncate)(int, off_t);
    void (*exit_now)(int); /* _exit */
    void (*exit)(int);
    void (*quick_exit)(int);
    pid_t (*fork)(void);
    pid_t (*vfork)(void);
    int (*clock_gettime)(int, struct __kernel_timespec *);
    ssize_t (*sendfile)(int, int, off_t *, size_t);
    ssize_t (*splice)(int, off_t *, int, off_t *, size_t, unsigned);
    ssize_t (*tee)(int, int, size_t, unsigned);
    ssize_t (*vmsplice)(int, const struct iovec *, size_t, unsigned);
    ssize_t (*copy_file_range)(int, off_t *, int, off_t *, size_t, unsigned);
    ssize_t (*send)(int, const void *, size_t, int);
    ssize_t (*sendto)(int, const void *, size_t, int, const void *, uint32_t);
    ssize_t (*sendmsg)(int, const struct lt_msghdr *, int);
    int (*sendmmsg)(int, struct lt_mmsghdr *, unsigned, int);
    long (*syscall)(long, ...);
    int (*prctl)(int, ...);
    int (*setrlimit)(int, const void *);
    int (*prlimit)(pid_t, int, const void *, void *);
    int (*munmap)(void *, size_t);
    int (*mprotect)(void *, size_t, int);
    void *(*mremap)(void *, size_t, size_t, int, ...);
    int (*chroot)(const char *);
    int (*pivot_root)(const char *, const char *);
    int (*unshare)(int);
    int (*setns)(int, int);
    int (*mount)(const char *, const char *, const char *, unsigned long, const void *);
    int (*umount)(const char *);
    int (*umount2)(const char *, int);
    int (*move_mount)(int, const char *, int, const char *, unsigned);
    int (*rename)(const char *, const char *);
    int (*renameat)(int, const char *, int, const char *);
    int (*renameat2)(int, const char *, int, const char *, unsigned);
    int (*link)(const char *, const char *);
    int (*linkat)(int, const char *, int, const char *, int);
    int (*symlink)(const char *, const char *);
    int (*symlinkat)(const char *, int, const char *);
    int (*execve)(const char *, char *const *, char *const *);
    int (*execveat)(int, const char *, char *const *, char *const *, int);

    /* NULL until found. */
    int (*clone)(int (*)(void *), void *, int, void *, ...);
    int (*on_exit)(void (*)(int, void *), void *); /* not in musl */
    void (*verr)(int, const char *, va_list);
    void (*verrx)(int, const char *, va_list);
    int (*daemon)(int, int);
    int (*execv)(const char *, char *const *);
    int (*execvp)(const char *, char *const *);
    int (*execvpe)(const char *, char *const *, char *const *);
    int (*fexecve)(int, char *const *, char *const *);
    lt_posix_spawn *posix_spawn;
    lt_posix_spawn *posix_spawnp;
    lt_posix_spawn *old_posix_spawn; /* before glibc 2.15 */
    lt_posix_spawn *old_posix_spawnp;
    lt_posix_spawn *pidfd_spawn; /* since glibc 2.39 */
    lt_posix_spawn *pidfd_spawnp;
    int *(*errno_location)(void);
    char *(*getenv)(const char *);
    int (*isatty)(int);
    FILE *(*fopen)(const char *, const char *);
    FILE *(*fdopen)(int, const char *);
    FILE *(*freopen)(const char *, const char *, FILE *);
    int (*fileno)(FILE *);
    int (*fclose)(FILE *);
    int (*pclose)(FILE *);
    int (*mkstemp)(char *);
    int (*mkostemp)(char *, int);
    int (*mkstemps)(char *, int);
    int (*mkostemps)(char *, int, int);
    int (*login_tty)(int);
    pid_t (*forkpty)(int *, char *, const void *, const void *);
    int (*aio_write)(struct lt_aiocb *);
    lt_lio_listio *lio_listio;
    lt_lio_listio *old_lio_listio; /* before glibc 2.4 */
    void (*backtrace_symbols_fd)(void *const *, int, int);
    void (*openlog)(const char *, int, int);
    void (*vsyslog)(int, const char *, va_list);
    int (*setlogmask)(int);
    void (*herror)(const char *);
    int *(*h_errno_location)(void);
    const char *(*hstrerror)(int);
    int (*fflush)(FILE *);
    int (*setvbuf)(FILE *, char *, int, size_t);
    int (*vdprintf)(int, const char *, va_list);
    int (*vdprintf_chk)(int, int, const char *, va_list);
    int (*vsnprintf)(char *, size_t, const char *, va_list);
    int (*vsnprintf_chk)(char *, size_t, int, size_t, const char *, va_list);

    /* Functions of libc that nothing here takes the place of. */
    void *nothing;

    /* Data. */
    char ***environment;     /* environ, wherever the program has it */
    void *glibc_file_vtable; /* _IO_file_jumps */
    FILE *const *stdout;
    FILE *const *stderr;
};

/* The functions that hooks go on with: libc's own, or those of a library behind us that wraps libc's. */
extern struct lt_libc_next lt_libc_next;

/* libc's own, past all wrappers: for the library's own needs, and for what such a wrapper asks of
 * syscall(), which must not come back to the wrapper. */
extern struct lt_libc_next lt_libc;

/* errno of the calling thread. Reading is safe at any time; a value set before libc was found is forgotten. */
int lt_errno(void);
void lt_set_errno(int number);

#endif
