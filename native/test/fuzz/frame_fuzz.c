/* Encodes an arbitrary identity and loss, and reads them back with a decoder of its own, written from the layout in
 * contract.h by hand: byte offsets, no struct. */
#include "frame.c"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition), abort();                     \
    } while (0)

/* Takes values off the fuzzer's bytes; zeros when they are used up. */
struct input {
    const uint8_t *at;
    size_t left;
};

static uint64_t take(struct input *input, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes && input->left > 0; i++, input->at++, input->left--)
        value |= (uint64_t)*input->at << 8 * i;
    return value;
}

static char *take_name(struct input *input) {
    size_t length = take(input, 2) % 600;
    if (length > input->left) length = input->left;
    char *name = malloc(length + 1);
    memcpy(name, input->at, length);
    name[length] = '\0';
    input->at += length;
    input->left -= length;
    return name;
}

static uint64_t number(const uint8_t *at, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << 8 * i;
    return value;
}

static void is_header(const uint8_t *at, uint64_t length, unsigned type, unsigned flags, uint64_t stream,
                      unsigned thread, uint64_t time_ns, uint64_t seq) {
    REQUIRE(number(at, 4) == length);
    REQUIRE(at[4] == type);
    REQUIRE(at[5] == flags);
    REQUIRE(number(at + 6, 2) == stream);
    REQUIRE(number(at + 8, 8) == time_ns);
    REQUIRE(number(at + 16, 6) == (seq & 0xffffffffffffULL));
    REQUIRE(number(at + 22, 2) == thread);
}

static void is_name(const uint8_t *at, size_t length, const char *name) {
    const size_t wanted = strlen(name) < 255 ? strlen(name) : 255;
    REQUIRE(length == wanted);
    REQUIRE(memcmp(at, name, wanted) == 0);
}

static void greetings_come_back(struct input *input) {
    const uint64_t time_ns = take(input, 8);
    const struct lt_loss loss = {take(input, 8), take(input, 8)};
    const uint64_t handed = take(input, 6);
    struct lt_identity who = {
        .pid = (uint32_t)take(input, 4),
        .ppid = (uint32_t)take(input, 4),
        .start_ticks = take(input, 8),
        .instance = take(input, 8),
    };
    char *name = take_name(input);
    char *container = take_name(input);
    who.name = name;
    who.container = container;
    uint8_t *out = malloc(LT_GREETING_MAX_BYTES);
    const size_t length = lt_frame_greeting(out, &who, time_ns, loss, handed);
    REQUIRE(length >= 8 + 24 + 48 && length <= LT_GREETING_MAX_BYTES);
    REQUIRE(memcmp(out, "\x89LTP\r\n\x1a\n", 8) == 0);
    is_header(out + 8, length - 8 - 24, 1, 0, 0, 0, time_ns, handed);
    const uint8_t *hello = out + 8 + 24;
    const size_t name_bytes = number(hello + 2, 2);
    const size_t container_bytes = number(hello + 4, 2);
    REQUIRE(number(hello, 2) == LT_FRAME_VERSION);
    REQUIRE(number(hello + 6, 2) == 0);
    REQUIRE(number(hello + 8, 4) == who.pid);
    REQUIRE(number(hello + 12, 4) == who.ppid);
    REQUIRE(number(hello + 16, 8) == who.start_ticks);
    REQUIRE(number(hello + 24, 8) == who.instance);
    REQUIRE(number(hello + 32, 8) == loss.lines);
    REQUIRE(number(hello + 40, 8) == loss.bytes);
    REQUIRE(48 + name_bytes + container_bytes == length - 8 - 24);
    is_name(hello + 48, name_bytes, name);
    is_name(hello + 48 + name_bytes, container_bytes, container);
    free(out);
    free(container);
    free(name);
}

static void losses_come_back(struct input *input) {
    const uint64_t time_ns = take(input, 8);
    const struct lt_loss loss = {take(input, 8), take(input, 8)};
    uint8_t *out = malloc(LT_LOST_FRAME_BYTES);
    REQUIRE(lt_frame_lost(out, time_ns, loss, 0) == 24 + 16);
    is_header(out, 16, 4, 0, 0, 0, time_ns, 0);
    REQUIRE(number(out + 24, 8) == loss.lines);
    REQUIRE(number(out + 32, 8) == loss.bytes);
    free(out);
}

static void headers_come_back(struct input *input) {
    const uint64_t time_ns = take(input, 8);
    const uint64_t seq = take(input, 8);
    const unsigned stream = (unsigned)take(input, 2);
    const unsigned flags = (unsigned)take(input, 1);
    const unsigned thread = (unsigned)take(input, 2);
    const size_t length = take(input, 4);
    struct lt_frame_header data = lt_frame_data(stream, flags, thread, time_ns, length);
    lt_frame_number(&data, seq);
    is_header((const uint8_t *)&data, length, 3, flags, stream, thread, time_ns, seq);
    const struct lt_frame_header file = lt_frame_file(stream, time_ns, length);
    is_header((const uint8_t *)&file, length, 2, 0, stream, 0, time_ns, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    struct input input = {bytes, length};
    headers_come_back(&input);
    losses_come_back(&input);
    greetings_come_back(&input);
    return 0;
}
