/* lt_emit_slice, held against a naive copy: every skip and limit over parts of every shape, empty ones included. */
#include "emit.h"
#include "expect.h"
#include <stdlib.h>
#include <string.h>

enum { ROOM_MAX = 6 };

static size_t flatten(const struct iovec *parts, int count, char *out) {
    size_t length = 0;
    for (int i = 0; i < count; i++) {
        if (parts[i].iov_len > 0) memcpy(out + length, parts[i].iov_base, parts[i].iov_len);
        length += parts[i].iov_len;
    }
    return length;
}

static void a_slice_is_what_a_copy_would_be(const struct iovec *parts, int count) {
    char whole[64];
    const size_t length = flatten(parts, count, whole);
    for (size_t skip = 0; skip <= length + 1; skip++) {
        for (size_t limit = 0; limit <= length + 1; limit++) {
            for (int room = 0; room <= ROOM_MAX; room++) {
                struct iovec *out = calloc((size_t)room + 1, sizeof *out);
                char slice[64];
                const int filled = lt_emit_slice(parts, count, skip, limit, out, room);
                EXPECT(filled >= 0 && filled <= room);
                const size_t got = flatten(out, filled, slice);
                const size_t left = skip < length ? length - skip : 0;
                const size_t wanted = left < limit ? left : limit;
                EXPECT(got <= wanted);
                EXPECT(memcmp(slice, whole + (skip < length ? skip : 0), got) == 0);
                /* Only too little room makes it shorter. */
                EXPECT(got == wanted || filled == room);
                free(out);
            }
        }
    }
}

int main(void) {
    char a[] = "abc";
    char b[] = "d";
    char c[] = "efghi";
    const struct iovec parts[] = {
        {NULL, 0}, {a, 3}, {NULL, 0}, {b, 1}, {c, 5}, {c, 0},
    };
    for (int first = 0; first <= 6; first++) {
        for (int count = 0; first + count <= 6; count++)
            a_slice_is_what_a_copy_would_be(parts + first, count);
    }
    return lt_failures();
}
