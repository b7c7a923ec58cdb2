/* lseek(2) and ftruncate(2) on a descriptor that may be a suppressed log file. */
#include "file_position.h"
#include "tap.h"
#include "virtual_file.h"

off_t lt_file_position_seek(const struct lt_libc_next *next, int fd, off_t offset, int from) {
    const bool is_known = from == LT_SEEK_SET || from == LT_SEEK_CUR || from == LT_SEEK_END;
    const unsigned stream = is_known ? lt_tap_find_suppressed_file(fd) : LT_NONE;
    if (LT_LIKELY(stream == LT_NONE)) return next->lseek(fd, offset, from);
    const off_t position = lt_virtual_file_seek(stream, fd, offset, from);
    if (position >= 0) return position;
    lt_set_errno((int)-position);
    return -1;
}

int lt_file_position_resize(const struct lt_libc_next *next, int fd, off_t size) {
    const int result = next->ftruncate(fd, size);
    const unsigned stream = result == 0 ? lt_tap_find_suppressed_file(fd) : LT_NONE;
    if (stream != LT_NONE) lt_virtual_file_resized(stream, (uint64_t)size);
    return result;
}
