/* The directory of rings. Static buffers: inside the guard there is one of us, and the stack may be a signal handler's.
 */
#include "ring_directory.h"
#include "config.h"
#include "confinement.h"
#include "process.h"
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

static LT_LARGE char path[LT_PATH_MAX + NAME_MAX_BYTES];
static LT_LARGE char claimed_path[LT_PATH_MAX + NAME_MAX_BYTES];

/* The path of a name in the directory, in `out`. */
static char *in_directory(char *out, const char *name) {
    const size_t length = lt_length(lt_config.target);
    lt_copy(out, lt_config.target, length);
    out[length] = '/';
    lt_copy(out + length + 1, name, lt_length(name) + 1);
    return out;
}

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
    *ring = (struct lt_ring){.claims = ring->claims};
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

static int open_claimed(struct lt_ring *ring) {
    const int fd = lt_sys_open(claimed_path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0);
    if (fd < 0) return fd;
    const int error = map_and_close(ring, fd);
    if (error != 0) return error;
    if (is_fresh(ring)) return 0;
    lt_ring_directory_leave(ring);
    return -EINVAL;
}

static bool claim_named(struct lt_ring *ring, const char *name) {
    if (lt_syscall(__NR_renameat2, AT_FDCWD, in_directory(path, name), AT_FDCWD, claimed_path, 0) != 0) return false;
    if (open_claimed(ring) == 0) return true;
    (void)lt_syscall(__NR_unlinkat, AT_FDCWD, claimed_path, 0);
    return false;
}

/* A shipper that sends a process to a larger ring has made it under the name of the process. */
static bool claim_larger(struct lt_ring *ring) {
    char name[NAME_MAX_BYTES] = LT_RING_NAME_FREE;
    if (ring->claims == 0) return false;
    lt_format_hex(name + sizeof LT_RING_NAME_FREE - 1, lt_process->instance);
    return claim_named(ring, name);
}

/* Takes one of the free rings of a listing. Not always the first one: many processes start at once. */
static int claim_listed(struct lt_ring *ring, const char *listing, size_t length) {
    enum { CHOICES = 16 };
    const char *names[CHOICES];
    unsigned count = 0;
    for (size_t at = 0; at < length && count < CHOICES;) {
        const struct directory_entry *entry = (const struct directory_entry *)(listing + at);
        if (is_free_ring(entry)) names[count++] = entry->name;
        at += entry->size;
    }
    for (unsigned i = 0; i < count; i++) {
        if (claim_named(ring, names[(lt_process->pid + i) % count])) return 0;
    }
    return -ENOENT;
}

static int claim_free(struct lt_ring *ring) {
    static LT_LARGE char listing[LISTING_BYTES] __attribute__((aligned(8)));
    const int fd = lt_sys_open(lt_config.target, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) return fd;
    int result = -ENOENT;
    long got = 0;
    while (result != 0 && (got = lt_syscall(__NR_getdents64, fd, listing, sizeof listing)) > 0)
        result = claim_listed(ring, listing, (size_t)got);
    (void)lt_sys_close(fd);
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
static int make_own(struct lt_ring *ring) {
    char name[NAME_MAX_BYTES];
    own_name(name, "new-", ring);
    const int fd = lt_sys_open(in_directory(path, name), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0) return fd;
    int result = -ENOSPC;
    if (allocate(fd)) {
        result = map_and_close(ring, fd);
    } else {
        (void)lt_sys_close(fd);
    }
    if (result == 0) result = (int)lt_syscall(__NR_renameat2, AT_FDCWD, path, AT_FDCWD, claimed_path, 0);
    if (result == 0) return 0;
    (void)lt_syscall(__NR_unlinkat, AT_FDCWD, path, 0);
    lt_ring_directory_leave(ring);
    return result;
}

int lt_ring_directory_claim(struct lt_ring *ring) {
    char name[NAME_MAX_BYTES];
    own_name(name, LT_RING_NAME_USED, ring);
    (void)in_directory(claimed_path, name);
    ring->map = NULL;
    int result = claim_larger(ring) ? 0 : claim_free(ring);
    if (result == -ENOENT) result = make_own(ring);
    if (result == 0) ring->claims++;
    return result;
}

/* For reading too: with a reader, if only ourselves, a pipe never raises SIGPIPE. */
static int open_bell(const char *bell) {
    return lt_sys_open(bell, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW, 0);
}

/* Any user may write to it, regardless of the umask, which may keep even its owner from opening it. By a descriptor:
 * the name may lead to another file by now, as any user of the directory can put a link there. */
static void share_bell(const char *bell) {
    static const char descriptors[] = "/proc/self/fd/";
    enum { DIRECTORY_BYTES = sizeof descriptors - 1, DIGITS = 21 };
    char named[DIRECTORY_BYTES + DIGITS];
    struct stat file = {0};
    const int fd = lt_sys_open(bell, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd < 0) return;
    lt_copy(named, descriptors, DIRECTORY_BYTES);
    (void)lt_format_decimal(named + DIRECTORY_BYTES, (uint64_t)fd);
    if (lt_sys_fstat(fd, &file) == 0 && S_ISFIFO(file.st_mode)) (void)lt_syscall(__NR_fchmodat, AT_FDCWD, named, 0666);
    (void)lt_sys_close(fd);
}

/* The shipper's image has no program that makes one, and Node no call. */
static int make_bell(const char *bell) {
    enum { PIPE = 0010000 };
    if (lt_syscall(__NR_mknodat, AT_FDCWD, bell, PIPE | 0666, 0) == 0) share_bell(bell);
    return open_bell(bell);
}

void lt_ring_directory_bell(const uint64_t *words, size_t count) {
    /* A shipper that is not woken looks by itself within a second. */
    static const long calls[] = {__NR_openat, __NR_fstat, __NR_write, __NR_close};
    if (!lt_confinement_allows_all(calls, sizeof calls / sizeof *calls)) return;
    struct stat file = {0};
    const char *bell = in_directory(path, LT_RING_NAME_BELL);
    int fd = open_bell(bell);
    if (fd == -ENOENT) fd = make_bell(bell);
    if (fd < 0) return;
    if (lt_sys_fstat(fd, &file) == 0 && S_ISFIFO(file.st_mode)) (void)lt_sys_write(fd, words, count * sizeof *words);
    (void)lt_sys_close(fd);
}
