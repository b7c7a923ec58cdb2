/* A program that gives up the sight of the target before it writes its first line: out-of-sight WAY
 * Says 20 lines afterwards. Exits with 77 where this machine does not let it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LINES = 20, NOT_HERE = 77 };

static int must(long result) {
    return result >= 0 ? 0 : errno == EPERM || errno == ENOSYS || errno == EOPNOTSUPP ? NOT_HERE : 1;
}

static int hide_tree(void) {
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return must(-1);
    return must(mount("none", "/dev/shm", "tmpfs", 0, NULL)) || must(mount("none", "/tmp", "tmpfs", 0, NULL));
}

/* In a namespace of mounts that the program was started in. */
static int hide_tree_by_number(void) {
    return must(syscall(SYS_mount, "none", "/dev/shm", "tmpfs", 0, NULL)) ||
           must(syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL));
}

static int restrict_files(void) {
    const uint64_t handled = 0x1fff; /* of struct landlock_ruleset_attr: every access to files */
    const int set = (int)syscall(444, &handled, sizeof handled, 0);
    if (set < 0) return must(set);
    const long result = syscall(446, set, 0);
    close(set);
    return must(result);
}

static int go(const char *way) {
    const struct rlimit none = {3, 3};
    if (strcmp(way, "chroot") == 0) return must(mkdir("jail", 0755)) || must(chroot("jail")) || must(chdir("/"));
    if (strcmp(way, "number of chroot") == 0)
        return must(mkdir("jail", 0755)) || must(syscall(SYS_chroot, "jail")) || must(chdir("/"));
    if (strcmp(way, "unshare") == 0) return must(unshare(CLONE_NEWNS)) || hide_tree();
    if (strcmp(way, "number of unshare") == 0) return must(syscall(SYS_unshare, CLONE_NEWNS)) || hide_tree();
    if (strcmp(way, "mount") == 0) return hide_tree();
    if (strcmp(way, "number of mount") == 0) return hide_tree_by_number();
    if (strcmp(way, "landlock") == 0) return must(syscall(SYS_prctl, 38, 1, 0, 0, 0)) || restrict_files();
    if (strcmp(way, "setrlimit") == 0) return must(setrlimit(RLIMIT_NOFILE, &none));
    if (strcmp(way, "prlimit") == 0) return must(prlimit(0, RLIMIT_NOFILE, &none, NULL));
    if (strcmp(way, "number of prlimit") == 0) return must(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &none, NULL));
    return 64;
}

int main(int argc, char **argv) {
    const int result = argc == 2 ? go(argv[1]) : 64;
    for (int i = 0; i < LINES && result == 0; i++)
        dprintf(1, "line %d\n", i);
    return result;
}
