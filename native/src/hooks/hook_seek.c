/* Hooks of the functions that ask for, or set, the position and the size of a file. The bytes of a suppressed one never
 * reached the kernel; fstat and stat tell its size on the disk all the same. */
#include "file_position.h"
#include "hooks.h"
#include "libc_next.h"

off_t lt_hook_lseek(int fd, off_t offset, int from) {
    return lt_file_position_seek(&lt_libc_next, fd, offset, from);
}

int lt_hook_ftruncate(int fd, off_t size) {
    return lt_file_position_resize(&lt_libc_next, fd, size);
}
