/* The page of losses. Any process may write there at any moment: only numbers are read from it. */
#include "loss_page.h"
#include "clock.h"
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
    SLOTS_PER_WRITE = 8,
    OPEN_PAUSE_NS = 100 * LT_NS_PER_MS,
};

#define MAKING "new-losses-"

/* A fork child keeps it, and claims a slot of its own. NULL: none. */
static struct lt_loss_slot *page;

/* Begins at zero, in a fork child too (process.h). */
static struct {
    uint64_t bytes;    /* of the last total that was told */
    uint64_t tried_ns; /* when the page was looked for last */
    uint32_t slot;     /* 0: none */
} *told;

bool lt_loss_page_set_up(void) {
    told = lt_process_memory(sizeof *told);
    return told != NULL;
}

uint64_t lt_loss_page_told(void) {
    return told->bytes;
}

void lt_loss_page_note_told(uint64_t bytes) {
    told->bytes = bytes;
}

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

static struct lt_loss_slot first_slot(void) {
    struct lt_loss_slot shared = {.instance = ~lt_process->instance}; /* no slot of a process has it */
    lt_copy(&shared.magic, LT_LOSS_PAGE_MAGIC, sizeof shared.magic);
    return shared;
}

static bool fill(int fd) {
    if (!lt_size_limit_allows(LT_LOSS_PAGE_BYTES)) return false;
    const struct lt_loss_slot shared = first_slot();
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

static int open_in_directory(bool makes) {
    const int directory = lt_shared_directory_open(lt_config.target);
    if (directory < 0) return directory;
    if (makes) lt_loss_page_make(directory);
    const int fd = lt_shared_directory_open_file(directory, LT_RING_NAME_LOSSES, O_RDWR);
    (void)lt_sys_close(directory);
    return fd;
}

/* By no call that the first line of a program does not take (confinement.c), so the umask applies until a shipper
 * comes. Who opens it before it is whole does not take it for a page. */
static int make_beside_socket(const char *name) {
    if (!lt_size_limit_allows(LT_LOSS_PAGE_BYTES)) return -EFBIG;
    const int fd = lt_shared_directory_open_file(AT_FDCWD, name, O_RDWR | O_CREAT | O_EXCL);
    if (fd < 0) return fd;
    struct lt_loss_slot slots[SLOTS_PER_WRITE] = {first_slot()};
    for (size_t done = 0; done < LT_LOSS_PAGE_BYTES; done += sizeof slots) {
        if (lt_sys_write(fd, slots, sizeof slots) != sizeof slots) break;
        slots[SHARED_SLOT] = (struct lt_loss_slot){0};
    }
    return fd;
}

static int open_beside_socket(bool makes) {
    char name[LT_SOCKET_PATH_MAX_BYTES + sizeof LT_SOCKET_LOSSES_SUFFIX];
    const size_t length = lt_length(lt_config.target);
    if (length > LT_SOCKET_PATH_MAX_BYTES) return -EINVAL;
    lt_copy(name, lt_config.target, length);
    lt_copy(name + length, LT_SOCKET_LOSSES_SUFFIX, sizeof LT_SOCKET_LOSSES_SUFFIX);
    const int fd = lt_shared_directory_open_file(AT_FDCWD, name, O_RDWR);
    return fd == -ENOENT && makes ? make_beside_socket(name) : fd;
}

void lt_loss_page_open(bool makes) {
    static const long calls[] = {__NR_openat, __NR_fstat, __NR_mmap, __NR_close};
    if (page != NULL || !lt_confinement_allows_all(calls, sizeof calls / sizeof *calls)) return;
    const int fd = lt_config.medium == LT_TO_SOCKET ? open_beside_socket(makes) : open_in_directory(makes);
    if (fd >= 0) map_and_close(fd);
}

static bool claims(struct lt_loss_slot *slot) {
    uint64_t free = 0;
    return __atomic_load_n(&slot->instance, __ATOMIC_RELAXED) == free &&
           __atomic_compare_exchange_n(&slot->instance, &free, lt_process->instance, false, __ATOMIC_RELAXED,
                                       __ATOMIC_RELAXED);
}

/* A signal handler that comes in between may claim a second slot: a reader takes the higher one of two totals. */
static struct lt_loss_slot *own_slot(struct lt_loss_slot *slots) {
    const uint32_t known = told->slot;
    if (known != SHARED_SLOT && __atomic_load_n(&slots[known].instance, __ATOMIC_RELAXED) == lt_process->instance)
        return &slots[known];
    for (uint32_t i = SHARED_SLOT + 1; i < SLOTS; i++) {
        if (!claims(&slots[i])) continue;
        told->slot = i;
        return &slots[i];
    }
    return NULL;
}

static bool store(const struct lt_loss *total) {
    struct lt_loss_slot *const slots = __atomic_load_n(&page, __ATOMIC_ACQUIRE);
    if (slots == NULL || lt_process->instance == 0) return false;
    struct lt_loss_slot *const own = own_slot(slots);
    if (own == NULL) return false;
    __atomic_store_n(&own->lost_lines, total->lines, __ATOMIC_RELAXED);
    __atomic_store_n(&own->lost_bytes, total->bytes, __ATOMIC_RELEASE);
    told->bytes = total->bytes;
    return true;
}

/* Into the slot that all share. */
static bool move(const struct lt_loss *kept) {
    struct lt_loss_slot *const slots = __atomic_load_n(&page, __ATOMIC_ACQUIRE);
    if (slots == NULL) return false;
    const struct lt_loss taken = lt_handover_take_loss(kept);
    (void)__atomic_add_fetch(&slots[SHARED_SLOT].lost_lines, taken.lines, __ATOMIC_RELAXED);
    (void)__atomic_add_fetch(&slots[SHARED_SLOT].lost_bytes, taken.bytes, __ATOMIC_RELEASE);
    told->bytes = kept->bytes;
    return true;
}

/* Where there is no page, all writes are lost: what costs system calls is tried now and then. */
static bool is_due(void) {
    const uint64_t now_ns = lt_clock_ns(LT_CLOCK_MONOTONIC);
    const bool is_ending = __atomic_load_n(&lt_handover->ending, __ATOMIC_RELAXED);
    if (told->tried_ns != 0 && now_ns - told->tried_ns < OPEN_PAUSE_NS && !is_ending) return false;
    told->tried_ns = now_ns;
    return true;
}

static bool tell(const struct lt_loss *total, const struct lt_loss *kept) {
    return store(total) || (kept != NULL && move(kept));
}

bool lt_loss_page_tell(const struct lt_loss *total, const struct lt_loss *kept, bool may_call) {
    if (lt_process->instance == 0 || tell(total, kept) || !may_call || !is_due()) return true;
    lt_loss_page_open(true);
    return tell(total, kept);
}
