/* The page of losses. Any process may write there at any moment: only numbers are read from it. */
#include "loss_page.h"
#include "config.h"
#include "confinement.h"
#include "handover.h"
#include "process.h"
#include "shared_directory.h"
#include "size_limit.h"
#include "text.h"

enum {
    SLOTS = LT_LOSS_PAGE_BYTES / sizeof(struct lt_loss_slot),
    SHARED_SLOT = 0,
    BLOCK_BYTES = 512, /* in which st_blocks counts */
    HEX_DIGITS = 16,
    NO_REPLACE = 1,
};

#define MAKING "new-losses-"

/* A fork child keeps it, and claims a slot of its own. NULL: none. */
static struct lt_loss_slot *page;

static bool is_page(const struct lt_loss_slot *at) {
    return lt_same((const char *)&at[SHARED_SLOT].magic, LT_LOSS_PAGE_MAGIC, sizeof at->magic);
}

/* Without its room, the page would kill the application when it is touched. */
static void map_and_close(int fd) {
    struct stat file = {0};
    const bool is_whole = lt_sys_fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && file.st_size == LT_LOSS_PAGE_BYTES &&
                          file.st_blocks * BLOCK_BYTES >= LT_LOSS_PAGE_BYTES;
    const long at =
        is_whole ? lt_syscall(__NR_mmap, 0, LT_LOSS_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : -EINVAL;
    (void)lt_sys_close(fd);
    if (at < 0 && at > -4096) return;
    if (is_page((const struct lt_loss_slot *)at)) {
        __atomic_store_n(&page, (struct lt_loss_slot *)at, __ATOMIC_RELEASE);
    } else {
        lt_sys_unmap((void *)at, LT_LOSS_PAGE_BYTES);
    }
}

static bool fill(int fd) {
    if (!lt_size_limit_allows(LT_LOSS_PAGE_BYTES)) return false;
    struct lt_loss_slot shared = {.instance = ~lt_process->instance}; /* no slot of a process has it */
    lt_copy(&shared.magic, LT_LOSS_PAGE_MAGIC, sizeof shared.magic);
    return lt_syscall(__NR_fallocate, fd, 0, 0, LT_LOSS_PAGE_BYTES) == 0 && lt_syscall(__NR_fchmod, fd, 0666) == 0 &&
           lt_syscall(__NR_pwrite64, fd, &shared, sizeof shared, 0) == sizeof shared;
}

void lt_loss_page_make(int directory) {
    char making[sizeof MAKING + HEX_DIGITS] = MAKING;
    /* By no call that a ring of its own does not take: a filter that this process has inherited lets those pass. */
    int fd = lt_shared_directory_open_file(directory, LT_RING_NAME_LOSSES, O_PATH);
    if (fd >= 0) (void)lt_sys_close(fd);
    if (fd != -ENOENT) return;
    lt_format_hex(making + sizeof MAKING - 1, lt_process->instance);
    fd = lt_shared_directory_open_file(directory, making, O_RDWR | O_CREAT | O_EXCL);
    if (fd < 0) return;
    const bool is_filled = fill(fd);
    (void)lt_sys_close(fd);
    if (is_filled && lt_syscall(__NR_renameat2, directory, making, directory, LT_RING_NAME_LOSSES, NO_REPLACE) == 0)
        return;
    (void)lt_syscall(__NR_unlinkat, directory, making, 0);
}

void lt_loss_page_open(bool makes) {
    static const long calls[] = {__NR_openat, __NR_fstat, __NR_mmap, __NR_close};
    if (page != NULL || !lt_confinement_allows_all(calls, sizeof calls / sizeof *calls)) return;
    const int directory = lt_shared_directory_open(lt_config.target);
    if (directory < 0) return;
    if (makes) lt_loss_page_make(directory);
    const int fd = lt_shared_directory_open_file(directory, LT_RING_NAME_LOSSES, O_RDWR);
    (void)lt_sys_close(directory);
    if (fd >= 0) map_and_close(fd);
}

static bool claims(struct lt_loss_slot *slot) {
    uint64_t free = 0;
    return __atomic_load_n(&slot->instance, __ATOMIC_RELAXED) == free &&
           __atomic_compare_exchange_n(&slot->instance, &free, lt_process->instance, false, __ATOMIC_RELAXED,
                                       __ATOMIC_RELAXED);
}

/* A signal handler that comes in between may claim a second slot: a reader takes the higher one of two totals. */
static struct lt_loss_slot *own_slot(struct lt_loss_slot *slots, uint32_t *number) {
    const uint32_t known = *number;
    if (known != SHARED_SLOT && __atomic_load_n(&slots[known].instance, __ATOMIC_RELAXED) == lt_process->instance)
        return &slots[known];
    for (uint32_t i = SHARED_SLOT + 1; i < SLOTS; i++) {
        if (!claims(&slots[i])) continue;
        *number = i;
        return &slots[i];
    }
    return NULL;
}

bool lt_loss_page_store(uint32_t *slot, const struct lt_loss *total) {
    struct lt_loss_slot *const slots = __atomic_load_n(&page, __ATOMIC_ACQUIRE);
    if (slots == NULL || lt_process->instance == 0) return false;
    struct lt_loss_slot *const own = own_slot(slots, slot);
    if (own == NULL) return false;
    __atomic_store_n(&own->lost_lines, total->lines, __ATOMIC_RELAXED);
    __atomic_store_n(&own->lost_bytes, total->bytes, __ATOMIC_RELEASE);
    return true;
}

bool lt_loss_page_move(const struct lt_loss *kept) {
    struct lt_loss_slot *const slots = __atomic_load_n(&page, __ATOMIC_ACQUIRE);
    if (slots == NULL) return false;
    const struct lt_loss taken = lt_handover_take_loss(kept);
    (void)__atomic_add_fetch(&slots[SHARED_SLOT].lost_lines, taken.lines, __ATOMIC_RELAXED);
    (void)__atomic_add_fetch(&slots[SHARED_SLOT].lost_bytes, taken.bytes, __ATOMIC_RELEASE);
    return true;
}
