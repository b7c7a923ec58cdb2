/* A program that gives up every system call but those it needs, and is killed for any other:
 * confined WHEN HOW LINES [CALL...]
 * WHEN: first line `before` or `after` the filter. HOW: by `prctl`, by `number` of the system call, by two filters
 * (`twice`), `strict`, or `unseen`: by an instruction of its own. It keeps read, write, exit and the CALLs. Given
 * `SIGPIPE`, it ignores that; given `fork`, a child says a line, too. Given `deny`, it gives up the CALLs and no others,
 * and starts another program, which says a line. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* As linux/filter.h and linux/seccomp.h have it, which not every libc comes with. */
struct sock_filter {
    unsigned short code;
    unsigned char jt, jf;
    unsigned k;
};
struct sock_fprog {
    unsigned short len;
    struct sock_filter *filter;
};
enum { LOAD_WORD = 0x20, JUMP_IF_EQUAL = 0x15, RETURN = 0x06 };
enum { SECCOMP_MODE_STRICT = 1, SECCOMP_MODE_FILTER = 2, SECCOMP_SET_MODE_FILTER = 1 };
static const unsigned SECCOMP_RET_KILL_PROCESS = 0x80000000, SECCOMP_RET_ALLOW = 0x7fff0000;

static const struct {
    const char *name;
    int number;
} calls[] = {
    {"sendmsg", SYS_sendmsg},
    {"sendto", SYS_sendto},
    {"writev", SYS_writev},
    {"getpid", SYS_getpid},
    {"openat", SYS_openat},
    {"fstat", SYS_fstat},
    {"close", SYS_close},
    {"rt_sigprocmask", SYS_rt_sigprocmask},
    {"clone", SYS_clone},
    {"wait4", SYS_wait4},
    {"set_robust_list", SYS_set_robust_list},
    {"gettid", SYS_gettid},
    {"ppoll", SYS_ppoll},
    {"madvise", SYS_madvise},
    {"socket", SYS_socket},
    {"getdents64", SYS_getdents64},
    {"fchmod", SYS_fchmod},
    {"unlinkat", SYS_unlinkat},
    {"mknodat", SYS_mknodat},
    {"mkdirat", SYS_mkdirat},
    {"fchmodat", SYS_fchmodat},
    {"nanosleep", SYS_nanosleep},
    {"sigaltstack", SYS_sigaltstack},
#ifdef SYS_fork
    {"fork", SYS_fork},
#endif
};

static struct sock_filter steps[64];
static unsigned short count;

static void step(struct sock_filter next) { steps[count++] = next; }

static void answer(int number, unsigned with) {
    step((struct sock_filter){JUMP_IF_EQUAL, 0, 1, (unsigned)number});
    step((struct sock_filter){RETURN, 0, 0, with});
}

static void allow(int number) { answer(number, SECCOMP_RET_ALLOW); }

static int has(char **arguments, const char *word) {
    for (; *arguments != NULL; arguments++) {
        if (strcmp(*arguments, word) == 0) return 1;
    }
    return 0;
}

static void compose(char **arguments) {
    step((struct sock_filter){LOAD_WORD, 0, 0, 0 /* the number of the call */});
    if (has(arguments, "deny")) {
        for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
            if (has(arguments, calls[i].name)) answer(calls[i].number, SECCOMP_RET_KILL_PROCESS);
        }
        step((struct sock_filter){RETURN, 0, 0, SECCOMP_RET_ALLOW});
        return;
    }
    allow(SYS_read);
    allow(SYS_write);
    allow(SYS_exit);
    allow(SYS_exit_group);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (has(arguments, calls[i].name)) allow(calls[i].number);
    }
    step((struct sock_filter){RETURN, 0, 0, SECCOMP_RET_KILL_PROCESS});
}

static long unseen(long number, long a, long b, long c) {
#ifdef __x86_64__
    long result = 0;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
#else
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
#endif
}

static int confine(const char *how) {
    const struct sock_fprog filter = {.len = count, .filter = steps};
    const struct sock_filter all[] = {{RETURN, 0, 0, SECCOMP_RET_ALLOW}};
    const struct sock_fprog harmless = {.len = 1, .filter = (struct sock_filter *)all};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 1;
    /* As libseccomp does, to learn whether the kernel can. */
    (void)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL);
    (void)prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL);
    if (strcmp(how, "strict") == 0) return prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0;
    if (strcmp(how, "number") == 0) return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0;
    if (strcmp(how, "unseen") == 0) return unseen(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, (long)&filter) != 0;
    if (strcmp(how, "twice") == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &harmless) != 0) return 1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0;
}

static void say(const char *what, int number) {
    char line[64];
    const int length = snprintf(line, sizeof line, "%s %d\n", what, number);
    if (write(1, line, (size_t)length) != length) _exit(9);
}

static void start(const char *self) {
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        execl(self, self, "say", NULL);
        _exit(7);
    }
    if (waitpid(child, &status, 0) != child || status != 0) _exit(6);
}

int main(int argc, char **argv) {
    static char page[5000];
    if (argc == 2) {
        say("from another program", 0);
        return 0;
    }
    if (argc < 4) return 64;
    memset(page, 'x', sizeof page - 1);
    page[sizeof page - 1] = '\n';
    compose(argv + 4);
    if (has(argv + 4, "SIGPIPE")) signal(SIGPIPE, SIG_IGN);
    if (strcmp(argv[1], "after") == 0) say("before the filter", 0);
    if (confine(argv[2]) != 0) return 1;
    for (int i = 0; i < atoi(argv[3]); i++)
        say("line", i);
    if (write(1, page, sizeof page) != sizeof page) _exit(9);
    if (has(argv + 4, "fork")) {
        const pid_t child = fork();
        if (child == 0) {
            say("from a child", 0);
            _exit(0);
        }
        if (waitpid(child, NULL, 0) != child) _exit(8);
    }
    if (has(argv + 4, "deny")) start(argv[0]);
    if (strcmp(argv[2], "strict") == 0) syscall(SYS_exit, 0);
    return 0;
}
