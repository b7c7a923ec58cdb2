/* Size and position of a suppressed log file. */
#include "virtual_file.h"
#include "contract.h"
#include "file_identity.h"
#include "tap_file.h"

static LT_LARGE struct virtual_file {
    struct lt_file_identity identity;
    uint64_t size;
    uint64_t position;
    bool appends;
} files[LT_TAP_FILES_MAX];

static struct virtual_file *of(unsigned stream) {
    return &files[stream - LT_FIRST_FILE_STREAM];
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the builtin writes */
static void set(uint64_t *number, uint64_t value) {
    __atomic_store_n(number, value, __ATOMIC_RELAXED);
}

static uint64_t get(const uint64_t *number) {
    return __atomic_load_n(number, __ATOMIC_RELAXED);
}

void lt_virtual_file_seen(unsigned stream, int fd, const struct stat *file, int flags) {
    struct virtual_file *at = of(stream);
    if (lt_is_same_file(at->identity, lt_identity_of(file))) return;
    const off_t position = lt_sys_position(fd);
    at->identity = lt_identity_of(file);
    set(&at->size, (uint64_t)file->st_size);
    set(&at->position, position < 0 ? 0 : (uint64_t)position);
    lt_virtual_file_set_append(stream, (flags & O_APPEND) != 0);
}

void lt_virtual_file_opened(unsigned stream, int flags) {
    struct virtual_file *at = of(stream);
    if ((flags & O_TRUNC) != 0) set(&at->size, 0);
    set(&at->position, 0);
    lt_virtual_file_set_append(stream, (flags & O_APPEND) != 0);
}

void lt_virtual_file_set_append(unsigned stream, bool appends) {
    __atomic_store_n(&of(stream)->appends, appends, __ATOMIC_RELAXED);
}

void lt_virtual_file_written(unsigned stream, size_t length, off_t offset) {
    struct virtual_file *at = of(stream);
    if (__atomic_load_n(&at->appends, __ATOMIC_RELAXED)) {
        const uint64_t end = __atomic_add_fetch(&at->size, length, __ATOMIC_RELAXED);
        if (offset == LT_NO_OFFSET) set(&at->position, end);
        return;
    }
    const uint64_t end = offset == LT_NO_OFFSET ? __atomic_add_fetch(&at->position, length, __ATOMIC_RELAXED)
                                                : (uint64_t)offset + length;
    uint64_t size = get(&at->size);
    while (size < end &&
           !__atomic_compare_exchange_n(&at->size, &size, end, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
}

void lt_virtual_file_resized(unsigned stream, uint64_t size) {
    set(&of(stream)->size, size);
}

off_t lt_virtual_file_seek(unsigned stream, int fd, off_t offset, int from) {
    struct virtual_file *at = of(stream);
    if (from == LT_SEEK_CUR && offset == 0) return (off_t)get(&at->position);
    uint64_t base = 0;
    if (from == LT_SEEK_CUR) base = get(&at->position);
    if (from == LT_SEEK_END) base = get(&at->size);
    off_t position = 0;
    if (__builtin_add_overflow((off_t)base, offset, &position)) return -EOVERFLOW;
    if (position < 0) return -EINVAL;
    set(&at->position, (uint64_t)position);
    struct stat file = {0};
    if (lt_sys_fstat(fd, &file) == 0) {
        const off_t end = (off_t)file.st_size;
        (void)lt_syscall(__NR_lseek, fd, position < end ? position : end, LT_SEEK_SET);
    }
    return position;
}

uint64_t lt_virtual_file_size(unsigned stream) {
    return get(&of(stream)->size);
}
