/* Hook of syscall(), by which programs write, close and start others past libc's named functions.
 *
 * Every other number goes on to libc's syscall() with its registers and stack untouched: it may be clone or futex. And
 * what is handled here goes through libc's syscall() as well: unlike write(), it is no cancellation point. */
#include "emit.h"
#include "file_position.h"
#include "hooks.h"
#include "libc_next.h"
#include "own_descriptor.h"
#include "readable.h"
#include "size_limit.h"
#include "tap.h"
#include "tee.h"
#include "trampoline.h"
#include <linux/fs.h>

enum { ARGUMENTS = 6, IOV_MAX = 1024 };

struct call {
    long number;
    long at[ARGUMENTS];
};

static long go_on(const struct call *call) {
    const long *at = call->at;
    return lt_libc_next.syscall(call->number, at[0], at[1], at[2], at[3], at[4], at[5]);
}

static bool has_offset(const struct call *call) {
    if (call->number == __NR_pwritev2) return call->at[3] != LT_NO_OFFSET;
    return call->number != __NR_write && call->number != __NR_writev;
}

static ssize_t write_original(const void *context, const struct iovec *parts, int count, size_t skip) {
    struct call call = *(const struct call *)context;
    const bool is_vector = call.number != __NR_write && call.number != __NR_pwrite64;
    call.at[1] = is_vector ? (long)parts : (long)parts->iov_base;
    call.at[2] = is_vector ? count : (long)parts->iov_len;
    if (has_offset(&call)) call.at[3] += (long)skip;
    return go_on(&call);
}

static off_t offset_of(const struct call *call) {
    return has_offset(call) ? call->at[3] : LT_NO_OFFSET;
}

/* Suppressed bytes never meet the kernel, which refuses such an offset. */
static bool is_nowhere(const struct call *call, unsigned stream) {
    if (!has_offset(call)) return false;
    return call->at[3] < 0 || (lt_tap_is_suppressed(stream) && lt_sys_position((int)call->at[0]) < 0);
}

static long write_buffer(const struct call *call) {
    const unsigned stream = lt_tap_find((int)call->at[0]);
    if (stream == LT_NONE || is_nowhere(call, stream)) return go_on(call);
    const struct iovec part = {.iov_base = (void *)call->at[1], .iov_len = (size_t)call->at[2]};
    return lt_tee(stream, offset_of(call), &part, 1, write_original, call);
}

static long write_vector(const struct call *call) {
    const struct iovec *parts = (const struct iovec *)call->at[1];
    const long count = call->at[2];
    const unsigned stream = count > 0 && count <= IOV_MAX ? lt_tap_find((int)call->at[0]) : LT_NONE;
    if (stream == LT_NONE || is_nowhere(call, stream) || !lt_can_read(parts, (size_t)count * sizeof *parts))
        return go_on(call);
    const bool has_flags = call->number == __NR_pwritev2 && (call->at[5] & ~LT_FLAGS_WITHOUT_EFFECT) != 0;
    if (has_flags && lt_tap_is_suppressed(stream)) {
        const long written = go_on(call);
        if (written > 0) lt_emit_lost(parts, (int)count, 0, (size_t)written);
        return written;
    }
    return lt_tee(stream, offset_of(call), parts, (int)count, write_original, call);
}

static long close_one(const struct call *call) {
    const int fd = (int)call->at[0];
    if (lt_own_descriptor_is(fd)) {
        lt_set_errno(EBADF);
        return -1;
    }
    lt_tap_forget(fd);
    return go_on(call);
}

static long open_one(const struct call *call, int path_at, int flags) {
    const long fd = go_on(call);
    if (fd < 0) return fd;
    const int error = lt_errno();
    if (lt_own_descriptor_is((int)fd)) lt_own_descriptor_forget();
    lt_tap_opened((int)fd, flags, (const char *)call->at[path_at]);
    lt_set_errno(error);
    return fd;
}

/* openat2 has its flags behind a pointer; the kernel has read them when there is a descriptor. */
static long open_one_as_told(const struct call *call) {
    const uint64_t *how = (const uint64_t *)call->at[2];
    return open_one(call, 1, lt_is_readable(how, sizeof *how) ? (int)*how : O_RDONLY);
}

static bool is_tapped(long fd) {
    return lt_tap_find((int)fd) != LT_NONE;
}

static long copy_or_send(const struct call *call) {
    const long *at = call->at;
    switch (call->number) {
    case __NR_sendfile:
        return is_tapped(at[0]) ? lt_sendfile_by(&lt_libc, (int)at[0], (int)at[1], (off_t *)at[2], (size_t)at[3])
                                : go_on(call);
    case __NR_splice:
        if (!is_tapped(at[2])) return go_on(call);
        return lt_splice_by(&lt_libc, (int)at[0], (off_t *)at[1], (int)at[2], (off_t *)at[3], (size_t)at[4],
                            (unsigned)at[5]);
    case __NR_copy_file_range:
        if (!is_tapped(at[2])) return go_on(call);
        return lt_copy_file_range_by(&lt_libc, (int)at[0], (off_t *)at[1], (int)at[2], (off_t *)at[3], (size_t)at[4],
                                     (unsigned)at[5]);
    case __NR_tee:
        return is_tapped(at[1]) ? lt_tee_by(&lt_libc, (int)at[0], (int)at[1], (size_t)at[2], (unsigned)at[3])
                                : go_on(call);
    default:
        break;
    }
    if (!is_tapped(at[0])) return go_on(call);
    /* musl's functions look into a message themselves. */
    if ((call->number == __NR_sendmsg || call->number == __NR_sendmmsg) &&
        !lt_is_readable((const void *)at[1], sizeof(struct lt_msghdr))) {
        return go_on(call);
    }
    switch (call->number) {
    case __NR_vmsplice:
        return lt_vmsplice_by(&lt_libc, (int)at[0], (const struct iovec *)at[1], (size_t)at[2], (unsigned)at[3]);
    case __NR_sendto:
        return lt_sendto_by(&lt_libc, (int)at[0], (const void *)at[1], (size_t)at[2], (int)at[3], (const void *)at[4],
                            (uint32_t)at[5]);
    case __NR_sendmsg:
        return lt_sendmsg_by(&lt_libc, (int)at[0], (const struct lt_msghdr *)at[1], (int)at[2]);
    default:
        return lt_sendmmsg_by(&lt_libc, (int)at[0], (struct lt_mmsghdr *)at[1], (unsigned)at[2], (int)at[3]);
    }
}

static long name_one(const struct call *call, int directory, int name_at) {
    const long result = go_on(call);
    const bool is_exchange = call->number == __NR_renameat2 && (call->at[4] & RENAME_EXCHANGE) != 0;
    if (result == 0 && is_exchange) lt_tap_named((int)call->at[0], (const char *)call->at[1]);
    if (result == 0) lt_tap_named(directory, (const char *)call->at[name_at]);
    return result;
}

static long handle(const struct call *call) {
    const long *at = call->at;
    switch (call->number) {
#ifdef __NR_rename
    case __NR_rename:
    case __NR_link:
    case __NR_symlink:
        return name_one(call, AT_FDCWD, 1);
#endif
    case __NR_renameat:
    case __NR_renameat2:
    case __NR_linkat:
        return name_one(call, (int)at[2], 3);
    case __NR_symlinkat:
        return name_one(call, (int)at[1], 2);
    case __NR_write:
    case __NR_pwrite64:
        return write_buffer(call);
    case __NR_writev:
    case __NR_pwritev:
    case __NR_pwritev2:
        return write_vector(call);
    case __NR_close:
        return close_one(call);
    case __NR_close_range:
        return lt_close_range_by(&lt_libc, (unsigned)at[0], (unsigned)at[1], (int)at[2]);
#ifdef __NR_open
    case __NR_open:
        return open_one(call, 0, (int)at[1]);
    case __NR_creat:
        return open_one(call, 0, O_CREAT | O_WRONLY | O_TRUNC);
    case __NR_dup2:
        return lt_dup2_by(&lt_libc, (int)at[0], (int)at[1]);
#endif
    case __NR_openat:
        return open_one(call, 1, (int)at[2]);
    case __NR_openat2:
        return open_one_as_told(call);
    case __NR_dup:
        return lt_dup_by(&lt_libc, (int)at[0]);
    case __NR_dup3:
        return lt_dup3_by(&lt_libc, (int)at[0], (int)at[1], (int)at[2]);
    case __NR_lseek:
        return lt_file_position_seek(&lt_libc, (int)at[0], at[1], (int)at[2]);
    case __NR_ftruncate:
        return lt_file_position_resize(&lt_libc, (int)at[0], at[1]);
    case __NR_fcntl:
        return lt_fcntl_by(&lt_libc, (int)at[0], (int)at[1], at[2]);
    case __NR_ioctl:
        return lt_ioctl_by(&lt_libc, (int)at[0], (unsigned long)at[1], (void *)at[2]);
    case __NR_execve:
        return lt_execve_by(&lt_libc, (const char *)at[0], (char *const *)at[1], (char *const *)at[2]);
    case __NR_execveat:
        return lt_execveat_by(&lt_libc, (int)at[0], (const char *)at[1], (char *const *)at[2], (char *const *)at[3],
                              (int)at[4]);
    case __NR_seccomp:
        return lt_confine_by(&lt_libc, at);
    case __NR_prctl:
        return lt_prctl_by(&lt_libc, (int)at[0], at + 1);
    case __NR_setrlimit:
    case __NR_prlimit64: {
        const int limit_at = call->number == __NR_prlimit64 ? 2 : 1;
        lt_limit_comes((int)at[limit_at - 1], (const void *)at[limit_at]);
        const long result = go_on(call);
        if (result == 0) lt_size_limit_changed();
        return result;
    }
    case __NR_munmap:
    case __NR_mprotect:
    case __NR_mremap: {
        const long result = go_on(call);
        (void)__atomic_add_fetch(&lt_memory_changes, 1, __ATOMIC_RELEASE);
        return result;
    }
    case __NR_exit_group:
        lt_emit_note_status((int)call->at[0]);
        lt_emit_end();
        return go_on(call);
    default:
        return copy_or_send(call);
    }
}

static long handled(long number, ...) {
    struct call call = {.number = number};
    va_list list;
    va_start(list, number);
    /* Registers and stack hold six, however many were passed. */
    call.at[0] = va_arg(list, long), call.at[1] = va_arg(list, long), call.at[2] = va_arg(list, long);
    call.at[3] = va_arg(list, long), call.at[4] = va_arg(list, long), call.at[5] = va_arg(list, long);
    va_end(list);
    return handle(&call);
}

/* Called by lt_hook_syscall below. Answers the function that it goes on with. */
__attribute__((used)) static long (*before_syscall(long number))(long, ...) {
    switch (number) {
#ifdef __NR_rename
    case __NR_rename:
    case __NR_link:
    case __NR_symlink:
#endif
    case __NR_renameat:
    case __NR_renameat2:
    case __NR_linkat:
    case __NR_symlinkat:
#ifdef __NR_open
    case __NR_open:
    case __NR_creat:
    case __NR_dup2:
#endif
    case __NR_write:
    case __NR_pwrite64:
    case __NR_writev:
    case __NR_pwritev:
    case __NR_pwritev2:
    case __NR_close:
    case __NR_close_range:
    case __NR_openat:
    case __NR_openat2:
    case __NR_dup:
    case __NR_dup3:
    case __NR_lseek:
    case __NR_ftruncate:
    case __NR_fcntl:
    case __NR_ioctl:
    case __NR_execve:
    case __NR_execveat:
    case __NR_exit_group:
    case __NR_seccomp:
    case __NR_prctl:
    case __NR_setrlimit:
    case __NR_prlimit64:
    case __NR_munmap:
    case __NR_mprotect:
    case __NR_mremap:
    case __NR_sendfile:
    case __NR_splice:
    case __NR_tee:
    case __NR_vmsplice:
    case __NR_copy_file_range:
    case __NR_sendto:
    case __NR_sendmsg:
    case __NR_sendmmsg:
        return handled;
    case __NR_chroot:
    case __NR_pivot_root:
    case __NR_unshare:
    case __NR_setns:
    case __NR_mount:
    case __NR_umount2:
    case __NR_move_mount:
    case __NR_landlock_restrict_self:
        lt_look_ahead();
        return lt_libc_next.syscall;
#ifdef __NR_vfork
    case __NR_vfork:
#endif
    case __NR_clone:
    case __NR_clone3:
        lt_emit_prepare();
        return lt_libc_next.syscall;
    default:
        return lt_libc_next.syscall;
    }
}

LT_TRAMPOLINE(lt_hook_syscall, before_syscall);
