/* A log that gets its name after it was opened: later-names WAY NAME, in an empty directory.
 * Opens the file `real`, writes "before", gives it the name, writes 20 lines and says where it is. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int name(const char *way, const char *real, const char *wanted) {
    if (strcmp(way, "rename") == 0) return rename(real, wanted);
    if (strcmp(way, "renameat") == 0) return renameat(AT_FDCWD, real, AT_FDCWD, wanted);
    if (strcmp(way, "renameat below a directory") == 0) {
        const int directory = open(".", O_RDONLY | O_DIRECTORY);
        const int result = renameat(directory, real, directory, wanted);
        return close(directory) + result;
    }
    if (strcmp(way, "number of renameat2") == 0)
        return (int)syscall(SYS_renameat2, AT_FDCWD, real, AT_FDCWD, wanted, 0);
    if (strcmp(way, "link") == 0) return link(real, wanted);
    if (strcmp(way, "linkat") == 0) return linkat(AT_FDCWD, real, AT_FDCWD, wanted, 0);
    if (strcmp(way, "symlink") == 0) return symlink(real, wanted);
    if (strcmp(way, "symlinkat") == 0) return symlinkat(real, AT_FDCWD, wanted);
    if (strcmp(way, "number of symlinkat") == 0) return (int)syscall(SYS_symlinkat, real, AT_FDCWD, wanted);
    if (strcmp(way, "rename of a symbolic link") == 0) return symlink(real, "link") + rename("link", wanted);
    return -1;
}

int main(int argc, char **argv) {
    if (argc != 3) return 64;
    const char *real = "real";
    if (strcmp(argv[1], "rename of the directory") == 0) {
        if (mkdir("new", 0755) != 0) return 1;
        real = "new/app.log";
    }
    const int fd = open(real, O_WRONLY | O_CREAT | O_EXCL, 0644);
    const int other = open("other", O_WRONLY | O_CREAT | O_EXCL, 0644);
    dprintf(fd, "before\n");
    dprintf(other, "secret\n");
    if (strcmp(argv[1], "rename of the directory") == 0) {
        if (rename("new", "logs") != 0) return 1;
    } else if (name(argv[1], real, argv[2]) != 0) {
        return 1;
    }
    for (int i = 0; i < 20; i++) {
        dprintf(fd, "line %d\n", i);
        dprintf(other, "secret %d\n", i);
    }
    printf("%ld\n", (long)lseek(fd, 0, SEEK_CUR));
    return 0;
}
