/* Hooks of the functions by which an application takes its own memory back. They change nothing; but memory that could
 * be read before has to be asked for again (readable.h). */
#include "hooks.h"
#include "readable.h"

static void note_change(void) {
    (void)__atomic_add_fetch(&lt_memory_changes, 1, __ATOMIC_RELEASE);
}

int lt_hook_munmap(void *at, size_t length) {
    const int result = lt_libc_next.munmap(at, length);
    note_change();
    return result;
}

int lt_hook_mprotect(void *at, size_t length, int protection) {
    const int result = lt_libc_next.mprotect(at, length, protection);
    note_change();
    return result;
}

void *lt_hook_mremap(void *at, size_t length, size_t new_length, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    void *const to = va_arg(arguments, void *); /* anything, where the flags ask for no place */
    va_end(arguments);
    void *const result = lt_libc_next.mremap(at, length, new_length, flags, to);
    note_change();
    return result;
}
