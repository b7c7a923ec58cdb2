/* The directory gets its name when any user can use it, so no other process finds it in between. Another process may
 * put a link there, or replace a directory that it owns, so the library works in it through its descriptor. */
#include "shared_directory.h"
#include "path.h"
#include "process.h"
#include "text.h"

#define MAKING ".new-"

enum { HEX_DIGITS = 16, NO_REPLACE = 1 };

int lt_shared_directory_open(const char *path) {
    return lt_sys_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
}

/* The directory as it is while it is made: `path`.new-INSTANCE. */
static const char *making(const char *path) {
    static LT_LARGE char name[LT_PATH_MAX + sizeof MAKING + HEX_DIGITS];
    const size_t length = lt_length(path);
    lt_copy(name, path, length);
    lt_copy(name + length, MAKING, sizeof MAKING - 1);
    lt_format_hex(name + length + sizeof MAKING - 1, lt_process->instance);
    name[length + sizeof MAKING - 1 + HEX_DIGITS] = '\0';
    return name;
}

static int make(const char *path) {
    const char *name = making(path);
    int result = (int)lt_syscall(__NR_mkdirat, AT_FDCWD, name, 0777);
    if (result != 0) return result;
    const int fd = lt_shared_directory_open(name);
    result = fd < 0 ? fd : (int)lt_syscall(__NR_fchmod, fd, 0777); /* regardless of the umask */
    if (result == 0) result = (int)lt_syscall(__NR_renameat2, AT_FDCWD, name, AT_FDCWD, path, NO_REPLACE);
    if (result == 0) return fd;
    if (fd >= 0) (void)lt_sys_close(fd);
    (void)lt_syscall(__NR_unlinkat, AT_FDCWD, name, AT_REMOVEDIR);
    /* Another process was first. */
    return result == -EEXIST ? lt_shared_directory_open(path) : result;
}

int lt_shared_directory_open_or_make(const char *path) {
    const int fd = lt_shared_directory_open(path);
    return fd == -ENOENT ? make(path) : fd;
}

int lt_shared_directory_open_file(int directory, const char *name, int flags) {
    return (int)lt_syscall(__NR_openat, directory, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
}
