/* The identity of a file, independent of its names. */
#ifndef LT_FILE_IDENTITY_H
#define LT_FILE_IDENTITY_H

#include "sys.h"

struct lt_file_identity {
    uint64_t device;
    uint64_t inode; /* 0: nothing */
};

static inline struct lt_file_identity lt_identity_of(const struct stat *file) {
    return (struct lt_file_identity){.device = file->st_dev, .inode = file->st_ino};
}

static inline bool lt_is_same_file(struct lt_file_identity one, struct lt_file_identity other) {
    return one.inode != 0 && one.inode == other.inode && one.device == other.device;
}

static inline struct lt_file_identity lt_identity_of_descriptor(int fd) {
    struct stat file = {0};
    return lt_sys_fstat(fd, &file) == 0 ? lt_identity_of(&file) : (struct lt_file_identity){0};
}

static inline struct lt_file_identity lt_identity_of_path(const char *path) {
    struct stat file = {0};
    return lt_sys_stat(path, &file) == 0 ? lt_identity_of(&file) : (struct lt_file_identity){0};
}

#endif
