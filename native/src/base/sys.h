/* The kernel as the library sees it: direct system calls, and the few types and constants that they need.
 * Direct, because a call through libc would set errno, be a cancellation point, or come back into our own hooks. */
#ifndef LT_SYS_H
#define LT_SYS_H

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/poll.h>
#include <asm/stat.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/stat.h>
#include <linux/time_types.h>
#include <linux/uio.h>
#include <linux/un.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef long ssize_t;
typedef long off_t;
typedef unsigned mode_t;
typedef int pid_t;

/* Memory that few processes need or whose beginning they need: it lies behind all other zeros, so that these share a
 * page. Each page that a process touches costs it a page fault at its start. */
#define LT_LARGE __attribute__((section(".bss.large")))

#define LT_EXPORT __attribute__((visibility("default")))
#define LT_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define LT_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

enum { LT_NS_PER_MS = 1000000, LT_NS_PER_SECOND = 1000000000 };

/* The kernel's headers leave these to libc. */
enum {
    LT_AF_UNIX = 1,
    LT_SOCK_STREAM = 1,
    LT_SOCK_NONBLOCK = O_NONBLOCK,
    LT_SOCK_CLOEXEC = O_CLOEXEC,
    LT_SOL_SOCKET = 1,
    LT_SO_SNDBUF = 7,
    LT_CLOSE_RANGE_CLOEXEC = 4,
    LT_SEEK_SET = 0,
    LT_SEEK_CUR = 1,
    LT_SEEK_END = 2,
    LT_MSG_DONTWAIT = 0x40,
    LT_MSG_NOSIGNAL = 0x4000,
};

struct lt_msghdr {
    void *name;
    uint32_t name_length;
    struct iovec *parts;
    size_t part_count;
    void *control;
    size_t control_length;
    unsigned flags;
};
struct lt_mmsghdr {
    struct lt_msghdr message;
    unsigned sent;
};

#if defined(__x86_64__)
static inline long lt_kernel6(long number, long a, long b, long c, long d, long e, long f) {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
/* Names the calling thread without a system call: no two live threads share a thread pointer. */
static inline uintptr_t lt_thread_pointer(void) {
    uintptr_t pointer;
    __asm__ volatile("movq %%fs:0, %0" : "=r"(pointer));
    return pointer;
}
#elif defined(__aarch64__)
static inline long lt_kernel6(long number, long a, long b, long c, long d, long e, long f) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory", "cc");
    return x0;
}
static inline uintptr_t lt_thread_pointer(void) {
    uintptr_t pointer;
    __asm__ volatile("mrs %0, tpidr_el0" : "=r"(pointer));
    return pointer;
}
#else
#error "liblogtap knows x86_64 and aarch64"
#endif

/* Whether a system call may be made. NULL while the application has forbidden itself none; confinement.h sets it. */
extern bool (*lt_call_filter)(long number, long a, long b, long c, long d, long e, long f);

/* A system call of the library's own: not made, but -EPERM, where it would end the application. */
static inline long lt_syscall6(long number, long a, long b, long c, long d, long e, long f) {
    bool (*const filter)(long, long, long, long, long, long, long) = __atomic_load_n(&lt_call_filter, __ATOMIC_RELAXED);
    if (LT_UNLIKELY(filter != NULL) && !filter(number, a, b, c, d, e, f)) return -EPERM;
    return lt_kernel6(number, a, b, c, d, e, f);
}

/* A system call with up to six arguments; answers the result or a negative error number. lt_kernel makes one that the
 * application asked for. */
#define LT_CALL_NAME(_1, _2, _3, _4, _5, _6, _7, name, ...) name
#define LT_CALL1(call, n) call((n), 0, 0, 0, 0, 0, 0)
#define LT_CALL2(call, n, a) call((n), (long)(a), 0, 0, 0, 0, 0)
#define LT_CALL3(call, n, a, b) call((n), (long)(a), (long)(b), 0, 0, 0, 0)
#define LT_CALL4(call, n, a, b, c) call((n), (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define LT_CALL5(call, n, a, b, c, d) call((n), (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define LT_CALL6(call, n, a, b, c, d, e) call((n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define LT_CALL7(call, n, a, b, c, d, e, f) call((n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define LT_CALL(call, ...)                                                                                             \
    LT_CALL_NAME(__VA_ARGS__, LT_CALL7, LT_CALL6, LT_CALL5, LT_CALL4, LT_CALL3, LT_CALL2, LT_CALL1, 0)                 \
    (call, __VA_ARGS__)
#define lt_syscall(...) LT_CALL(lt_syscall6, __VA_ARGS__)
#define lt_kernel(...) LT_CALL(lt_kernel6, __VA_ARGS__)

static inline int lt_sys_open(const char *path, int flags, mode_t mode) {
    return (int)lt_syscall(__NR_openat, AT_FDCWD, path, flags, mode);
}
static inline int lt_sys_close(int fd) {
    return (int)lt_syscall(__NR_close, fd);
}
static inline ssize_t lt_sys_read(int fd, void *to, size_t length) {
    return lt_syscall(__NR_read, fd, to, length);
}
static inline ssize_t lt_sys_write(int fd, const void *from, size_t length) {
    return lt_syscall(__NR_write, fd, from, length);
}
static inline ssize_t lt_sys_writev(int fd, const struct iovec *parts, int count) {
    return lt_syscall(__NR_writev, fd, parts, count);
}
static inline int lt_sys_fcntl(int fd, int command, long argument) {
    return (int)lt_syscall(__NR_fcntl, fd, command, argument);
}
static inline int lt_sys_fstat(int fd, struct stat *out) {
    return (int)lt_syscall(__NR_fstat, fd, out);
}
static inline int lt_sys_stat(const char *path, struct stat *out) {
    return (int)lt_syscall(__NR_newfstatat, AT_FDCWD, path, out, 0);
}
/* Where the descriptor is, or a negative error number: not everything has a place. */
static inline off_t lt_sys_position(int fd) {
    return lt_syscall(__NR_lseek, fd, 0, LT_SEEK_CUR);
}
static inline pid_t lt_sys_getpid(void) {
    return (pid_t)lt_syscall(__NR_getpid);
}
/* Answers the address, or NULL. */
static inline void *lt_sys_map(size_t length) {
    const long at = lt_syscall(__NR_mmap, 0, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at < 0 && at > -4096 ? NULL : (void *)at; /* the kernel's range of error numbers */
}
static inline void lt_sys_unmap(void *at, size_t length) {
    (void)lt_syscall(__NR_munmap, at, length);
}
/* Waits up to `ms` milliseconds for one descriptor, or only sleeps when `fd` is negative; answers as ppoll(2). */
static inline int lt_sys_poll(int fd, short events, uint64_t ms) {
    struct pollfd wanted = {.fd = fd, .events = events};
    struct __kernel_timespec left = {
        .tv_sec = (long long)(ms / 1000),
        .tv_nsec = (long long)(ms % 1000) * LT_NS_PER_MS,
    };
    return (int)lt_syscall(__NR_ppoll, &wanted, 1, &left, 0, 8);
}

#endif
