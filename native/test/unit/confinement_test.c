/* confinement.c: what a filter says is what the kernel would do. */
#include "confinement.h"
#include "expect.h"
#include <asm/unistd.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, (action))

static int add(struct sock_filter *steps, size_t count) {
    const struct sock_fprog program = {.len = (unsigned short)count, .filter = steps};
    const struct lt_confinement filter = {.program = &program};
    return lt_confinement_add(&filter);
}

static bool allows(long number, long first) {
    return lt_confinement_allows(number, first, 0, 0, 0, 0, 0);
}

static void every_action_is_told_apart(void) {
    static const struct {
        unsigned action;
        bool is_made;
    } answers[] = {
        {SECCOMP_RET_ALLOW, true},       {SECCOMP_RET_LOG, true},   {SECCOMP_RET_ERRNO | 13, true},
        {SECCOMP_RET_KILL_THREAD, false}, {SECCOMP_RET_TRAP, false}, {SECCOMP_RET_KILL_PROCESS, false},
        {SECCOMP_RET_TRACE | 5, false},
    };
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct sock_filter steps[] = {ANSWER(answers[i].action)};
        const int number = add(steps, COUNT(steps));
        EXPECT(allows(__NR_close, 3) == answers[i].is_made);
        lt_confinement_withdraw(number);
        EXPECT(allows(__NR_close, 3));
    }
}

/* As libseccomp compiles it: the architecture, a tree of numbers, an argument in two halves. */
static void numbers_and_arguments_count(void) {
    struct sock_filter steps[] = {
        LOAD(arch),
#ifdef __x86_64__
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
#else
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_AARCH64, 1, 0),
#endif
        ANSWER(SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_close, 5, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_write, 0, 3),
        LOAD(args[0]),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 2, 1, 0),
        ANSWER(SECCOMP_RET_ALLOW),
        ANSWER(SECCOMP_RET_KILL_PROCESS),
        LOAD(args[0]) /* only even descriptors */,
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1),
        ANSWER(SECCOMP_RET_TRAP),
        ANSWER(SECCOMP_RET_ALLOW),
    };
    const int number = add(steps, COUNT(steps));
    EXPECT(allows(__NR_write, 1));
    EXPECT(!allows(__NR_write, 1000));
    EXPECT(allows(__NR_close, 4));
    EXPECT(!allows(__NR_close, 5));
    EXPECT(!allows(__NR_fstat, 1));
    lt_confinement_withdraw(number);
}

/* Arithmetic, memory and the second register: answers ALLOW when ((number * 4 + 2) / 2 ^ 1) >> 1 is `number`. */
static void the_machine_calculates(void) {
    struct sock_filter steps[] = {
        LOAD(nr),
        BPF_STMT(BPF_ST, 3),
        BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 4),
        BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 2),
        BPF_STMT(BPF_LDX | BPF_IMM, 2),
        BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0),
        BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, 1),
        BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 1),
        BPF_STMT(BPF_LDX | BPF_MEM, 3),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 4),
        BPF_STMT(BPF_MISC | BPF_TXA, 0),
        BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0),
        BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_A, 0),
        ANSWER(SECCOMP_RET_KILL_PROCESS),
    };
    const int number = add(steps, COUNT(steps));
    EXPECT(allows(__NR_write, 0));
    EXPECT(allows(__NR_sendmsg, 0));
    lt_confinement_withdraw(number);
}

static void all_filters_count(void) {
    struct sock_filter all[] = {ANSWER(SECCOMP_RET_ALLOW)};
    struct sock_filter none[] = {ANSWER(SECCOMP_RET_KILL_PROCESS)};
    const int first = add(none, COUNT(none));
    const int second = add(all, COUNT(all));
    EXPECT(!allows(__NR_write, 1));
    lt_confinement_withdraw(first);
    EXPECT(allows(__NR_write, 1));
    lt_confinement_withdraw(second);
}

static void strict_mode_leaves_the_least(void) {
    const struct lt_confinement filter = {.is_strict = true};
    const int number = lt_confinement_add(&filter);
    EXPECT(allows(__NR_write, 1));
    EXPECT(!allows(__NR_exit_group, 0));
    EXPECT(!allows(__NR_getpid, 0));
    lt_confinement_withdraw(number);
    EXPECT(allows(__NR_getpid, 0));
}

/* libseccomp asks so what the kernel can. */
static void what_the_kernel_refuses_counts_for_nothing(void) {
    const struct sock_fprog empty = {.len = 0};
    const struct sock_fprog nowhere = {.len = 3, .filter = (void *)16};
    const void *programs[] = {NULL, (void *)16, &empty, &nowhere};
    for (size_t i = 0; i < COUNT(programs); i++) {
        const struct lt_confinement filter = {.program = programs[i]};
        EXPECT(lt_confinement_add(&filter) == LT_NO_FILTER);
        EXPECT(allows(__NR_getpid, 0));
    }
}

/* Threads of a pool, say; and more filters than there is room for. */
static void the_same_filter_counts_once_and_too_many_as_the_strictest(void) {
    struct sock_filter steps[] = {BPF_STMT(BPF_LD | BPF_IMM, 0), ANSWER(SECCOMP_RET_ALLOW)};
    EXPECT(add(steps, COUNT(steps)) != LT_NO_FILTER);
    for (int i = 0; i < 1000; i++)
        EXPECT(add(steps, COUNT(steps)) == LT_NO_FILTER);
    EXPECT(allows(__NR_getpid, 0));
    for (unsigned i = 1; i < 100; i++) {
        steps[0].k = i;
        (void)add(steps, COUNT(steps));
    }
    EXPECT(allows(__NR_write, 0));
    EXPECT(!allows(__NR_getpid, 0));
}

int main(void) {
    every_action_is_told_apart();
    numbers_and_arguments_count();
    the_machine_calculates();
    all_filters_count();
    strict_mode_leaves_the_least();
    what_the_kernel_refuses_counts_for_nothing();
    the_same_filter_counts_once_and_too_many_as_the_strictest();
    return lt_failures();
}
