/* Size and position of a suppressed log file, as the application has to see them: the kernel knows nothing of bytes
 * that were handed over instead of written.
 *
 * Kept by stream, for this process: descriptors of one file share a position, and appends of other processes are not
 * known. */
#ifndef LT_VIRTUAL_FILE_H
#define LT_VIRTUAL_FILE_H

#include "sys.h"

/* A position that was not given. */
enum { LT_NO_OFFSET = -1 };

/* A descriptor of the stream was looked at; size and position begin with the kernel's when it is another file than
 * before. `flags` are those of the descriptor. */
void lt_virtual_file_seen(unsigned stream, int fd, const struct stat *file, int flags);

/* A descriptor of the stream was opened with these flags. */
void lt_virtual_file_opened(unsigned stream, int flags);

/* O_APPEND was set or cleared. */
void lt_virtual_file_set_append(unsigned stream, bool appends);

/* The application was told that `length` bytes are written, at `offset` or where it is. */
void lt_virtual_file_written(unsigned stream, size_t length, off_t offset);

void lt_virtual_file_resized(unsigned stream, uint64_t size);

/* lseek(2) on a descriptor of the stream, for SEEK_SET, SEEK_CUR and SEEK_END; answers the position or a negative error
 * number. The kernel's position follows as far as there is a file: bytes that are written to it later leave no hole. */
off_t lt_virtual_file_seek(unsigned stream, int fd, off_t offset, int from);

uint64_t lt_virtual_file_size(unsigned stream);

#endif
