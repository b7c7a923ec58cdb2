/* Hooks of the functions that ask for, or set, the position and the size of a file. The bytes of a suppressed one never
 * reached the kernel; fstat and stat tell its size on the disk all the same. */
#include "hooks.h"
#include "libc_next.h"
#include "tap.h"
#include "virtual_file.h"

off_t lt_lseek_by(const struct lt_libc_next *next, int fd, off_t offset, int from) {
    const bool is_known = from == LT_SEEK_SET || from == LT_SEEK_CUR || from == LT_SEEK_END;
    const unsigned stream = is_known ? lt_tap_find_suppressed_file(fd) : LT_NONE;
    if (LT_LIKELY(stream == LT_NONE)) return next->lseek(fd, offset, from);
    const off_t position = lt_virtual_file_seek(stream, fd, offset, from);
    if (position >= 0) return position;
    lt_set_errno((int)-position);
    return -1;
}

off_t lt_hook_lseek(int fd, off_t offset, int from) {
    return lt_lseek_by(&lt_libc_next, fd, offset, from);
}

int lt_ftruncate_by(const struct lt_libc_next *next, int fd, off_t size) {
    const int result = next->ftruncate(fd, size);
    const unsigned stream = result == 0 ? lt_tap_find_suppressed_file(fd) : LT_NONE;
    if (stream != LT_NONE) lt_virtual_file_resized(stream, (uint64_t)size);
    return result;
}

int lt_hook_ftruncate(int fd, off_t size) {
    return lt_ftruncate_by(&lt_libc_next, fd, size);
}
