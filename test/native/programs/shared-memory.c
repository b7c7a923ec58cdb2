/* A child that has its parent's memory and a descriptor table of its own, and speaks first: shared-memory WAY
 * Says "child", then 20 lines by the parent. Ends with 5. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static _Alignas(16) char stack[1 << 16];

static int child(void *fd) {
    _exit(write((int)(intptr_t)fd, "child\n", 6) != 6);
}

static pid_t start(const char *way) {
    void *const out = (void *)(intptr_t)1;
    if (strcmp(way, "clone") == 0)
        return clone(child, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, out);
    if (strcmp(way, "clone with a thread id") == 0) {
        static pid_t id, cleared; /* at the child's end, which may come first */
        const int flags = CLONE_VM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;
        const pid_t pid = clone(child, stack + sizeof stack, flags, out, &id, NULL, &cleared);
        return pid == id ? pid : -1;
    }
    if (strcmp(way, "clone with descriptors") == 0)
        return clone(child, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, out);
    if (strcmp(way, "vfork") != 0) return -1;
    const pid_t pid = vfork();
    if (pid == 0) child(out);
    return pid;
}

int main(int argc, char **argv) {
    int status = 0;
    const pid_t pid = argc == 2 ? start(argv[1]) : -1;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) return 1;
    for (int i = 0; i < 20; i++)
        dprintf(1, "line %d\n", i);
    return 5;
}
