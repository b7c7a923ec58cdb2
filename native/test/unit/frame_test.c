/* frame.c: lengths at the limits of names, in buffers that are exactly as long as promised. The bytes themselves are
 * held against the golden vectors elsewhere. */
#include "expect.h"
#include "frame.h"
#include <stdlib.h>
#include <string.h>

static char *name_of(size_t length) {
    char *name = malloc(length + 1);
    memset(name, 'n', length);
    name[length] = '\0';
    return name;
}

static void a_greeting_fits_its_buffer(void) {
    static const size_t lengths[] = {0, 1, LT_NAME_MAX_BYTES - 1, LT_NAME_MAX_BYTES, LT_NAME_MAX_BYTES + 1, 5000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            char *name = name_of(lengths[i]);
            char *container = name_of(lengths[k]);
            const size_t name_length = lengths[i] > LT_NAME_MAX_BYTES ? LT_NAME_MAX_BYTES : lengths[i];
            const size_t container_length = lengths[k] > LT_NAME_MAX_BYTES ? LT_NAME_MAX_BYTES : lengths[k];
            const struct lt_identity who = {.pid = UINT32_MAX, .name = name, .container = container};
            uint8_t *out = malloc(LT_GREETING_MAX_BYTES);
            const size_t length = lt_frame_greeting(out, &who, UINT64_MAX, (struct lt_loss){UINT64_MAX, UINT64_MAX}, 1);
            EXPECT(length == LT_FRAME_MAGIC_BYTES + LT_FRAME_HEADER_BYTES + sizeof(struct lt_hello_payload) +
                                 name_length + container_length);
            EXPECT(memcmp(out, LT_FRAME_MAGIC, LT_FRAME_MAGIC_BYTES) == 0);
            free(out);
            free(container);
            free(name);
        }
    }
}

static void a_loss_fits_its_buffer(void) {
    uint8_t *out = malloc(LT_LOST_FRAME_BYTES);
    EXPECT(lt_frame_lost(out, 1, (struct lt_loss){UINT64_MAX, UINT64_MAX}, 0) == LT_LOST_FRAME_BYTES);
    free(out);
}

static void headers_say_what_they_are_told(void) {
    struct lt_frame_header data =
        lt_frame_data(LT_FIRST_FILE_STREAM, LT_FLAG_CONTINUES, UINT16_MAX - 1, 5, LT_FRAME_MAX_PAYLOAD_BYTES);
    lt_frame_number(&data, 0x123456789abcULL);
    EXPECT(data.type == LT_FRAME_DATA && data.stream == LT_FIRST_FILE_STREAM && data.flags == LT_FLAG_CONTINUES);
    EXPECT(data.time_ns == 5 && data.length == LT_FRAME_MAX_PAYLOAD_BYTES);
    EXPECT(data.seq_low == 0x56789abc && data.seq_high == 0x1234 && data.thread == UINT16_MAX - 1);
    const struct lt_frame_header file = lt_frame_file(UINT16_MAX, 6, 4096);
    EXPECT(file.type == LT_FRAME_FILE && file.stream == UINT16_MAX && file.flags == 0);
    EXPECT(file.time_ns == 6 && file.seq_low == 0 && file.seq_high == 0 && file.thread == 0 && file.length == 4096);
}

int main(void) {
    a_greeting_fits_its_buffer();
    a_loss_fits_its_buffer();
    headers_say_what_they_are_told();
    return lt_failures();
}
