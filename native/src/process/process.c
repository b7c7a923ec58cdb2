/* The calling process, and memory for state that belongs to it and that a fork child must not inherit. */
#include "process.h"
#include "clock.h"
#include "proc_self.h"
#include "readable.h"
#include "text.h"

#define SPREAD 0x9e3779b97f4a7c15ULL /* 2^64 divided by the golden ratio: neighbours end up far apart */

enum {
    MEMORY_BYTES = 65536, /* the largest page of aarch64 */
    CACHE_LINE_BYTES = 64,
    RANDOM_NONBLOCK = 1,
};

struct lt_process *lt_process;

static uint8_t *memory;
static size_t memory_used;

void *lt_process_memory(size_t bytes) {
    const size_t taken = (bytes + CACHE_LINE_BYTES - 1) & ~(size_t)(CACHE_LINE_BYTES - 1);
    if (taken > MEMORY_BYTES - memory_used) return NULL;
    void *const part = memory + memory_used;
    memory_used += taken;
    return part;
}

bool lt_process_set_up(void) {
    memory = lt_sys_map(MEMORY_BYTES);
    if (memory == NULL) return false;
    (void)lt_syscall(__NR_madvise, memory, MEMORY_BYTES, MADV_WIPEONFORK);
    lt_process = lt_process_memory(sizeof *lt_process);
    /* Written before it is read: one page fault rather than two. */
    __atomic_store_n(&lt_process->pid, 0, __ATOMIC_RELAXED);
    lt_readable_set_up(lt_process_memory(sizeof(struct lt_seen_pages)));
    return true;
}

bool lt_process_begin(void) {
    if (LT_LIKELY(lt_process->pid != 0)) return false;
    uint64_t random[2] = {0};
    if (lt_syscall(__NR_getrandom, random, sizeof random, RANDOM_NONBLOCK) != sizeof random) {
        /* Early in boot. The clock and the pid differ between processes of one machine, addresses between machines. */
        random[0] = lt_clock_ns(LT_CLOCK_REALTIME) * SPREAD ^ (uint64_t)lt_sys_getpid() << 32 ^ (uintptr_t)lt_process;
        random[1] = random[0] * SPREAD;
    }
    lt_process->instance = random[0];
    lt_process->thread_key = random[1] | 1;
    lt_process->ppid = (uint32_t)lt_syscall(__NR_getppid);
    lt_process->start_ticks = lt_proc_self_stat(LT_STAT_START_TICKS);
    __atomic_store_n(&lt_process->pid, (uint32_t)lt_sys_getpid(), __ATOMIC_RELAXED);
    return true;
}

void lt_process_forked(void) {
    if (lt_process_is_borrowed()) lt_zero(memory, MEMORY_BYTES);
}

bool lt_process_is_borrowed(void) {
    const uint32_t pid = __atomic_load_n(&lt_process->pid, __ATOMIC_RELAXED);
    const pid_t now = lt_sys_getpid();
    return pid != 0 && now > 0 && pid != (uint32_t)now;
}
