/* Frames as src/contract.ts lays them out. No state, no I/O. */
#include "frame.h"
#include "text.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "frames are little endian");

static size_t name_length(const char *name) {
    const size_t length = lt_length(name);
    return length < LT_NAME_MAX_BYTES ? length : LT_NAME_MAX_BYTES;
}

struct lt_frame_header lt_frame_file(unsigned stream, uint64_t time_ns, size_t path_length) {
    return (struct lt_frame_header){
        .length = (uint32_t)path_length,
        .type = LT_FRAME_FILE,
        .stream = (uint16_t)stream,
        .time_ns = time_ns,
    };
}

size_t lt_frame_greeting(uint8_t *out, const struct lt_identity *who, uint64_t time_ns, struct lt_loss loss,
                         uint64_t handed) {
    const struct lt_hello_payload hello = {
        .version = LT_FRAME_VERSION,
        .name_length = (uint16_t)name_length(who->name),
        .container_length = (uint16_t)name_length(who->container),
        .library = who->library,
        .pid = who->pid,
        .ppid = who->ppid,
        .start_ticks = who->start_ticks,
        .instance = who->instance,
        .lost_lines = loss.lines,
        .lost_bytes = loss.bytes,
    };
    struct lt_frame_header header = {
        .length = (uint32_t)(sizeof hello + hello.name_length + hello.container_length),
        .type = LT_FRAME_HELLO,
        .time_ns = time_ns,
    };
    lt_frame_number(&header, handed);
    uint8_t *at = out;
    lt_copy(at, LT_FRAME_MAGIC, LT_FRAME_MAGIC_BYTES);
    at += LT_FRAME_MAGIC_BYTES;
    lt_copy(at, &header, sizeof header);
    at += sizeof header;
    lt_copy(at, &hello, sizeof hello);
    at += sizeof hello;
    lt_copy(at, who->name, hello.name_length);
    at += hello.name_length;
    lt_copy(at, who->container, hello.container_length);
    at += hello.container_length;
    return (size_t)(at - out);
}

size_t lt_frame_lost(uint8_t *out, uint64_t time_ns, struct lt_loss loss, uint32_t exit_status) {
    const struct lt_lost_payload payload = {.lost_lines = loss.lines, .lost_bytes = loss.bytes};
    const struct lt_frame_header header = {
        .length = sizeof payload,
        .type = LT_FRAME_LOST,
        .flags = exit_status == 0 ? 0 : LT_FLAG_ENDS,
        .time_ns = time_ns,
        .seq_low = exit_status,
    };
    lt_copy(out, &header, sizeof header);
    lt_copy(out + sizeof header, &payload, sizeof payload);
    return sizeof header + sizeof payload;
}
