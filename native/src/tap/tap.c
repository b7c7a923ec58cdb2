/* Which descriptors are tapped. */
#include "tap.h"
#include "clock.h"
#include "config.h"
#include "container_stdio.h"
#include "file_identity.h"
#include "process.h"
#include "tap_file.h"
#include "text.h"
#include "virtual_file.h"

enum {
    REMEMBERED_MAX = 4096, /* descriptors above are looked at anew at each write */
    MEMORY_DEVICES = 1,    /* major number of /dev/null and its like */
    STREAM_BITS = 16,
    UNKNOWN = LT_NONE,
    NOT_TAPPED = (1 << STREAM_BITS) - 1, /* no stream has this number, nor the next one */
    TARGET_READER = NOT_TAPPED - 1,
};

/* A remembered descriptor: its stream in the low bits, above it a number that changes with every change of
 * the descriptor, so that a slow look at an old file cannot be remembered for a new one. */
static LT_LARGE uint64_t remembered[REMEMBERED_MAX];

static unsigned stream_in(uint64_t memory) {
    return (unsigned)(memory & NOT_TAPPED);
}

static uint64_t with_stream(uint64_t memory, unsigned stream) {
    return (memory & ~(uint64_t)NOT_TAPPED) | stream;
}

static bool is_file(unsigned stream) {
    return stream >= LT_FIRST_FILE_STREAM && stream < TARGET_READER;
}

static struct lt_container_stdio container;

/* When the tap opens its eyes (LLT_PASSIV_ON_START); 0: open. */
static uint64_t passive_until_ns;

/* Descriptors by which the process reads the very file that the library writes: while there is one, nothing is tapped,
 * as bytes copied from there would come round without end. */
static int target_readers;

static bool is_own_process(void) {
    return !lt_process_is_borrowed();
}

static unsigned find_stream(int fd, const struct stat *file) {
    const struct lt_file_identity id = lt_identity_of(file);
    bool is_stdout = lt_is_same_file(id, container.out);
    bool is_stderr = lt_is_same_file(id, container.error);
    /* All programs share /dev/null: it is a stream only where it replaces one. */
    if (S_ISCHR(file->st_mode) && file->st_rdev >> 8 == MEMORY_DEVICES && fd != 1 && fd != 2) return NOT_TAPPED;
    /* One terminal or pipe for both: only the number tells. */
    if (is_stdout && is_stderr) {
        is_stderr = fd == 2;
        is_stdout = !is_stderr;
    }
    if (is_stdout && (lt_config.tap_into & LT_TAP_STDOUT) != 0) return LT_STREAM_STDOUT;
    if (is_stderr && (lt_config.tap_into & LT_TAP_STDERR) != 0) return LT_STREAM_STDERR;
    return NOT_TAPPED;
}

static unsigned look(int fd, const char *opened_as) {
    struct stat file = {0};
    if (lt_sys_fstat(fd, &file) != 0) return UNKNOWN;
    unsigned stream = lt_tap_file_find(fd, &file, opened_as);
    if (stream == LT_NONE) stream = find_stream(fd, &file);
    if (stream == NOT_TAPPED) return stream;
    const int flags = lt_sys_fcntl(fd, F_GETFL, 0);
    /* A write to a descriptor that was opened for reading must fail as ever, not be swallowed. */
    if ((flags & O_ACCMODE) == O_RDONLY) return NOT_TAPPED;
    if (is_file(stream) && lt_config.suppress_files) lt_virtual_file_seen(stream, fd, &file, flags);
    return stream;
}

static unsigned look_and_remember(int fd, const char *opened_as) {
    if (fd < 0 || fd >= REMEMBERED_MAX) return fd < 0 ? UNKNOWN : look(fd, opened_as);
    uint64_t before = __atomic_load_n(&remembered[fd], __ATOMIC_ACQUIRE);
    const unsigned stream = look(fd, opened_as);
    /* Findings about a vfork child's descriptors do not hold for its parent's. */
    if (stream != UNKNOWN && is_own_process()) {
        (void)__atomic_compare_exchange_n(&remembered[fd], &before, with_stream(before, stream), false,
                                          __ATOMIC_RELEASE, __ATOMIC_RELAXED);
    }
    return stream;
}

static unsigned recall(int fd) {
    if (fd < 0 || fd >= REMEMBERED_MAX) return UNKNOWN;
    return stream_in(__atomic_load_n(&remembered[fd], __ATOMIC_ACQUIRE));
}

static bool is_passive(void) {
    if (LT_LIKELY(passive_until_ns == 0)) return false;
    if (lt_clock_ns(LT_CLOCK_MONOTONIC) < passive_until_ns) return true;
    passive_until_ns = 0;
    return false;
}

unsigned lt_tap_find(int fd) {
    if (is_passive() || LT_UNLIKELY(__atomic_load_n(&target_readers, __ATOMIC_RELAXED) > 0)) return LT_NONE;
    unsigned stream = recall(fd);
    if (LT_UNLIKELY(stream == UNKNOWN)) stream = look_and_remember(fd, NULL);
    return stream >= TARGET_READER ? LT_NONE : stream;
}

void lt_tap_look_ahead(void) {
    enum { LOOKED_AT = 64 };
    for (int fd = 0; fd < LOOKED_AT; fd++) {
        if (recall(fd) == UNKNOWN) (void)look_and_remember(fd, NULL);
    }
}

bool lt_tap_is_suppressed(unsigned stream) {
    return stream >= LT_FIRST_FILE_STREAM ? lt_config.suppress_files : lt_config.suppress_streams;
}

unsigned lt_tap_find_suppressed_file(int fd) {
    if (lt_config.tap_files == NULL || !lt_config.suppress_files) return LT_NONE;
    const unsigned stream = lt_tap_find(fd);
    return is_file(stream) ? stream : LT_NONE;
}

/* Whether it makes a difference to the parent when a vfork child forgets it: it would look again and find the same,
 * except for a file that was renamed since. */
static bool is_lasting(unsigned stream) {
    return stream >= LT_FIRST_FILE_STREAM && stream != NOT_TAPPED;
}

void lt_tap_forget(int fd) {
    if (fd < 0 || fd >= REMEMBERED_MAX) return;
    uint64_t before = __atomic_load_n(&remembered[fd], __ATOMIC_RELAXED);
    if (is_lasting(stream_in(before)) && !is_own_process()) return;
    uint64_t after = 0;
    do {
        after = ((before >> STREAM_BITS) + 1) << STREAM_BITS;
    } while (!__atomic_compare_exchange_n(&remembered[fd], &before, after, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    if (LT_UNLIKELY(stream_in(before) == TARGET_READER)) (void)__atomic_sub_fetch(&target_readers, 1, __ATOMIC_RELAXED);
}

/* After lt_tap_forget. */
static void remember(int fd, unsigned stream) {
    if (fd < 0 || fd >= REMEMBERED_MAX || !is_own_process()) return;
    const uint64_t before = __atomic_load_n(&remembered[fd], __ATOMIC_RELAXED);
    __atomic_store_n(&remembered[fd], with_stream(before, stream), __ATOMIC_RELEASE);
    if (LT_UNLIKELY(stream == TARGET_READER)) (void)__atomic_add_fetch(&target_readers, 1, __ATOMIC_RELAXED);
}

void lt_tap_forget_range(unsigned first, unsigned last) {
    for (unsigned fd = first; fd <= last && fd < REMEMBERED_MAX; fd++)
        lt_tap_forget((int)fd);
}

static bool is_raw_target(int fd) {
    struct stat file = {0};
    return !lt_config.frames && lt_config.medium == LT_TO_FILE && lt_sys_fstat(fd, &file) == 0 &&
           S_ISREG(file.st_mode) && lt_is_same_file(lt_identity_of(&file), lt_identity_of_path(lt_config.target));
}

void lt_tap_opened(int fd, int flags, const char *path) {
    lt_tap_forget(fd);
    const int access = flags & O_ACCMODE;
    if (access != O_WRONLY && is_raw_target(fd)) remember(fd, TARGET_READER);
    if (lt_config.tap_files == NULL || access == O_RDONLY) return;
    const unsigned stream = look_and_remember(fd, path);
    if (is_file(stream) && lt_config.suppress_files) lt_virtual_file_opened(stream, flags);
}

void lt_tap_named(int directory, const char *name) {
    struct stat file = {0};
    if (lt_config.tap_files == NULL || lt_syscall(__NR_newfstatat, directory, name, &file, 0) != 0) return;
    const bool is_absolute = directory == AT_FDCWD || name[0] == '/';
    if (!S_ISDIR(file.st_mode) && is_absolute && !lt_tap_file_is_named(name, &file)) return;
    /* Not those that are tapped: they may have lost the name by which they were found. */
    for (int fd = 0; fd < REMEMBERED_MAX; fd++) {
        if (recall(fd) == NOT_TAPPED) lt_tap_forget(fd);
    }
}

void lt_tap_copied(int from, int to) {
    if (from == to) return;
    lt_tap_forget(to);
    const unsigned stream = recall(from);
    if (is_lasting(stream)) remember(to, stream);
}

void lt_tap_set_up(const struct lt_environment *environment) {
    if (lt_config.passive_ms > 0) {
        passive_until_ns = lt_clock_ns(LT_CLOCK_MONOTONIC) + lt_config.passive_ms * LT_NS_PER_MS;
    }
    if (is_raw_target(0)) remember(0, TARGET_READER);
    container = lt_container_stdio_find(environment);
}

const struct lt_container_stdio *lt_tap_container(void) {
    return &container;
}
