#include "http.h"

#include "monotonic.h"
#include "sys.h"
#include "text.h"

enum { AF_INET_ = 2, SO_ERROR_ = 4, REQUEST_MAX = 512 };

struct address {
    uint16_t family;
    uint8_t port[2]; /* in network order */
    uint8_t host[4];
    uint8_t padding[8];
};

static uint64_t left_ms(uint64_t until) {
    const uint64_t now = lt_monotonic_ms();
    return now >= until ? 0 : until - now;
}

/* Waits until the descriptor is ready; 0, or a negative error number. */
static int await(int fd, short events, uint64_t until) {
    const int ready = lt_sys_poll(fd, events, left_ms(until));
    if (ready < 0) return ready;
    return ready == 0 ? -ETIMEDOUT : 0;
}

/* A connected descriptor, or a negative error number. */
static int connected(uint16_t port, uint64_t until) {
    const int fd = (int)lt_kernel(__NR_socket, AF_INET_, LT_SOCK_STREAM | LT_SOCK_NONBLOCK | LT_SOCK_CLOEXEC, 0);
    if (fd < 0) return fd;
    const struct address to = {
        .family = AF_INET_,
        .port = {(uint8_t)(port >> 8), (uint8_t)port},
        .host = {127, 0, 0, 1},
    };
    int error = (int)lt_kernel(__NR_connect, fd, &to, sizeof to);
    if (error == -EINPROGRESS) {
        error = await(fd, POLLOUT, until);
        int result = 0;
        unsigned size = sizeof result;
        if (error == 0) error = (int)lt_kernel(__NR_getsockopt, fd, LT_SOL_SOCKET, SO_ERROR_, &result, &size);
        if (error == 0) error = -result;
    }
    if (error == 0) return fd;
    lt_sys_close(fd);
    return error;
}

/* The request, or 0 when it has no room. */
static size_t request_for(const char *path, char *out) {
    const char *const parts[] = {"GET ", path, " HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n"};
    size_t length = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const size_t more = lt_length(parts[i]);
        if (length + more > REQUEST_MAX) return 0;
        lt_copy(out + length, parts[i], more);
        length += more;
    }
    return length;
}

/* Reads until the shipper closes the connection, or until there is no more room. */
static int read_answer(int fd, uint64_t until, struct lt_answer *answer) {
    while (answer->length < sizeof answer->bytes) {
        const int error = await(fd, POLLIN, until);
        if (error < 0) return error;
        const ssize_t got = lt_sys_read(fd, answer->bytes + answer->length, sizeof answer->bytes - answer->length);
        if (got == -EAGAIN || got == -EINTR) continue;
        if (got < 0) return (int)got;
        if (got == 0) break;
        answer->length += (size_t)got;
    }
    return 0;
}

/* The number in `HTTP/1.1 200 OK`. */
static int status_of(const struct lt_answer *answer) {
    static const char version[] = "HTTP/1.1 ";
    enum { VERSION_LENGTH = sizeof version - 1, STATUS_LENGTH = 3 };
    if (answer->length < VERSION_LENGTH + STATUS_LENGTH) return -EPROTO;
    if (!lt_same(answer->bytes, version, VERSION_LENGTH)) return -EPROTO;
    int status = 0;
    for (size_t i = 0; i < STATUS_LENGTH; i++) {
        const char digit = answer->bytes[VERSION_LENGTH + i];
        if (digit < '0' || digit > '9') return -EPROTO;
        status = status * 10 + (digit - '0');
    }
    return status;
}

int lt_http_get(uint16_t port, const char *path, uint64_t ms, struct lt_answer *answer) {
    const uint64_t until = lt_monotonic_ms() + ms;
    char request[REQUEST_MAX];
    const size_t length = request_for(path, request);
    if (length == 0) return -ENAMETOOLONG;
    answer->length = 0;
    const int fd = connected(port, until);
    if (fd < 0) return fd;
    /* So short a request always fits into the empty buffer of a new connection. */
    const ssize_t sent = lt_kernel(__NR_sendto, fd, request, length, LT_MSG_NOSIGNAL, 0, 0);
    int error = sent < 0 ? (int)sent : 0;
    if (error == 0) error = read_answer(fd, until, answer);
    lt_sys_close(fd);
    return error < 0 ? error : status_of(answer);
}
