/* Writes the golden frame files into a directory, with the library's own frame.c:
 * cc -I native/src/handover -I native/src/base vectors.c native/src/handover/frame.c native/src/base/text.c && ./a.out DIR */
#include "frame.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t T0 = 1700000000123456789ULL;
static const struct lt_identity ORDERS = {
    .pid = 4711,
    .ppid = 1,
    .start_ticks = 987654,
    .instance = 0x0123456789abcdefULL,
    .name = "orders",
    .container = "app",
};
static const struct lt_loss NOTHING = {0, 0};
enum { MAIN_THREAD = 258 };

static const char *directory;
static FILE *file;

static void begin(const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
}

static void end(void) {
    if (fclose(file) != 0) exit(1);
}

static void put(const void *bytes, size_t length) {
    if (fwrite(bytes, 1, length, file) != length) exit(1);
}

static void greet(const struct lt_identity *who, uint64_t time_ns, struct lt_loss loss) {
    uint8_t frame[LT_GREETING_MAX_BYTES];
    put(frame, lt_frame_greeting(frame, who, time_ns, loss, 0));
}

static void data(unsigned stream, unsigned flags, unsigned thread, uint64_t time_ns, uint64_t seq, const void *bytes,
                 size_t length) {
    struct lt_frame_header header = lt_frame_data(stream, flags, thread, time_ns, length);
    lt_frame_number(&header, seq);
    put(&header, sizeof header);
    put(bytes, length);
}

static void text_of(unsigned thread, unsigned stream, uint64_t time_ns, uint64_t seq, const char *bytes) {
    data(stream, 0, thread, time_ns, seq, bytes, strlen(bytes));
}

static void text(unsigned stream, uint64_t time_ns, uint64_t seq, const char *bytes) {
    text_of(MAIN_THREAD, stream, time_ns, seq, bytes);
}

static void announce(unsigned stream, uint64_t time_ns, const char *path) {
    const struct lt_frame_header header = lt_frame_file(stream, time_ns, strlen(path));
    put(&header, sizeof header);
    put(path, strlen(path));
}

static void lost(uint64_t time_ns, struct lt_loss loss) {
    uint8_t frame[LT_LOST_FRAME_BYTES];
    put(frame, lt_frame_lost(frame, time_ns, loss, 0));
}

int main(int argc, char **argv) {
    if (argc != 2) return 64;
    directory = argv[1];

    begin("hello.bin");
    greet(&ORDERS, T0, NOTHING);
    end();

    begin("streams.bin");
    greet(&ORDERS, T0, NOTHING);
    text(LT_STREAM_STDOUT, T0 + 1, 1, "first line\n");
    text(LT_STREAM_STDERR, T0 + 2, 2, "oops\n");
    text(LT_STREAM_STDOUT, T0 + 3, 3, "second line\nthird line, unfin");
    text(LT_STREAM_STDOUT, T0 + 4, 4, "ished\n");
    end();

    begin("threads.bin");
    greet(&ORDERS, T0, NOTHING);
    text_of(MAIN_THREAD, LT_STREAM_STDERR, T0 + 1, 1, "java.lang.IllegalStateException: one\n");
    text_of(1, LT_STREAM_STDERR, T0 + 2, 2, "java.lang.IllegalStateException: other\n");
    text_of(1, LT_STREAM_STDERR, T0 + 3, 3, "\tat A.a(A.java:1)\n");
    text_of(MAIN_THREAD, LT_STREAM_STDERR, T0 + 4, 4, "\tat B.b(B.java:2)\n");
    text_of(0, LT_STREAM_STDOUT, T0 + 5, 5, "of an unknown thread\n");
    end();

    begin("file.bin");
    greet(&ORDERS, T0, NOTHING);
    announce(LT_FIRST_FILE_STREAM, T0 + 1, "/var/log/or\xc3\xa4nge/app.log");
    text(LT_FIRST_FILE_STREAM, T0 + 2, 1, "a line of a file\n");
    announce(LT_FIRST_FILE_STREAM + 1, T0 + 3, "relative.log");
    text(LT_FIRST_FILE_STREAM + 1, T0 + 4, 2, "a line of another\n");
    end();

    begin("continues.bin");
    greet(&ORDERS, T0, NOTHING);
    static char long_write[LT_FRAME_MAX_PAYLOAD_BYTES + 8];
    for (size_t i = 0; i < sizeof long_write; i++)
        long_write[i] = "0123456789abcdef"[i % 16];
    long_write[sizeof long_write - 1] = '\n';
    data(LT_STREAM_STDOUT, LT_FLAG_CONTINUES, MAIN_THREAD, T0 + 1, 1, long_write, LT_FRAME_MAX_PAYLOAD_BYTES);
    data(LT_STREAM_STDOUT, 0, MAIN_THREAD, T0 + 1, 2, long_write + LT_FRAME_MAX_PAYLOAD_BYTES, 8);
    end();

    begin("lost.bin");
    greet(&ORDERS, T0, (struct lt_loss){3, 120});
    text(LT_STREAM_STDOUT, T0 + 1, 4, "after a loss\n");
    lost(T0 + 9, (struct lt_loss){5, 222});
    text(LT_STREAM_STDOUT, T0 + 9, 7, "after another\n");
    end();

    begin("binary.bin");
    const struct lt_identity extreme = {
        .pid = UINT32_MAX,
        .ppid = UINT32_MAX,
        .start_ticks = UINT64_MAX,
        .instance = UINT64_MAX,
        .name = "",
        .container = "",
    };
    greet(&extreme, UINT64_MAX, (struct lt_loss){9007199254740993ULL, UINT64_MAX});
    data(LT_STREAM_STDERR, 0, UINT16_MAX, UINT64_MAX, (1ULL << 38) - 1, "\0\xff\xfe\x89LTP\r\n\x1a\n\x80", 12);
    end();

    begin("truncated.bin");
    greet(&ORDERS, T0, NOTHING);
    text(LT_STREAM_STDOUT, T0 + 1, 1, "whole\n");
    struct lt_frame_header cut = lt_frame_data(LT_STREAM_STDOUT, 0, MAIN_THREAD, T0 + 2, 100);
    lt_frame_number(&cut, 2);
    put(&cut, sizeof cut);
    put("only this", 9);
    end();

    begin("raw.bin");
    put("a raw line\nand an unfinished one", 32);
    end();
    return 0;
}
