/* Bytes of several places made into one. */
#include "staging.h"
#include "contract.h"
#include "readable.h"
#include "text.h"

ssize_t lt_send_staged(int fd, const struct iovec *parts, int count,
                       ssize_t (*send_one)(int fd, const void *from, size_t length)) {
    static LT_LARGE uint8_t bytes[sizeof(struct lt_frame_header) + LT_FRAME_MAX_PAYLOAD_BYTES];
    static bool is_taken;
    if (__atomic_exchange_n(&is_taken, true, __ATOMIC_ACQUIRE)) return -EPERM;
    size_t length = 0;
    ssize_t result = 0;
    for (int i = 0; i < count; i++) {
        const struct iovec *part = &parts[i];
        if (part->iov_len > sizeof bytes - length || !lt_is_readable(part->iov_base, part->iov_len)) result = -EPERM;
        if (result != 0) break;
        lt_copy(bytes + length, part->iov_base, part->iov_len);
        length += part->iov_len;
    }
    if (result == 0) result = send_one(fd, bytes, length);
    __atomic_store_n(&is_taken, false, __ATOMIC_RELEASE);
    return result;
}
