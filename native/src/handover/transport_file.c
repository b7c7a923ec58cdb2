/* A file. Raw: one for all processes, whole writes by O_APPEND. Frames: one per process, the target's path and ".pid",
 * because frames of several processes must not mix. */
#include "config.h"
#include "framing.h"
#include "own_descriptor.h"
#include "process.h"
#include "size_limit.h"
#include "staging.h"
#include "text.h"
#include "transport.h"

static size_t total(const struct iovec *parts, int count) {
    size_t bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += parts[i].iov_len;
    return bytes;
}

static int open_path(const char *path, int extra) {
    return lt_sys_open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | extra, 0666);
}

/* First without O_CREAT: in a sticky directory the kernel may refuse O_CREAT on another user's file
 * (fs.protected_regular). Writable for all, regardless of the umask: a worker that gave up its rights goes on in it. */
static int open_shared(const char *path) {
    int fd = open_path(path, 0);
    if (fd != -ENOENT) return fd;
    fd = open_path(path, O_CREAT | O_EXCL);
    if (fd == -EEXIST) return open_path(path, 0);
    if (fd >= 0) (void)lt_syscall(__NR_fchmod, fd, 0666);
    return fd;
}

/* A new file always: one that is there is of an earlier process with this pid, or of an earlier connection of ours. */
static int open_own(const char *target) {
    enum { SUFFIX_MAX_BYTES = 1 + 20 + 1 + 20 + 1, ATTEMPTS = 1000 };
    /* Inside the guard there is one of us; and the stack may be a signal handler's, of a few KiB. */
    static LT_LARGE char path[LT_PATH_MAX + SUFFIX_MAX_BYTES];
    size_t length = lt_length(target);
    lt_copy(path, target, length);
    path[length++] = '.';
    length += lt_format_decimal(path + length, lt_process->pid);
    int fd = open_path(path, O_CREAT | O_EXCL);
    for (uint64_t again = 1; fd == -EEXIST && again < ATTEMPTS; again++) {
        path[length] = '.';
        lt_format_decimal(path + length + 1, again);
        fd = open_path(path, O_CREAT | O_EXCL);
    }
    return fd;
}

static int open_file(void) {
    const int fd = lt_framing_is_whole() ? open_own(lt_config.target) : open_shared(lt_config.target);
    if (fd < 0) return fd;
    struct stat now = {0};
    /* A pipe would raise SIGPIPE in the application. */
    if (lt_sys_fstat(fd, &now) != 0 || (!S_ISREG(now.st_mode) && !S_ISCHR(now.st_mode))) {
        (void)lt_sys_close(fd);
        return -EINVAL;
    }
    return lt_own_descriptor_take(fd);
}

/* One call, so that writes of several processes, or of a signal handler, do not mix. */
static ssize_t write_parts(int fd, const struct iovec *parts, int count) {
    while (count > 1 && parts->iov_len == 0) {
        parts++;
        count--;
    }
    if (count == 1) return lt_sys_write(fd, parts->iov_base, parts->iov_len);
    const ssize_t taken = lt_sys_writev(fd, parts, count);
    return LT_UNLIKELY(taken == -EPERM) ? lt_send_staged(fd, parts, count, lt_sys_write) : taken;
}

/* A write beyond the process's limit of file sizes (ulimit -f) raises SIGXFSZ, which ends most applications. Blocked
 * and taken back, it is only an error. */
static ssize_t write_beyond_limit(int fd, const struct iovec *parts, int count) {
    enum { BLOCK = 0, SET = 2, MASK_BYTES = 8, FILE_TOO_LARGE_SIGNAL = 25 /* SIGXFSZ */ };
    const uint64_t signal = 1ULL << (FILE_TOO_LARGE_SIGNAL - 1);
    const struct __kernel_timespec now = {0};
    uint64_t before = 0;
    (void)lt_syscall(__NR_rt_sigprocmask, BLOCK, &signal, &before, MASK_BYTES);
    const ssize_t taken = write_parts(fd, parts, count);
    if (taken == -EFBIG) (void)lt_syscall(__NR_rt_sigtimedwait, &signal, 0, &now, MASK_BYTES);
    (void)lt_syscall(__NR_rt_sigprocmask, SET, &before, 0, MASK_BYTES);
    return taken == -EFBIG ? -ENOSPC : taken;
}

static ssize_t send_file(const struct iovec *parts, int count, int own) {
    (void)own; /* the kernel reads them all */
    const int fd = lt_own_descriptor();
    const bool is_limited = LT_UNLIKELY(lt_size_is_limited());
    const ssize_t taken = is_limited ? write_beyond_limit(fd, parts, count) : write_parts(fd, parts, count);
    if (taken <= 0 || !lt_framing_is_whole() || (size_t)taken == total(parts, count)) return taken;
    /* The disk is full. Only this process writes the file, so half a frame can be taken back. */
    const off_t end = lt_syscall(__NR_lseek, fd, 0, 1 /* SEEK_CUR */);
    if (end < taken || lt_syscall(__NR_ftruncate, fd, end - taken) != 0) return taken;
    return -ENOSPC;
}

/* A file is never "full for now". */
static void wait_file(uint64_t ms) {
    (void)ms;
}

const struct lt_transport lt_file_transport = {
    .set_up = lt_own_descriptor_set_up,
    .open = open_file,
    .is_open = lt_own_descriptor_is_open,
    .close = lt_own_descriptor_drop,
    .send = send_file,
    .send_nested = send_file,
    .wait = wait_file,
    .end_write = lt_own_descriptor_end_write,
};
