/* How the process ends: its exit status.
 *
 * glibc tells it to a function registered by on_exit, in each way to reach exit(): from the program, from within
 * libc (err, error), or as main returned. musl has no such thing, so there the ways are hooked one by one, and main is
 * called by a function that sees what it returns. A signal, or a system call made past libc, ends the process without
 * any of these.
 */
#include "elf_lookup.h"
#include "emit.h"
#include "hooks.h"

/* The library taps. */
static bool is_set_up;

static void ended(int status, void *nothing) {
    (void)nothing;
    lt_emit_note_status(status);
    lt_emit_end();
}

/* Constructors come before the functions of the program register theirs, so that this one is called last. */
bool lt_exit_set_up(void) {
    is_set_up = true;
    return lt_libc.on_exit != NULL && lt_libc.on_exit(ended, NULL) == 0;
}

/* Ends without destructors: shells and children after fork do. */
void lt_hook__exit(int code) {
    ended(code, NULL);
    lt_libc_next.exit_now(code);
    for (;;)
        (void)lt_kernel(__NR_exit_group, code);
}

void lt_hook_quick_exit(int code) {
    ended(code, NULL);
    lt_libc_next.quick_exit(code);
}

void lt_hook_exit(int code) {
    lt_emit_note_status(code);
    lt_libc_next.exit(code);
}

void lt_hook_verr(int code, const char *text, va_list arguments) {
    lt_emit_note_status(code);
    lt_libc_next.verr(code, text, arguments);
}

void lt_hook_verrx(int code, const char *text, va_list arguments) {
    lt_emit_note_status(code);
    lt_libc_next.verrx(code, text, arguments);
}

void lt_hook_err(int code, const char *text, ...) {
    va_list arguments;
    va_start(arguments, text);
    lt_hook_verr(code, text, arguments);
    va_end(arguments);
}

void lt_hook_errx(int code, const char *text, ...) {
    va_list arguments;
    va_start(arguments, text);
    lt_hook_verrx(code, text, arguments);
    va_end(arguments);
}

typedef int program_main(int, char **, char **);

static program_main *main_of_program;

static int main_with_status(int argc, char **argv, char **environment) {
    const int status = main_of_program(argc, argv, environment);
    if (is_set_up) lt_emit_note_status(status);
    return status;
}

/* Called by __libc_start_main below, which goes on with the answer and with the main that is left in `*main`. */
__attribute__((used)) static void *before_main(program_main **main) {
    void *next = NULL;
    void *on_exit = NULL;
    struct lt_symbol symbols[] = {
        {.name = "__libc_start_main", .address = &next},
        {.name = "on_exit", .address = &on_exit},
    };
    lt_lookup_next(symbols, sizeof symbols / sizeof *symbols);
    if (on_exit == NULL) {
        main_of_program = *main;
        *main = main_with_status;
    }
    return next;
}

/* What a program begins with. Not one of the hooks: under musl it comes before all constructors, and must not start the
 * library. A jump, so that a program that prints its stack finds nothing of ours there. */
#if defined(__x86_64__)
__asm__(".text\n"
        ".globl __libc_start_main\n"
        ".type __libc_start_main, @function\n"
        "__libc_start_main:\n"
        ".cfi_startproc\n"
        "pushq %rbp\n"
        ".cfi_adjust_cfa_offset 8\n"
        ".cfi_rel_offset rbp, 0\n"
        "movq %rsp, %rbp\n"
        ".cfi_def_cfa_register rbp\n"
        "pushq %r9\n"
        "pushq %r8\n"
        "pushq %rcx\n"
        "pushq %rdx\n"
        "pushq %rsi\n"
        "pushq %rdi\n"
        "movq %rsp, %rdi\n"
        "call before_main\n"
        "popq %rdi\n"
        "popq %rsi\n"
        "popq %rdx\n"
        "popq %rcx\n"
        "popq %r8\n"
        "popq %r9\n"
        "leave\n"
        ".cfi_def_cfa rsp, 8\n"
        ".cfi_restore rbp\n"
        "jmp *%rax\n"
        ".cfi_endproc\n"
        ".size __libc_start_main, . - __libc_start_main\n");
#else
__asm__(".text\n"
        ".globl __libc_start_main\n"
        ".type __libc_start_main, %function\n"
        "__libc_start_main:\n"
        ".cfi_startproc\n"
        "stp x29, x30, [sp, #-80]!\n"
        ".cfi_adjust_cfa_offset 80\n"
        ".cfi_rel_offset x29, 0\n"
        ".cfi_rel_offset x30, 8\n"
        "mov x29, sp\n"
        "stp x0, x1, [sp, #16]\n"
        "stp x2, x3, [sp, #32]\n"
        "stp x4, x5, [sp, #48]\n"
        "stp x6, x7, [sp, #64]\n"
        "add x0, sp, #16\n"
        "bl before_main\n"
        "mov x16, x0\n"
        "ldp x0, x1, [sp, #16]\n"
        "ldp x2, x3, [sp, #32]\n"
        "ldp x4, x5, [sp, #48]\n"
        "ldp x6, x7, [sp, #64]\n"
        "ldp x29, x30, [sp], #80\n"
        ".cfi_adjust_cfa_offset -80\n"
        ".cfi_restore x29\n"
        ".cfi_restore x30\n"
        "br x16\n"
        ".cfi_endproc\n"
        ".size __libc_start_main, . - __libc_start_main\n");
#endif
