/* Hooks around the life of the process. */
#include "emit.h"
#include "hooks.h"
#include "libc_next.h"
#include "process.h"
#include "tap.h"

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
