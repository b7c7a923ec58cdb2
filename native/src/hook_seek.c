/* Hooks of the functions that ask for, or set, the position and the size of a file. The bytes of a suppressed one never
 * reached the kernel; fstat and stat tell its size on the disk all the same. */
#include "init.h"
#include "libc_next.h"
#include "tap.h"
#include "virtual_file.h"

#define ALIAS(of) LT_EXPORT __attribute__((alias(#of)))

LT_EXPORT off_t lseek(int fd, off_t offset, int from) {
    const bool is_known = from == LT_SEEK_SET || from == LT_SEEK_CUR || from == LT_SEEK_END;
    const unsigned stream = lt_is_on() && is_known ? lt_tap_find_suppressed_file(fd) : LT_NONE;
    if (LT_LIKELY(stream == LT_NONE)) return lt_libc_next.lseek(fd, offset, from);
    const off_t position = lt_virtual_file_seek(stream, fd, offset, from);
    if (position >= 0) return position;
    lt_set_errno((int)-position);
    return -1;
}

ALIAS(lseek) off_t lseek64(int, off_t, int);
ALIAS(lseek) off_t __lseek(int, off_t, int);
ALIAS(lseek) off_t llseek(int, off_t, int);

LT_EXPORT int ftruncate(int fd, off_t size) {
    const int result = lt_libc_next.ftruncate(fd, size);
    const unsigned stream = result == 0 && lt_is_on() ? lt_tap_find_suppressed_file(fd) : LT_NONE;
    if (stream != LT_NONE) lt_virtual_file_resized(stream, (uint64_t)size);
    return result;
}

ALIAS(ftruncate) int ftruncate64(int, off_t);
