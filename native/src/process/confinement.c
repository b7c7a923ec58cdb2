/* Filters of system calls. */
#include "confinement.h"
#include "clock.h"
#include "config.h"
#include "readable.h"
#include "text.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

enum { FILTERS_MAX = 64 };

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

struct filter {
    size_t count;
    struct sock_filter steps[];
};

/* The calls of strict mode. It also replaces filters that cannot be copied. */
static const struct filter strict = {
    .count = 6,
    .steps =
        {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_read, 3, 0),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_write, 2, 0),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_exit, 1, 0),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        },
};

/* NULL: free, or withdrawn. Atomic; the filters themselves never change and are never freed. */
static const struct filter *filters[FILTERS_MAX];

/* The machine of classic BPF, as a filter of system calls has it. */
struct machine {
    const struct seccomp_data *call;
    uint32_t a;
    uint32_t x;
    uint32_t memory[BPF_MEMWORDS];
};

static uint32_t word_of_call(const struct seccomp_data *call, uint32_t at) {
    uint32_t word = 0;
    if (at <= sizeof *call - sizeof word) lt_copy(&word, (const uint8_t *)call + at, sizeof word);
    return word;
}

static void load(struct machine *m, const struct sock_filter *step) {
    uint32_t value = 0;
    switch (BPF_MODE(step->code)) {
    case BPF_ABS:
        value = word_of_call(m->call, step->k);
        break;
    case BPF_LEN:
        value = sizeof *m->call;
        break;
    case BPF_MEM:
        value = m->memory[step->k % BPF_MEMWORDS];
        break;
    default:
        value = step->k;
        break;
    }
    *(BPF_CLASS(step->code) == BPF_LD ? &m->a : &m->x) = value;
}

static void calculate(struct machine *m, const struct sock_filter *step) {
    const uint32_t by = BPF_SRC(step->code) == BPF_X ? m->x : step->k;
    switch (BPF_OP(step->code)) {
    case BPF_ADD:
        m->a += by;
        break;
    case BPF_SUB:
        m->a -= by;
        break;
    case BPF_MUL:
        m->a *= by;
        break;
    case BPF_DIV:
        m->a = by == 0 ? 0 : m->a / by;
        break;
    case BPF_AND:
        m->a &= by;
        break;
    case BPF_OR:
        m->a |= by;
        break;
    case BPF_XOR:
        m->a ^= by;
        break;
    case BPF_LSH:
        m->a = by > 31 ? 0 : m->a << by;
        break;
    case BPF_RSH:
        m->a = by > 31 ? 0 : m->a >> by;
        break;
    default:
        m->a = -m->a;
        break;
    }
}

/* How many steps a jump leaves out. */
static size_t jump(const struct machine *m, const struct sock_filter *step) {
    const uint32_t with = BPF_SRC(step->code) == BPF_X ? m->x : step->k;
    bool is_true = false;
    switch (BPF_OP(step->code)) {
    case BPF_JA:
        return step->k;
    case BPF_JEQ:
        is_true = m->a == with;
        break;
    case BPF_JGT:
        is_true = m->a > with;
        break;
    case BPF_JGE:
        is_true = m->a >= with;
        break;
    default:
        is_true = (m->a & with) != 0;
        break;
    }
    return is_true ? step->jt : step->jf;
}

/* Jumps only lead forward, so it ends. */
static uint32_t answer_of(const struct filter *filter, const struct seccomp_data *call) {
    struct machine m = {.call = call};
    for (size_t at = 0; at < filter->count; at++) {
        const struct sock_filter *step = &filter->steps[at];
        switch (BPF_CLASS(step->code)) {
        case BPF_LD:
        case BPF_LDX:
            load(&m, step);
            break;
        case BPF_ST:
            m.memory[step->k % BPF_MEMWORDS] = m.a;
            break;
        case BPF_STX:
            m.memory[step->k % BPF_MEMWORDS] = m.x;
            break;
        case BPF_ALU:
            calculate(&m, step);
            break;
        case BPF_JMP:
            at += jump(&m, step);
            break;
        case BPF_RET:
            return BPF_RVAL(step->code) == BPF_A ? m.a : step->k;
        default:
            if (BPF_MISCOP(step->code) == BPF_TAX) m.x = m.a;
            if (BPF_MISCOP(step->code) == BPF_TXA) m.a = m.x;
            break;
        }
    }
    return SECCOMP_RET_KILL_PROCESS;
}

/* Made, or made to fail. A tracer or a supervisor may do anything. */
static bool is_harmless(uint32_t answer) {
    const uint32_t action = answer & SECCOMP_RET_ACTION_FULL;
    return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG || action == SECCOMP_RET_ERRNO;
}

bool lt_confinement_allows(long number, long a, long b, long c, long d, long e, long f) {
    const struct seccomp_data call = {
        .nr = (int)number,
        .arch = ARCHITECTURE,
        .instruction_pointer = (uintptr_t)&lt_confinement_allows,
        .args = {(uint64_t)a, (uint64_t)b, (uint64_t)c, (uint64_t)d, (uint64_t)e, (uint64_t)f},
    };
    for (int i = 0; i < FILTERS_MAX; i++) {
        const struct filter *filter = __atomic_load_n(&filters[i], __ATOMIC_ACQUIRE);
        if (filter != NULL && !is_harmless(answer_of(filter, &call))) return false;
    }
    return true;
}

/* A copy that stays, or the strictest. */
static const struct filter *copy_of(const struct sock_fprog *program) {
    const size_t size = program->len * sizeof *program->filter;
    struct filter *copy = lt_sys_map(sizeof *copy + size);
    if (copy == NULL) return &strict;
    copy->count = program->len;
    lt_copy(copy->steps, program->filter, size);
    return copy;
}

static bool is_known(const struct sock_fprog *program) {
    const size_t size = program->len * sizeof *program->filter;
    for (int i = 0; i < FILTERS_MAX; i++) {
        const struct filter *filter = __atomic_load_n(&filters[i], __ATOMIC_ACQUIRE);
        if (filter != NULL && filter->count == program->len && lt_same(filter->steps, program->filter, size))
            return true;
    }
    return false;
}

static int put(const struct filter *filter) {
    __atomic_store_n(&lt_call_filter, lt_confinement_allows, __ATOMIC_RELEASE);
    for (int i = 0; i < FILTERS_MAX; i++) {
        const struct filter *free = NULL;
        if (__atomic_compare_exchange_n(&filters[i], &free, filter, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
            return i;
        }
    }
    /* So many that nothing is sure any more. */
    __atomic_store_n(&filters[0], &strict, __ATOMIC_RELEASE);
    return LT_NO_FILTER;
}

int lt_confinement_add(const struct lt_confinement *filter) {
    if (filter->is_strict) {
        __atomic_store_n(&lt_clock_is_coarse, true, __ATOMIC_RELAXED);
        return put(&strict);
    }
    /* The kernel refuses what it cannot read, too. Threads of a pool often install the same filter. */
    struct sock_fprog program = {0};
    if (!lt_is_readable(filter->program, sizeof program)) return LT_NO_FILTER;
    lt_copy(&program, filter->program, sizeof program);
    if (program.len == 0 || !lt_is_readable(program.filter, program.len * sizeof *program.filter)) return LT_NO_FILTER;
    return is_known(&program) ? LT_NO_FILTER : put(copy_of(&program));
}

void lt_confinement_withdraw(int number) {
    if (number != LT_NO_FILTER) __atomic_store_n(&filters[number], NULL, __ATOMIC_RELEASE);
}

bool lt_confinement_allows_all(const long *calls, size_t count) {
    for (size_t i = 0; i < count && lt_call_filter != NULL; i++) {
        if (!lt_confinement_allows(calls[i], 0, 0, 0, 0, 0, 0)) return false;
    }
    return true;
}

/* Also what few starts need: a write meets another thread's or comes from a signal handler, memory is to be looked at,
 * a volume is full, or the first process comes before the shipper. */
bool lt_confinement_allows_start(void) {
    static const long always[] = {
        __NR_openat,    __NR_read,      __NR_write,      __NR_close,     __NR_fstat,       __NR_fcntl,
        __NR_mmap,      __NR_munmap,    __NR_mprotect,   __NR_madvise,   __NR_getpid,      __NR_getppid,
        __NR_getrandom, __NR_prlimit64, __NR_newfstatat, __NR_nanosleep, __NR_sigaltstack, __NR_rt_sigprocmask,
    };
    static const long file[] = {__NR_writev, __NR_lseek};
    static const long socket[] = {__NR_socket, __NR_connect, __NR_setsockopt, __NR_getsockopt, __NR_sendmsg};
    static const long ring[] = {__NR_getdents64, __NR_renameat2, __NR_fallocate, __NR_fchmod,  __NR_pwrite64,
                                __NR_unlinkat,   __NR_mkdirat,   __NR_mknodat,   __NR_fchmodat};
    static const long waiting[] = {__NR_ppoll};
    if (!lt_confinement_allows_all(always, sizeof always / sizeof *always)) return false;
    if (lt_config.block_ms > 0 && !lt_confinement_allows_all(waiting, sizeof waiting / sizeof *waiting)) return false;
    switch (lt_config.medium) {
    case LT_TO_SOCKET:
        return lt_confinement_allows_all(socket, sizeof socket / sizeof *socket);
    case LT_TO_RING:
        return lt_confinement_allows_all(ring, sizeof ring / sizeof *ring);
    default:
        return lt_confinement_allows_all(file, sizeof file / sizeof *file);
    }
}
