/* Runs a program, and does to it what another user of a directory can do between two of its system calls: when the first
 * call mknodat has returned, the name that it made is replaced by a link.
 *
 *     between-calls LINK_TARGET PROGRAM [ARGUMENT...] */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

static void replace(pid_t child, uint64_t name_at, const char *target) {
    char name[PATH_BYTES] = "";
    /* To the end of the page only: behind it there may be nothing. */
    const size_t length = PATH_BYTES - name_at % PATH_BYTES;
    struct iovec here = {name, length};
    struct iovec there = {(void *)name_at, length};
    if (process_vm_readv(child, &here, 1, &there, 1, 0) <= 0) exit(3);
    if (unlink(name) != 0 || symlink(target, name) != 0) exit(4);
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    const pid_t child = fork();
    if (child == 0) {
        (void)ptrace(PTRACE_TRACEME, 0, 0, 0);
        (void)raise(SIGSTOP);
        (void)execvp(arguments[2], arguments + 2);
        _exit(127);
    }
    int status = 0;
    uint64_t name_at = 0;
    (void)waitpid(child, &status, 0);
    (void)ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD);
    for (int signal = 0;;) {
        (void)ptrace(PTRACE_SYSCALL, child, 0, signal);
        if (waitpid(child, &status, 0) != child) return 5;
        if (!WIFSTOPPED(status)) return 6; /* it made no such call */
        const int stop = WSTOPSIG(status);
        signal = stop == (SIGTRAP | 0x80) || stop == SIGTRAP ? 0 : stop;
        if (stop != (SIGTRAP | 0x80)) continue;
        struct __ptrace_syscall_info call = {0};
        (void)ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof call, &call);
        if (call.op == PTRACE_SYSCALL_INFO_ENTRY) {
            name_at = call.entry.nr == SYS_mknodat ? call.entry.args[1] : 0;
        } else if (call.op == PTRACE_SYSCALL_INFO_EXIT && name_at != 0) {
            replace(child, name_at, arguments[1]);
            break;
        }
    }
    (void)ptrace(PTRACE_DETACH, child, 0, 0);
    (void)waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 7;
}
