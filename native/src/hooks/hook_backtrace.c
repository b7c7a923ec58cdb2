/* Hook of backtrace_symbols_fd, which writes inside libc.
 *
 * libc writes each line into a pipe of ours instead, and the library prints its contents. It is called when a program
 * crashes: nothing here allocates or waits. */
#include "confinement.h"
#include "emit.h"
#include "hooks.h"
#include "libc_next.h"
#include "print.h"
#include "tap.h"
#include "text.h"
#include <asm/ioctls.h>

enum {
    PIPE_ROOM = 4096, /* a pipe has room for a page, however many pipes there are */
    CHUNK_BYTES = 512 /* the stack may be a signal handler's */
};

/* Prints the contents of the pipe. */
static void print_from(int pipe, int fd) {
    char chunk[CHUNK_BYTES];
    ssize_t got = 0;
    while ((got = lt_sys_read(pipe, chunk, sizeof chunk)) > 0)
        lt_print(fd, chunk, (size_t)got);
}

static void empty(int pipe) {
    char chunk[CHUNK_BYTES];
    while (lt_sys_read(pipe, chunk, sizeof chunk) > 0)
        continue;
}

/* libc writes to the original, which no hook sees. A line holds at least the address. */
static void print_unseen(void *const *address, int fd) {
    static const char least[] = "[0x]\n";
    char digits[16];
    lt_format_hex(digits, (uintptr_t)*address);
    size_t zeros = 0;
    while (zeros < sizeof digits - 1 && digits[zeros] == '0')
        zeros++;
    const struct iovec parts[] = {
        {.iov_base = digits + zeros, .iov_len = sizeof digits - zeros},
        {.iov_base = (char *)least, .iov_len = sizeof least - 1},
    };
    lt_libc_next.backtrace_symbols_fd(address, 1, fd);
    lt_emit_lost(parts, 2, 0, parts[0].iov_len + parts[1].iov_len);
}

static void print_line(const int pipe[2], void *const *address, int fd) {
    int length = 0;
    lt_libc_next.backtrace_symbols_fd(address, 1, pipe[1]);
    const bool is_whole = lt_syscall(__NR_ioctl, pipe[0], FIONREAD, &length) == 0 && length > 0 && length < PIPE_ROOM;
    if (is_whole) {
        print_from(pipe[0], fd);
    } else {
        empty(pipe[0]);
        print_unseen(address, fd);
    }
}

void lt_hook_backtrace_symbols_fd(void *const *addresses, int count, int fd) {
    static const long calls[] = {__NR_pipe2, __NR_ioctl, __NR_read, __NR_close};
    if (lt_libc_next.backtrace_symbols_fd == NULL) return;
    if (count <= 0 || lt_tap_find(fd) == LT_NONE) {
        lt_libc_next.backtrace_symbols_fd(addresses, count, fd);
        return;
    }
    const int error = lt_errno();
    int pipe[2] = {-1, -1};
    const bool has_pipe = lt_confinement_allows_all(calls, sizeof calls / sizeof *calls) &&
                          lt_syscall(__NR_pipe2, pipe, O_CLOEXEC | O_NONBLOCK) == 0;
    for (int i = 0; i < count; i++) {
        if (has_pipe)
            print_line(pipe, addresses + i, fd);
        else
            print_unseen(addresses + i, fd);
    }
    if (has_pipe) {
        (void)lt_sys_close(pipe[0]);
        (void)lt_sys_close(pipe[1]);
    }
    lt_set_errno(error);
}
