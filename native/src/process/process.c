/* State that belongs to one process and that a fork child must not inherit. */
#include "process.h"
#include "clock.h"
#include "proc_self.h"
#include "text.h"

#define SPREAD 0x9e3779b97f4a7c15ULL /* 2^64 divided by the golden ratio: neighbours end up far apart */

enum { PAGE_BYTES = 65536 /* the largest page of aarch64 */, RANDOM_NONBLOCK = 1 };

_Static_assert(sizeof(struct lt_process) <= PAGE_BYTES, "one page");

struct lt_process *lt_process;

/* Outside of the wiped pages: what a fork child has to know about its parent's connection. */
static struct {
    int fd;
    uint64_t device;
    uint64_t inode;
} noted = {.fd = -1};

bool lt_process_set_up(void) {
    lt_process = lt_sys_map(PAGE_BYTES);
    if (lt_process == NULL) return false;
    (void)lt_syscall(__NR_madvise, lt_process, PAGE_BYTES, MADV_WIPEONFORK);
    return true;
}

void lt_process_close_noted(void) {
    struct stat now = {0};
    if (noted.fd >= 0 && lt_sys_fstat(noted.fd, &now) == 0 && now.st_dev == noted.device && now.st_ino == noted.inode) {
        (void)lt_sys_close(noted.fd);
    }
    noted.fd = -1;
}

void lt_process_begin(void) {
    if (LT_LIKELY(lt_process->pid != 0)) return;
    lt_process_close_noted();
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
}

void lt_process_forked(void) {
    if (lt_process_is_borrowed()) lt_zero(lt_process, sizeof *lt_process);
}

bool lt_process_is_borrowed(void) {
    const uint32_t pid = __atomic_load_n(&lt_process->pid, __ATOMIC_RELAXED);
    const pid_t now = lt_sys_getpid();
    return pid != 0 && now > 0 && pid != (uint32_t)now;
}

void lt_process_note_descriptor(int fd) {
    struct stat now = {0};
    if (lt_sys_fstat(fd, &now) != 0) return;
    noted.device = now.st_dev;
    noted.inode = now.st_ino;
    noted.fd = fd;
}
