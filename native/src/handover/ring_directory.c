/* The directory of rings. Static buffers: inside the guard there is one of us, and the stack may be a signal handler's.
 */
#include "ring_directory.h"
#include "config.h"
#include "confinement.h"
#include "loss_page.h"
#include "process.h"
#include "shared_directory.h"
#include "size_limit.h"
#include "text.h"

enum {
    NAME_MAX_BYTES = 64,
    LISTING_BYTES = 8192,
    BLOCK_BYTES = 512, /* in which st_blocks counts */
    HEX_DIGITS = 16,
};

struct directory_entry {
    uint64_t inode;
    int64_t offset;
    uint16_t size;
    uint8_t type;
    char name[];
};

/* `prefix`PID-INSTANCE-N. */
static void own_name(char out[NAME_MAX_BYTES], const char *prefix, const struct lt_ring *ring) {
    size_t length = lt_length(prefix);
    lt_copy(out, prefix, length);
    length += lt_format_decimal(out + length, lt_process->pid);
    out[length++] = '-';
    lt_format_hex(out + length, lt_process->instance);
    length += HEX_DIGITS;
    out[length++] = '-';
    (void)lt_format_decimal(out + length, ring->claims);
}

static bool is_free_ring(const struct directory_entry *entry) {
    enum { REGULAR = 8 };
    return entry->type == REGULAR && lt_same(entry->name, LT_RING_NAME_FREE, sizeof LT_RING_NAME_FREE - 1) &&
           lt_length(entry->name) < NAME_MAX_BYTES;
}

/* The lock tells the shipper when the process is gone, in any namespace of processes: it lasts as long as anything
 * refers to the open file, and a mapping does. */
static bool lock(int fd) {
    struct flock whole = {.l_type = F_WRLCK};
    return lt_sys_fcntl(fd, F_OFD_SETLK, (long)&whole) == 0;
}

static void forget(struct lt_ring *ring) {
    *ring = (struct lt_ring){.claims = ring->claims, .shortage = ring->shortage};
}

/* Maps an open ring and closes it. A page that the kernel has yet to find room for would kill the application when it
 * is touched, so a file with holes is refused. */
static int map_and_close(struct lt_ring *ring, int fd) {
    struct stat file = {0};
    const bool is_known = lt_sys_fstat(fd, &file) == 0 && S_ISREG(file.st_mode) &&
                          file.st_size >= LT_RING_HEADER_BYTES + LT_RING_OWN_CAPACITY_BYTES &&
                          file.st_blocks * BLOCK_BYTES >= file.st_size;
    const long at =
        is_known ? lt_syscall(__NR_mmap, 0, file.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : -EINVAL;
    const bool is_locked = at >= 0 && lock(fd);
    (void)lt_sys_close(fd);
    if (at < 0 && at > -4096) return (int)at;
    /* A child takes its own, and must not keep this one's memory. */
    (void)lt_syscall(__NR_madvise, at, file.st_size, MADV_DONTFORK);
    forget(ring);
    ring->map = (uint8_t *)at;
    ring->capacity = (uint64_t)file.st_size - LT_RING_HEADER_BYTES;
    ring->mask = (ring->capacity & (ring->capacity - 1)) == 0 ? ring->capacity - 1 : 0;
    ring->is_locked = is_locked;
    return 0;
}

void lt_ring_directory_leave(struct lt_ring *ring) {
    uint8_t *const map = ring->map;
    const uint64_t capacity = ring->capacity;
    forget(ring);
    /* A signal handler that comes now finds no ring, rather than one that is not there any more. */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (map != NULL) lt_sys_unmap(map, LT_RING_HEADER_BYTES + capacity);
}

static bool is_fresh(const struct lt_ring *ring) {
    const uint8_t *map = ring->map;
    return lt_same(map, LT_RING_MAGIC, sizeof(uint64_t)) &&
           *(const uint32_t *)(map + LT_RING_VERSION_AT) == LT_RING_VERSION &&
           *(const uint32_t *)(map + LT_RING_HEADER_BYTES_AT) == LT_RING_HEADER_BYTES &&
           *(const uint64_t *)(map + LT_RING_CAPACITY_AT) == ring->capacity &&
           *(const uint64_t *)(map + LT_RING_HEAD_AT) == 0 && *(const uint64_t *)(map + LT_RING_TAIL_AT) == 0;
}

static int rename_in(int directory, const char *from, const char *to) {
    return (int)lt_syscall(__NR_renameat2, directory, from, directory, to, 0);
}

static void remove_from(int directory, const char *name) {
    (void)lt_syscall(__NR_unlinkat, directory, name, 0);
}

static int open_claimed(struct lt_ring *ring, int directory, const char *claimed) {
    const int fd = lt_shared_directory_open_file(directory, claimed, O_RDWR);
    if (fd < 0) return fd;
    const int error = map_and_close(ring, fd);
    if (error != 0) return error;
    if (is_fresh(ring)) return 0;
    lt_ring_directory_leave(ring);
    return -EINVAL;
}

static int claim_named(struct lt_ring *ring, int directory, const char *name) {
    char claimed[NAME_MAX_BYTES];
    own_name(claimed, LT_RING_NAME_USED, ring);
    int error = rename_in(directory, name, claimed);
    if (error != 0) return error;
    error = open_claimed(ring, directory, claimed);
    if (error != 0) remove_from(directory, claimed);
    return error;
}

static bool lacks_descriptors(int error) {
    return error == -EMFILE || error == -ENFILE;
}

/* The process can use no free ring, so the others stay for other processes. EAGAIN is about locked memory. */
static bool is_shortage(int error) {
    return lacks_descriptors(error) || error == -ENOMEM || error == -EAGAIN;
}

/* A shipper that sends a process to a larger ring has made it under the name of the process. */
static int claim_larger(struct lt_ring *ring, int directory) {
    char name[NAME_MAX_BYTES] = LT_RING_NAME_FREE;
    if (ring->claims == 0) return -ENOENT;
    lt_format_hex(name + sizeof LT_RING_NAME_FREE - 1, lt_process->instance);
    return claim_named(ring, directory, name);
}

/* Takes one of the free rings of a listing. Not always the first one: many processes start at once. */
static int claim_listed(struct lt_ring *ring, int directory, const char *listing, size_t length) {
    enum { CHOICES = 16 };
    const char *names[CHOICES];
    unsigned count = 0;
    for (size_t at = 0; at < length && count < CHOICES;) {
        const struct directory_entry *entry = (const struct directory_entry *)(listing + at);
        if (is_free_ring(entry)) names[count++] = entry->name;
        at += entry->size;
    }
    for (unsigned i = 0; i < count; i++) {
        const int result = claim_named(ring, directory, names[(lt_process->pid + i) % count]);
        if (result == 0 || is_shortage(result)) return result;
    }
    return -ENOENT;
}

static int claim_free(struct lt_ring *ring, int directory) {
    static LT_LARGE char listing[LISTING_BYTES] __attribute__((aligned(8)));
    int result = -ENOENT;
    long got = 0;
    while (result == -ENOENT && (got = lt_syscall(__NR_getdents64, directory, listing, sizeof listing)) > 0)
        result = claim_listed(ring, directory, listing, (size_t)got);
    return result;
}

static bool allocate(int fd) {
    if (!lt_size_limit_allows(LT_RING_HEADER_BYTES + LT_RING_OWN_CAPACITY_BYTES)) return false;
    struct {
        char magic[sizeof(uint64_t)];
        uint32_t version;
        uint32_t header_bytes;
        uint64_t capacity;
    } header = {
        .version = LT_RING_VERSION,
        .header_bytes = LT_RING_HEADER_BYTES,
        .capacity = LT_RING_OWN_CAPACITY_BYTES,
    };
    lt_copy(header.magic, LT_RING_MAGIC, sizeof header.magic);
    return lt_syscall(__NR_fallocate, fd, 0, 0, LT_RING_HEADER_BYTES + LT_RING_OWN_CAPACITY_BYTES) == 0 &&
           lt_syscall(__NR_fchmod, fd, 0666) == 0 &&
           lt_syscall(__NR_pwrite64, fd, &header, sizeof header, 0) == sizeof header;
}

/* It gets the name by which the shipper looks for rings when it is whole. */
static int make_own(struct lt_ring *ring, int directory) {
    char making[NAME_MAX_BYTES];
    char claimed[NAME_MAX_BYTES];
    own_name(making, "new-", ring);
    own_name(claimed, LT_RING_NAME_USED, ring);
    /* While there is room: one that comes when there is none needs it. */
    lt_loss_page_make(directory);
    const int fd = lt_shared_directory_open_file(directory, making, O_RDWR | O_CREAT | O_EXCL);
    if (fd < 0) return fd;
    int result = -ENOSPC;
    if (allocate(fd)) {
        result = map_and_close(ring, fd);
    } else {
        (void)lt_sys_close(fd);
    }
    if (result == 0) result = rename_in(directory, making, claimed);
    if (result == 0) return 0;
    remove_from(directory, making);
    lt_ring_directory_leave(ring);
    return result;
}

int lt_ring_directory_claim(struct lt_ring *ring) {
    ring->map = NULL;
    const int directory = lt_shared_directory_open_or_make(lt_config.target);
    if (directory < 0) return directory;
    int result = ring->shortage;
    if (result == 0) result = claim_larger(ring, directory);
    if (result != 0 && !is_shortage(result)) result = claim_free(ring, directory);
    if (is_shortage(result)) ring->shortage = result;
    if (result != 0) result = make_own(ring, directory);
    /* A ring of its own needs as many descriptors as a free one, but less memory. */
    if (result == 0 && lacks_descriptors(ring->shortage)) ring->shortage = 0;
    (void)lt_sys_close(directory);
    if (result == 0) ring->claims++;
    return result;
}

/* For reading too: with a reader, if only ourselves, a pipe never raises SIGPIPE. */
static int open_bell(int directory) {
    const int fd = lt_shared_directory_open_file(directory, LT_RING_NAME_BELL, O_RDWR);
    struct stat file = {0};
    if (fd < 0 || (lt_sys_fstat(fd, &file) == 0 && S_ISFIFO(file.st_mode))) return fd;
    (void)lt_sys_close(fd);
    return -EINVAL;
}

/* Any user may write to it, regardless of the umask, which may keep even its owner from opening it. By a descriptor:
 * the name may lead to another file by now, as any user of the directory can put a link there. */
static void share_bell(int directory) {
    static const char descriptors[] = "/proc/self/fd/";
    enum { DIRECTORY_BYTES = sizeof descriptors - 1, DIGITS = 21 };
    char named[DIRECTORY_BYTES + DIGITS];
    struct stat file = {0};
    const int fd = lt_shared_directory_open_file(directory, LT_RING_NAME_BELL, O_PATH);
    if (fd < 0) return;
    lt_copy(named, descriptors, DIRECTORY_BYTES);
    (void)lt_format_decimal(named + DIRECTORY_BYTES, (uint64_t)fd);
    if (lt_sys_fstat(fd, &file) == 0 && S_ISFIFO(file.st_mode)) (void)lt_syscall(__NR_fchmodat, AT_FDCWD, named, 0666);
    (void)lt_sys_close(fd);
}

/* The shipper's image has no program that makes one, and Node no call. */
static int make_bell(int directory) {
    enum { PIPE = 0010000 };
    if (lt_syscall(__NR_mknodat, directory, LT_RING_NAME_BELL, PIPE | 0666, 0) == 0) share_bell(directory);
    return open_bell(directory);
}

void lt_ring_directory_bell(const uint64_t *words, size_t count) {
    /* A shipper that is not woken looks by itself within a second. */
    static const long calls[] = {__NR_openat, __NR_fstat, __NR_write, __NR_close};
    if (!lt_confinement_allows_all(calls, sizeof calls / sizeof *calls)) return;
    const int directory = lt_shared_directory_open(lt_config.target);
    if (directory < 0) return;
    int fd = open_bell(directory);
    if (fd == -ENOENT) fd = make_bell(directory);
    (void)lt_sys_close(directory);
    if (fd < 0) return;
    (void)lt_sys_write(fd, words, count * sizeof *words);
    (void)lt_sys_close(fd);
}
