/* A hook that is a jump. Some functions cannot be called by a hook: a function that calls vfork must not return in the
 * child, and of the arguments of clone and syscall nothing tells how many there are. */
#ifndef LT_TRAMPOLINE_H
#define LT_TRAMPOLINE_H

/* Defines `hook`, which calls `before` with the arguments that it got and goes over to the function that this answers,
 * with the registers that hold arguments and the stack as they came. None of the arguments is in a vector register. */
#if defined(__x86_64__)
#define LT_TRAMPOLINE(hook, before)                                                                                    \
    __asm__(".text\n"                                                                                                  \
            ".globl " #hook "\n"                                                                                       \
            ".hidden " #hook "\n"                                                                                      \
            ".type " #hook ", @function\n" #hook ":\n"                                                                 \
            ".cfi_startproc\n"                                                                                         \
            "pushq %rdi\n"                                                                                             \
            "pushq %rsi\n"                                                                                             \
            "pushq %rdx\n"                                                                                             \
            "pushq %rcx\n"                                                                                             \
            "pushq %r8\n"                                                                                              \
            "pushq %r9\n"                                                                                              \
            "subq $8, %rsp\n"                                                                                          \
            ".cfi_adjust_cfa_offset 56\n"                                                                              \
            "call " #before "\n"                                                                                       \
            "addq $8, %rsp\n"                                                                                          \
            "popq %r9\n"                                                                                               \
            "popq %r8\n"                                                                                               \
            "popq %rcx\n"                                                                                              \
            "popq %rdx\n"                                                                                              \
            "popq %rsi\n"                                                                                              \
            "popq %rdi\n"                                                                                              \
            ".cfi_adjust_cfa_offset -56\n"                                                                             \
            "movq %rax, %r11\n"                                                                                        \
            "xorl %eax, %eax\n"                                                                                        \
            "jmp *%r11\n"                                                                                              \
            ".cfi_endproc\n"                                                                                           \
            ".size " #hook ", . - " #hook "\n")
#else
/* x16 is the register from which a guarded page may be entered. */
#define LT_TRAMPOLINE(hook, before)                                                                                    \
    __asm__(".text\n"                                                                                                  \
            ".globl " #hook "\n"                                                                                       \
            ".hidden " #hook "\n"                                                                                      \
            ".type " #hook ", %function\n" #hook ":\n"                                                                 \
            ".cfi_startproc\n"                                                                                         \
            "stp x29, x30, [sp, #-80]!\n"                                                                              \
            ".cfi_adjust_cfa_offset 80\n"                                                                              \
            ".cfi_rel_offset x30, 8\n"                                                                                 \
            "stp x0, x1, [sp, #16]\n"                                                                                  \
            "stp x2, x3, [sp, #32]\n"                                                                                  \
            "stp x4, x5, [sp, #48]\n"                                                                                  \
            "stp x6, x7, [sp, #64]\n"                                                                                  \
            "bl " #before "\n"                                                                                         \
            "mov x16, x0\n"                                                                                            \
            "ldp x0, x1, [sp, #16]\n"                                                                                  \
            "ldp x2, x3, [sp, #32]\n"                                                                                  \
            "ldp x4, x5, [sp, #48]\n"                                                                                  \
            "ldp x6, x7, [sp, #64]\n"                                                                                  \
            "ldp x29, x30, [sp], #80\n"                                                                                \
            ".cfi_adjust_cfa_offset -80\n"                                                                             \
            ".cfi_restore x30\n"                                                                                       \
            "br x16\n"                                                                                                 \
            ".cfi_endproc\n"                                                                                           \
            ".size " #hook ", . - " #hook "\n")
#endif

#endif
