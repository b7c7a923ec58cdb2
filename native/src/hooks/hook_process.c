/* Hooks around the life of the process. */
#include "emit.h"
#include "hooks.h"
#include "libc_next.h"
#include "process.h"
#include "tap.h"
#include <linux/sched.h>

pid_t lt_hook_fork(void) {
    const pid_t child = lt_libc_next.fork();
    if (child == 0) lt_process_forked();
    return child;
}

/* Forks, ends the parent and redirects the standard streams, all of it inside libc. */
int lt_hook_daemon(int stay, int keep_streams) {
    if (lt_libc_next.daemon == NULL) {
        lt_set_errno(ENOSYS);
        return -1;
    }
    lt_emit_report();
    const int result = lt_libc_next.daemon(stay, keep_streams);
    if (result == 0) {
        lt_process_forked();
        lt_tap_forget_range(0, 2);
    }
    return result;
}

/* Called by lt_hook_vfork below. Answers the function that it goes on with. */
__attribute__((used)) static pid_t (*before_vfork(void))(void) {
    lt_emit_prepare();
    return lt_libc_next.vfork;
}

/* A function that calls vfork must not return in the child, so this one does not call it but goes over to it. */
#if defined(__x86_64__)
__asm__(".text\n"
        ".globl lt_hook_vfork\n"
        ".hidden lt_hook_vfork\n"
        ".type lt_hook_vfork, @function\n"
        "lt_hook_vfork:\n"
        ".cfi_startproc\n"
        "subq $8, %rsp\n"
        ".cfi_adjust_cfa_offset 8\n"
        "call before_vfork\n"
        "addq $8, %rsp\n"
        ".cfi_adjust_cfa_offset -8\n"
        "jmp *%rax\n"
        ".cfi_endproc\n"
        ".size lt_hook_vfork, . - lt_hook_vfork\n");
#else
__asm__(".text\n"
        ".globl lt_hook_vfork\n"
        ".hidden lt_hook_vfork\n"
        ".type lt_hook_vfork, %function\n"
        "lt_hook_vfork:\n"
        ".cfi_startproc\n"
        "stp x29, x30, [sp, #-16]!\n"
        ".cfi_adjust_cfa_offset 16\n"
        ".cfi_rel_offset x30, 8\n"
        "bl before_vfork\n"
        "ldp x29, x30, [sp], #16\n"
        ".cfi_adjust_cfa_offset -16\n"
        ".cfi_restore x30\n"
        "mov x16, x0\n" /* the register from which a guarded page may be entered */
        "br x16\n"
        ".cfi_endproc\n"
        ".size lt_hook_vfork, . - lt_hook_vfork\n");
#endif

/* Called by lt_hook_clone below, with the arguments of clone. Answers the function that it goes on with. */
__attribute__((used)) static void *before_clone(int (*run)(void *), void *stack, int flags) {
    (void)run, (void)stack;
    /* A child in this process's memory, but a process of its own. */
    if ((flags & CLONE_VM) != 0) lt_emit_prepare();
    return (void *)lt_libc_next.clone;
}

/* Passes on all arguments, of which clone has three more than it declares, the last on the stack. */
#if defined(__x86_64__)
__asm__(".text\n"
        ".globl lt_hook_clone\n"
        ".hidden lt_hook_clone\n"
        ".type lt_hook_clone, @function\n"
        "lt_hook_clone:\n"
        ".cfi_startproc\n"
        "pushq %rdi\n"
        "pushq %rsi\n"
        "pushq %rdx\n"
        "pushq %rcx\n"
        "pushq %r8\n"
        "pushq %r9\n"
        "subq $8, %rsp\n"
        ".cfi_adjust_cfa_offset 56\n"
        "call before_clone\n"
        "addq $8, %rsp\n"
        "popq %r9\n"
        "popq %r8\n"
        "popq %rcx\n"
        "popq %rdx\n"
        "popq %rsi\n"
        "popq %rdi\n"
        ".cfi_adjust_cfa_offset -56\n"
        "movq %rax, %r11\n"
        "xorl %eax, %eax\n" /* no vector registers hold arguments */
        "jmp *%r11\n"
        ".cfi_endproc\n"
        ".size lt_hook_clone, . - lt_hook_clone\n");
#else
__asm__(".text\n"
        ".globl lt_hook_clone\n"
        ".hidden lt_hook_clone\n"
        ".type lt_hook_clone, %function\n"
        "lt_hook_clone:\n"
        ".cfi_startproc\n"
        "stp x29, x30, [sp, #-80]!\n"
        ".cfi_adjust_cfa_offset 80\n"
        ".cfi_rel_offset x30, 8\n"
        "stp x0, x1, [sp, #16]\n"
        "stp x2, x3, [sp, #32]\n"
        "stp x4, x5, [sp, #48]\n"
        "stp x6, x7, [sp, #64]\n"
        "bl before_clone\n"
        "mov x16, x0\n" /* the register from which a guarded page may be entered */
        "ldp x0, x1, [sp, #16]\n"
        "ldp x2, x3, [sp, #32]\n"
        "ldp x4, x5, [sp, #48]\n"
        "ldp x6, x7, [sp, #64]\n"
        "ldp x29, x30, [sp], #80\n"
        ".cfi_adjust_cfa_offset -80\n"
        ".cfi_restore x30\n"
        "br x16\n"
        ".cfi_endproc\n"
        ".size lt_hook_clone, . - lt_hook_clone\n");
#endif
