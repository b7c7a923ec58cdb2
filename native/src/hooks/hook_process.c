/* Hooks around the life of the process. */
#include "emit.h"
#include "hooks.h"
#include "libc_next.h"
#include "process.h"
#include "tap.h"
#include "trampoline.h"
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

LT_TRAMPOLINE(lt_hook_vfork, before_vfork);

/* Called by lt_hook_clone below, with the arguments of clone. Answers the function that it goes on with. */
__attribute__((used)) static void *before_clone(int (*run)(void *), void *stack, int flags) {
    (void)run, (void)stack;
    /* A child in this process's memory, but a process of its own. */
    if ((flags & CLONE_VM) != 0) lt_emit_prepare();
    return (void *)lt_libc_next.clone;
}

/* Of its arguments clone has three more than it declares, the last on the stack. */
LT_TRAMPOLINE(lt_hook_clone, before_clone);
