/* How bytes are laid out on their way to the target. */
#include "framing.h"
#include "handover.h"
#include "proc_self.h"
#include "process.h"

size_t lt_framing_greeting(uint8_t out[LT_GREETING_MAX_BYTES], struct lt_loss loss, uint64_t handed) {
    if (!lt_config.frames) return 0;
    char name[64];
    lt_proc_self_name(name, sizeof name);
    const struct lt_identity who = {
        .pid = lt_process->pid,
        .ppid = lt_process->ppid,
        .library = LT_LIBRARY_RELEASE,
        .start_ticks = lt_process->start_ticks,
        .instance = lt_process->instance,
        .name = name,
        .container = lt_config.container,
    };
    return lt_frame_greeting(out, &who, lt_framing_now_ns(), loss, handed);
}

size_t lt_framing_loss(uint8_t out[LT_LOST_FRAME_BYTES], struct lt_loss loss, uint32_t exit_status) {
    return lt_config.frames ? lt_frame_lost(out, lt_framing_now_ns(), loss, exit_status) : 0;
}

size_t lt_framing_file(struct lt_frame_header *out, unsigned stream, size_t path_length) {
    if (!lt_config.frames) return 0;
    *out = lt_frame_file(stream, lt_framing_now_ns(), path_length);
    return sizeof *out;
}

size_t lt_framing_data(struct lt_frame_header *out, const struct lt_data *data) {
    if (!lt_config.frames) return 0;
    *out = lt_frame_data(data->stream, data->flags, lt_process_thread(), data->time_ns, data->length);
    if (!data->waits) lt_frame_number(out, lt_handover_next_seq());
    return sizeof *out;
}
