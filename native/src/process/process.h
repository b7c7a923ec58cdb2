/* The calling process, and memory for state that belongs to it and that a fork child must not inherit.
 *
 * That memory is marked MADV_WIPEONFORK: a fork child sees zeros, that is, no lock held, no connection, no numbers,
 * however it was forked and without asking for its pid at every write. A vfork child shares the memory, is not wiped,
 * and goes on in its parent's connection, but must not change what belongs to the parent's descriptor table. */
#ifndef LT_PROCESS_H
#define LT_PROCESS_H

#include "sys.h"

struct lt_process {
    uint32_t pid; /* 0: not begun; atomic, as it is asked for outside of the guard too */
    uint32_t ppid;
    uint64_t instance;
    uint64_t thread_key; /* secret, so that tags of threads tell nothing of addresses */
    uint64_t start_ticks;
};

/* Never NULL after lt_process_set_up. */
extern struct lt_process *lt_process;

/* Maps the memory; false when the kernel refuses. */
bool lt_process_set_up(void);

/* A part of that memory, all zeros, at the start of the process. NULL when all of it is taken. */
void *lt_process_memory(size_t bytes);

/* Gives the process its pid and instance; false where it has them. Call it inside the guard. */
bool lt_process_begin(void);

/* A tag of the calling thread, never 0: constant while the thread lives, and mostly another for each of them. */
static inline uint16_t lt_process_thread(void) {
    const uint16_t tag = (uint16_t)((lt_thread_pointer() * lt_process->thread_key) >> 48);
    return tag == 0 ? 1 : tag;
}

/* In a fork child: forgets the inherited state where nothing wiped it (Linux before 4.14, emulators). */
void lt_process_forked(void);

/* Whether the caller is a vfork child that borrows this state. A system call: for rare paths only. The hook of vfork
 * sees to it that the state has begun before there is such a child. */
bool lt_process_is_borrowed(void);

#endif
