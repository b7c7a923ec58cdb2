/* The exported names, and how the first of them that is called starts the library. Each is a jump through a slot of its
 * own, which leaves every register and the stack as it came: the function behind it may be variadic, take floating
 * point numbers, or have any other signature. */
#include "elf_lookup.h"
#include "emit.h"
#include "hooks.h"
#include "init.h"
#include "stdio_tap.h"
#include "text.h"

#if defined(__x86_64__)
#define ENTRY(name, body, fallback)                                                                                    \
    ".pushsection .data.lt_hook_slots, \"aw\"\n"                                                                       \
    "slot_of_" #name ": .quad lt_hook_not_started\n"                                                                   \
    ".popsection\n"                                                                                                    \
    ".globl " #name "\n"                                                                                               \
    ".type " #name ", @function\n" #name ":\n"                                                                         \
    ".cfi_startproc\n"                                                                                                 \
    "leaq slot_of_" #name "(%rip), %r11\n"                                                                             \
    "jmp *(%r11)\n"                                                                                                    \
    ".cfi_endproc\n"                                                                                                   \
    ".size " #name ", . - " #name "\n"

/* Keeps the registers that may hold an argument, the number of vector registers that do, or a nested function's frame.
 */
#define NOT_STARTED                                                                                                    \
    ".type lt_hook_not_started, @function\n"                                                                           \
    "lt_hook_not_started:\n"                                                                                           \
    ".cfi_startproc\n"                                                                                                 \
    "pushq %rbp\n"                                                                                                     \
    ".cfi_adjust_cfa_offset 8\n"                                                                                       \
    ".cfi_rel_offset rbp, 0\n"                                                                                         \
    "movq %rsp, %rbp\n"                                                                                                \
    ".cfi_def_cfa_register rbp\n"                                                                                      \
    "subq $192, %rsp\n"                                                                                                \
    "movups %xmm0, (%rsp)\n"                                                                                           \
    "movups %xmm1, 16(%rsp)\n"                                                                                         \
    "movups %xmm2, 32(%rsp)\n"                                                                                         \
    "movups %xmm3, 48(%rsp)\n"                                                                                         \
    "movups %xmm4, 64(%rsp)\n"                                                                                         \
    "movups %xmm5, 80(%rsp)\n"                                                                                         \
    "movups %xmm6, 96(%rsp)\n"                                                                                         \
    "movups %xmm7, 112(%rsp)\n"                                                                                        \
    "movq %rdi, 128(%rsp)\n"                                                                                           \
    "movq %rsi, 136(%rsp)\n"                                                                                           \
    "movq %rdx, 144(%rsp)\n"                                                                                           \
    "movq %rcx, 152(%rsp)\n"                                                                                           \
    "movq %r8, 160(%rsp)\n"                                                                                            \
    "movq %r9, 168(%rsp)\n"                                                                                            \
    "movq %rax, 176(%rsp)\n"                                                                                           \
    "movq %r10, 184(%rsp)\n"                                                                                           \
    "movq %r11, %rdi\n"                                                                                                \
    "call lt_hook_destination\n"                                                                                       \
    "movq %rax, %r11\n"                                                                                                \
    "movups (%rsp), %xmm0\n"                                                                                           \
    "movups 16(%rsp), %xmm1\n"                                                                                         \
    "movups 32(%rsp), %xmm2\n"                                                                                         \
    "movups 48(%rsp), %xmm3\n"                                                                                         \
    "movups 64(%rsp), %xmm4\n"                                                                                         \
    "movups 80(%rsp), %xmm5\n"                                                                                         \
    "movups 96(%rsp), %xmm6\n"                                                                                         \
    "movups 112(%rsp), %xmm7\n"                                                                                        \
    "movq 128(%rsp), %rdi\n"                                                                                           \
    "movq 136(%rsp), %rsi\n"                                                                                           \
    "movq 144(%rsp), %rdx\n"                                                                                           \
    "movq 152(%rsp), %rcx\n"                                                                                           \
    "movq 160(%rsp), %r8\n"                                                                                            \
    "movq 168(%rsp), %r9\n"                                                                                            \
    "movq 176(%rsp), %rax\n"                                                                                           \
    "movq 184(%rsp), %r10\n"                                                                                           \
    "leave\n"                                                                                                          \
    ".cfi_def_cfa rsp, 8\n"                                                                                            \
    ".cfi_restore rbp\n"                                                                                               \
    "jmp *%r11\n"                                                                                                      \
    ".cfi_endproc\n"                                                                                                   \
    ".size lt_hook_not_started, . - lt_hook_not_started\n"
#else
/* x16 and x17 are free between two functions, and a guarded page may be entered from them. */
#define ENTRY(name, body, fallback)                                                                                    \
    ".pushsection .data.lt_hook_slots, \"aw\"\n"                                                                       \
    "slot_of_" #name ": .quad lt_hook_not_started\n"                                                                   \
    ".popsection\n"                                                                                                    \
    ".globl " #name "\n"                                                                                               \
    ".type " #name ", %function\n" #name ":\n"                                                                         \
    ".cfi_startproc\n"                                                                                                 \
    "adrp x17, slot_of_" #name "\n"                                                                                    \
    "add x17, x17, :lo12:slot_of_" #name "\n"                                                                          \
    "ldr x16, [x17]\n"                                                                                                 \
    "br x16\n"                                                                                                         \
    ".cfi_endproc\n"                                                                                                   \
    ".size " #name ", . - " #name "\n"

/* Keeps the registers that may hold an argument, the place of the result (x8), or a nested function's frame (x18). */
#define NOT_STARTED                                                                                                    \
    ".type lt_hook_not_started, %function\n"                                                                           \
    "lt_hook_not_started:\n"                                                                                           \
    ".cfi_startproc\n"                                                                                                 \
    "stp x29, x30, [sp, #-224]!\n"                                                                                     \
    ".cfi_adjust_cfa_offset 224\n"                                                                                     \
    ".cfi_rel_offset x29, 0\n"                                                                                         \
    ".cfi_rel_offset x30, 8\n"                                                                                         \
    "mov x29, sp\n"                                                                                                    \
    "stp x0, x1, [sp, #16]\n"                                                                                          \
    "stp x2, x3, [sp, #32]\n"                                                                                          \
    "stp x4, x5, [sp, #48]\n"                                                                                          \
    "stp x6, x7, [sp, #64]\n"                                                                                          \
    "stp x8, x18, [sp, #80]\n"                                                                                         \
    "stp q0, q1, [sp, #96]\n"                                                                                          \
    "stp q2, q3, [sp, #128]\n"                                                                                         \
    "stp q4, q5, [sp, #160]\n"                                                                                         \
    "stp q6, q7, [sp, #192]\n"                                                                                         \
    "mov x0, x17\n"                                                                                                    \
    "bl lt_hook_destination\n"                                                                                         \
    "mov x16, x0\n"                                                                                                    \
    "ldp x0, x1, [sp, #16]\n"                                                                                          \
    "ldp x2, x3, [sp, #32]\n"                                                                                          \
    "ldp x4, x5, [sp, #48]\n"                                                                                          \
    "ldp x6, x7, [sp, #64]\n"                                                                                          \
    "ldp x8, x18, [sp, #80]\n"                                                                                         \
    "ldp q0, q1, [sp, #96]\n"                                                                                          \
    "ldp q2, q3, [sp, #128]\n"                                                                                         \
    "ldp q4, q5, [sp, #160]\n"                                                                                         \
    "ldp q6, q7, [sp, #192]\n"                                                                                         \
    "ldp x29, x30, [sp], #224\n"                                                                                       \
    ".cfi_adjust_cfa_offset -224\n"                                                                                    \
    ".cfi_restore x29\n"                                                                                               \
    ".cfi_restore x30\n"                                                                                               \
    "br x16\n"                                                                                                         \
    ".cfi_endproc\n"                                                                                                   \
    ".size lt_hook_not_started, . - lt_hook_not_started\n"
#endif

#define OLD_ENTRY(label, name, version, body, fallback)                                                                \
    ENTRY(label, body, fallback) ".symver " #label ", " #name "@" version ", remove\n"

__asm__(".pushsection .data.lt_hook_slots, \"aw\"\n"
        ".balign 8\n"
        ".globl lt_hook_slots\n"
        ".hidden lt_hook_slots\n"
        "lt_hook_slots:\n"
        ".popsection\n"
        ".text\n" LT_HOOKS(ENTRY) LT_OLD_HOOKS(OLD_ENTRY) NOT_STARTED);

/* In the order of LT_HOOKS and LT_OLD_HOOKS. */
extern void *lt_hook_slots[];

struct hook {
    char name[LT_SYMBOL_NAME_BYTES];
    char version[LT_SYMBOL_VERSION_BYTES]; /* empty: the default one */
    uint16_t fallback;                     /* the field of libc_next.h */
};

/* No pointers: the dynamic linker would write them at the start of every process. */
#define HOOK(exported, of, field) {#exported, "", offsetof(struct lt_libc_next, field)},
#define OLD_HOOK(label, exported, old_version, of, field)                                                              \
    {#exported, old_version, offsetof(struct lt_libc_next, field)},
static const struct hook hooks[] = {LT_HOOKS(HOOK) LT_OLD_HOOKS(OLD_HOOK)};

#define BODY(exported, of, field) (void *)lt_hook_##of,
#define OLD_BODY(label, exported, old_version, of, field) (void *)lt_hook_##of,
static void *const bodies[] = {LT_HOOKS(BODY) LT_OLD_HOOKS(OLD_BODY)};

enum { COUNT = sizeof hooks / sizeof *hooks, START_YIELDS = 10000 };

enum { ANY = LT_LIBC | LT_WRAPPER | LT_FOREIGN };

/* The definition that a call would reach without the library; NULL: there is none. */
static void *next_of(const struct hook *hook, enum lt_origin *origin) {
    void *address = NULL;
    struct lt_symbol next = {
        .name = hook->name, .version = lt_version(hook->version), .address = &address, .origins = ANY};
    lt_lookup_next(&next, 1);
    *origin = next.origin;
    return address;
}

static void *without_next(const struct hook *hook) {
    void *const fallback = *(void *const *)((const char *)&lt_libc_next + hook->fallback);
    return fallback != NULL ? fallback : bodies[hook - hooks];
}

/* Where a call goes while nothing is tapped. */
static void *past_the_hook(const struct hook *hook) {
    enum lt_origin origin = LT_LIBC;
    void *next = next_of(hook, &origin);
    return next != NULL ? next : without_next(hook);
}

/* The same for all of them. */
static void find_past_the_hooks(void *past[COUNT]) {
    struct lt_symbol symbols[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        past[i] = NULL;
        symbols[i] = (struct lt_symbol){
            .name = hooks[i].name, .version = lt_version(hooks[i].version), .address = &past[i], .origins = ANY};
    }
    lt_lookup_next(symbols, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        if (past[i] == NULL) past[i] = without_next(&hooks[i]);
    }
}

/* Names that nothing but libc defines are the rule, so libc is left out of the first look. */
static void find_foreign(void *foreign[COUNT]) {
    struct lt_symbol symbols[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        foreign[i] = NULL;
        symbols[i] = (struct lt_symbol){.name = hooks[i].name, .address = &foreign[i], .origins = LT_FOREIGN};
    }
    lt_lookup_next(symbols, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        enum lt_origin origin = LT_LIBC;
        if (foreign[i] == NULL) continue;
        void *next = next_of(&hooks[i], &origin);
        foreign[i] = origin == LT_FOREIGN ? next : NULL;
    }
}

static bool is_foreign(const char *name, void *const foreign[COUNT]) {
    for (size_t i = 0; i < COUNT; i++) {
        if (foreign[i] != NULL && lt_equal(hooks[i].name, name)) return true;
    }
    return false;
}

static void install(bool is_on) {
    void *instead[COUNT];
    if (is_on) {
        find_foreign(instead);
        lt_python_set_up(!is_foreign("isatty", instead));
    } else {
        find_past_the_hooks(instead);
    }
    for (size_t i = 0; i < COUNT; i++) {
        void *to = instead[i] == NULL ? bodies[i] : instead[i];
        __atomic_store_n(&lt_hook_slots[i], to, __ATOMIC_RELEASE);
    }
}

enum { UNBORN, STARTING, OFF, ON };

static uint32_t phase = UNBORN;

/* Starts the library at the first call. True when it taps; false also while another thread starts it. */
static bool is_on(const struct lt_start *start) {
    uint32_t before = __atomic_load_n(&phase, __ATOMIC_ACQUIRE);
    if (before == UNBORN &&
        __atomic_compare_exchange_n(&phase, &before, STARTING, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        const bool on = lt_init(start);
        install(on);
        __atomic_store_n(&phase, on ? ON : OFF, __ATOMIC_RELEASE);
        if (on && !lt_stdio_glibc_tap()) (void)lt_stdio_musl_tap();
        return on;
    }
    /* Another thread is at it. The wait has an end: a signal handler may have interrupted that very thread. */
    for (int i = 0; i < START_YIELDS && before == STARTING; i++) {
        (void)lt_syscall(__NR_sched_yield);
        before = __atomic_load_n(&phase, __ATOMIC_ACQUIRE);
    }
    return before == ON;
}

/* Whether the end is told by hook_exit.c. */
static bool end_is_told;

__attribute__((constructor)) static void start(int argument_count, char **arguments, char **variables) {
    const struct lt_start start = {argument_count, arguments, variables};
    if (is_on(&start)) end_is_told = lt_exit_set_up();
}

/* stdio may flush its last bytes only after this; hooks go on working. */
__attribute__((destructor)) static void end(void) {
    if (is_on(NULL) && !end_is_told) lt_emit_end();
}

/* Called by lt_hook_not_started: a constructor came before ours, or another thread starts the library right now. */
__attribute__((used)) void *lt_hook_destination(void **slot) {
    void *const before = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
    (void)is_on(NULL);
    void *const now = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
    return now != before ? now : past_the_hook(&hooks[slot - lt_hook_slots]);
}
