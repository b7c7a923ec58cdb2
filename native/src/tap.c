/* Which descriptors are tapped. */
#include "tap.h"
#include "clock.h"
#include "config.h"
#include "process.h"
#include "text.h"

enum {
    REMEMBERED_MAX = 4096, /* descriptors above are looked at anew at each write */
    MEMORY_DEVICES = 1,    /* major number of /dev/null and its like */
    KIND_BITS = 8,
};

/* What is remembered of a descriptor: kind in the low bits, above it a number that changes with every change of the
 * descriptor, so that a slow look at an old file cannot be remembered for a new one. */
enum kind { UNKNOWN, NOT_TAPPED, STDOUT, STDERR, TAP_FILE };

static uint32_t remembered[REMEMBERED_MAX];

struct file_identity {
    uint64_t device;
    uint64_t inode; /* 0: nothing */
};

/* The container's streams: those of its first process. */
static struct file_identity container_streams[2];

/* When the tap opens its eyes (LLT_PASSIV_ON_START); 0: open. */
static uint64_t passive_until_ns;

static struct file_identity identity(const struct stat *file) {
    return (struct file_identity){file->st_dev, file->st_ino};
}

static bool is_same(struct file_identity one, struct file_identity other) {
    return one.inode != 0 && one.inode == other.inode && one.device == other.device;
}

static bool is_own_process(void) {
    return !lt_process_is_borrowed();
}

static unsigned stream_of(enum kind kind) {
    switch (kind) {
    case STDOUT:
        return LT_STREAM_STDOUT;
    case STDERR:
        return LT_STREAM_STDERR;
    case TAP_FILE:
        return LT_FIRST_FILE_STREAM;
    default:
        return LT_NONE;
    }
}

static enum kind stream_kind(int fd, const struct stat *file) {
    const struct file_identity id = identity(file);
    bool is_stdout = is_same(id, container_streams[0]);
    bool is_stderr = is_same(id, container_streams[1]);
    /* Everybody has the same /dev/null: it is a stream only where it stands in for one. */
    const bool is_shared_device = S_ISCHR(file->st_mode) && file->st_rdev >> 8 == MEMORY_DEVICES;
    if (is_shared_device && fd != 1 && fd != 2) return NOT_TAPPED;
    /* One terminal or pipe for both: only the number tells. */
    if (is_stdout && is_stderr) {
        is_stderr = fd == 2;
        is_stdout = !is_stderr;
    }
    if (is_stdout && (lt_config.tap_into & LT_TAP_STDOUT) != 0) return STDOUT;
    if (is_stderr && (lt_config.tap_into & LT_TAP_STDERR) != 0) return STDERR;
    return NOT_TAPPED;
}

static bool is_tap_file(const struct stat *file) {
    struct stat wanted = {0};
    return lt_config.tap_file[0] != '\0' && S_ISREG(file->st_mode) && lt_sys_stat(lt_config.tap_file, &wanted) == 0 &&
           is_same(identity(file), identity(&wanted));
}

static enum kind look(int fd) {
    struct stat file = {0};
    if (lt_sys_fstat(fd, &file) != 0) return UNKNOWN;
    enum kind kind = is_tap_file(&file) ? TAP_FILE : stream_kind(fd, &file);
    /* A write to a descriptor that was opened for reading must fail as ever, not be swallowed. */
    if (kind != NOT_TAPPED && (lt_sys_fcntl(fd, F_GETFL, 0) & O_ACCMODE) == O_RDONLY) kind = NOT_TAPPED;
    return kind;
}

static enum kind look_and_remember(int fd) {
    if (fd < 0 || fd >= REMEMBERED_MAX) return fd < 0 ? UNKNOWN : look(fd);
    uint32_t before = __atomic_load_n(&remembered[fd], __ATOMIC_ACQUIRE);
    const enum kind kind = look(fd);
    /* What a vfork child sees on its own descriptors is not true of its parent's. */
    if (kind != UNKNOWN && is_own_process()) {
        const uint32_t after = (before & ~((1U << KIND_BITS) - 1)) | kind;
        (void)__atomic_compare_exchange_n(&remembered[fd], &before, after, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
    }
    return kind;
}

static enum kind recall(int fd) {
    if (fd < 0 || fd >= REMEMBERED_MAX) return UNKNOWN;
    return __atomic_load_n(&remembered[fd], __ATOMIC_ACQUIRE) & ((1U << KIND_BITS) - 1);
}

static bool is_passive(void) {
    if (LT_LIKELY(passive_until_ns == 0)) return false;
    if (lt_clock_ns(LT_CLOCK_MONOTONIC) < passive_until_ns) return true;
    passive_until_ns = 0;
    return false;
}

unsigned lt_tap_find(int fd) {
    if (is_passive()) return LT_NONE;
    const enum kind kind = recall(fd);
    return stream_of(LT_LIKELY(kind != UNKNOWN) ? kind : look_and_remember(fd));
}

bool lt_tap_is_suppressed(unsigned stream) {
    return stream >= LT_FIRST_FILE_STREAM ? lt_config.suppress_file : lt_config.suppress_streams;
}

void lt_tap_forget(int fd) {
    if (fd < 0 || fd >= REMEMBERED_MAX) return;
    uint32_t before = __atomic_load_n(&remembered[fd], __ATOMIC_RELAXED);
    const enum kind kind = before & ((1U << KIND_BITS) - 1);
    /* A vfork child may make its parent look again, which finds the same, except for a file that was renamed since. */
    if (kind == TAP_FILE && !is_own_process()) return;
    uint32_t after = 0;
    do {
        after = ((before >> KIND_BITS) + 1) << KIND_BITS;
    } while (!__atomic_compare_exchange_n(&remembered[fd], &before, after, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

void lt_tap_forget_range(unsigned first, unsigned last) {
    for (unsigned fd = first; fd <= last && fd < REMEMBERED_MAX; fd++)
        lt_tap_forget((int)fd);
}

void lt_tap_opened(int fd, int flags) {
    lt_tap_forget(fd);
    if (lt_config.tap_file[0] != '\0' && (flags & O_ACCMODE) != O_RDONLY) (void)look_and_remember(fd);
}

void lt_tap_copied(int from, int to) {
    if (from == to) return;
    lt_tap_forget(to);
    if (recall(from) != TAP_FILE || to < 0 || to >= REMEMBERED_MAX || !is_own_process()) return;
    const uint32_t before = __atomic_load_n(&remembered[to], __ATOMIC_RELAXED);
    __atomic_store_n(&remembered[to], (before & ~((1U << KIND_BITS) - 1)) | TAP_FILE, __ATOMIC_RELEASE);
}

static struct file_identity identity_of(int fd) {
    struct stat file = {0};
    return lt_sys_fstat(fd, &file) == 0 ? identity(&file) : (struct file_identity){0};
}

enum { HEX_DIGITS = 16, STDIO_NUMBERS = 4 };

/* device:inode:device:inode in hexadecimal. */
static bool parse_streams(const char *text) {
    uint64_t numbers[STDIO_NUMBERS];
    if (lt_length(text) != LT_STDIO_PLACEHOLDER_BYTES) return false;
    for (int i = 0; i < STDIO_NUMBERS; i++) {
        const char *at = text + (size_t)i * (HEX_DIGITS + 1);
        if (!lt_parse_hex(at, &numbers[i]) || (i > 0 && at[-1] != ':')) return false;
    }
    container_streams[0] = (struct file_identity){numbers[0], numbers[1]};
    container_streams[1] = (struct file_identity){numbers[2], numbers[3]};
    return true;
}

static void format_streams(char out[LT_STDIO_PLACEHOLDER_BYTES + 1]) {
    const uint64_t numbers[STDIO_NUMBERS] = {
        container_streams[0].device,
        container_streams[0].inode,
        container_streams[1].device,
        container_streams[1].inode,
    };
    for (int i = 0; i < STDIO_NUMBERS; i++) {
        lt_format_hex(out + (size_t)i * (HEX_DIGITS + 1), numbers[i]);
        out[i * (HEX_DIGITS + 1) + HEX_DIGITS] = i < STDIO_NUMBERS - 1 ? ':' : '\0';
    }
}

void lt_tap_set_up(const struct lt_environment *environment) {
    if (lt_config.passive_ms > 0) {
        passive_until_ns = lt_clock_ns(LT_CLOCK_MONOTONIC) + lt_config.passive_ms * LT_NS_PER_MS;
    }
    const char *inherited = lt_environment_get(environment, LT_ENV_STDIO);
    if (inherited != NULL && parse_streams(inherited)) return;
    container_streams[0] = identity_of(1);
    container_streams[1] = identity_of(2);
    if (inherited == NULL || *inherited != '-') return;
    char own[LT_STDIO_PLACEHOLDER_BYTES + 1];
    format_streams(own);
    if (!lt_environment_overwrite(environment, inherited, own)) {
        lt_debug("children will take their own streams for the container's", LT_ENV_STDIO);
    }
}
