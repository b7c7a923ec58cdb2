/* A stream socket. Linux takes up to 32 KiB whole or not at all on a non-blocking unix stream socket, so frames of
 * several writers do not mix; as that is nowhere promised, connection.c handles a partial send too. */
#include "config.h"
#include "framing.h"
#include "handover.h"
#include "loss_page.h"
#include "own_descriptor.h"
#include "staging.h"
#include "text.h"
#include "transport.h"

enum {
    SEND_BUFFER_BYTES = 4 << 20, /* room for bursts; the kernel cuts it to net.core.wmem_max, and doubles it */
    /* For last words on a socket whose reader is behind: the kernel refuses any send beyond its bound, and lets a large
     * frame pass the bound by as much as it takes. */
    RESERVE_BYTES = 128 << 10,
};

static void set_send_buffer(int fd, int bytes) {
    (void)lt_syscall(__NR_setsockopt, fd, LT_SOL_SOCKET, LT_SO_SNDBUF, &bytes, sizeof bytes);
}

static void keep_reserve_of(int fd) {
    set_send_buffer(fd, SEND_BUFFER_BYTES);
    int bytes = 0;
    uint32_t size = sizeof bytes;
    (void)lt_syscall(__NR_getsockopt, fd, LT_SOL_SOCKET, LT_SO_SNDBUF, &bytes, &size);
    if (bytes > 2 * RESERVE_BYTES) set_send_buffer(fd, (bytes - RESERVE_BYTES) / 2);
}

static void keep_reserve(void) {
    keep_reserve_of(lt_own_descriptor());
}

static void use_reserve(void) {
    set_send_buffer(lt_own_descriptor(), SEND_BUFFER_BYTES);
}

static int open_socket(void) {
    struct sockaddr_un address = {.sun_family = LT_AF_UNIX};
    lt_copy(address.sun_path, lt_config.target, lt_length(lt_config.target) + 1);
    const int type = LT_SOCK_STREAM | LT_SOCK_NONBLOCK | LT_SOCK_CLOEXEC;
    const int fd = (int)lt_syscall(__NR_socket, LT_AF_UNIX, type, 0);
    if (fd < 0) return fd;
    const int refused = (int)lt_syscall(__NR_connect, fd, &address, sizeof address);
    if (refused != 0) {
        (void)lt_sys_close(fd);
        return refused;
    }
    keep_reserve_of(fd);
    return lt_own_descriptor_take(fd);
}

/* As it was when the application gave up system calls. write(2) raises SIGPIPE when the shipper has gone, so it is for
 * applications that do not mind. */
static bool pipe_signal_is_ignored;

static void look_ahead(void) {
    enum { PIPE_SIGNAL = 13, MASK_BYTES = 8, IGNORED = 1 /* SIG_IGN */ };
    struct {
        uintptr_t handler;
        uint64_t others[3];
    } action = {0};
    pipe_signal_is_ignored =
        lt_syscall(__NR_rt_sigaction, PIPE_SIGNAL, 0, &action, MASK_BYTES) == 0 && action.handler == IGNORED;
    if (lt_framing_is_whole()) lt_loss_page_open(false);
}

static bool set_up(void) {
    return lt_loss_page_set_up() && lt_own_descriptor_set_up();
}

/* At once: the process may be killed, or end before a shipper listens. A handler moves nothing: it may have interrupted
 * a report of it. Nor does a process that is connected, as its next frame tells. Not inlined: its frame would take
 * stack in every write. */
__attribute__((noinline)) static void tell_loss(const struct lt_loss *reported, bool may_call) {
    const struct lt_loss loss = lt_handover_loss();
    const bool moves = may_call && !lt_own_descriptor_is_open();
    (void)lt_loss_page_tell(&loss, moves ? reported : NULL, may_call);
}

static void note_loss(const struct lt_loss *reported, bool may_call) {
    if (LT_LIKELY(__atomic_load_n(&lt_handover->loss.bytes, __ATOMIC_RELAXED) == lt_loss_page_told())) return;
    /* A reader that knows no frames counts nothing. */
    if (lt_framing_is_whole()) tell_loss(reported, may_call);
}

static ssize_t send_one(int fd, const void *from, size_t length) {
    return lt_syscall(__NR_sendto, fd, from, length, LT_MSG_NOSIGNAL | LT_MSG_DONTWAIT, 0, 0);
}

static ssize_t send_socket(const struct iovec *parts, int count, int own) {
    (void)own; /* the kernel reads them all */
    const int fd = lt_own_descriptor();
    const struct lt_msghdr message = {.parts = (struct iovec *)parts, .part_count = (size_t)count};
    ssize_t sent = lt_syscall(__NR_sendmsg, fd, &message, LT_MSG_NOSIGNAL | LT_MSG_DONTWAIT);
    if (LT_LIKELY(sent != -EPERM)) return sent;
    sent = lt_send_staged(fd, parts, count, send_one);
    return sent == -EPERM && pipe_signal_is_ignored ? lt_send_staged(fd, parts, count, lt_sys_write) : sent;
}

static void wait_socket(uint64_t ms) {
    (void)lt_sys_poll(lt_own_descriptor(), POLLOUT, ms);
}

const struct lt_transport lt_socket_transport = {
    .set_up = set_up,
    .open = open_socket,
    .is_open = lt_own_descriptor_is_open,
    .close = lt_own_descriptor_drop,
    .send = send_socket,
    .send_nested = send_socket,
    .wait = wait_socket,
    .end_write = lt_own_descriptor_end_write,
    .use_reserve = use_reserve,
    .keep_reserve = keep_reserve,
    .note_loss = note_loss,
    .look_ahead = look_ahead,
};
