/* Hooks of the functions that start a program: it is tapped as this one, in any environment that it is given. */
#include "confinement.h"
#include "emit.h"
#include "exec_environment.h"
#include "hooks.h"
#include "libc_next.h"
#include "process.h"

enum { STACK_BYTES = 8192 /* about what libc's own search of PATH takes of the stack */ };

/* Under which name the application asked. */
enum way {
    EXECVE,
    EXECVPE,
    EXECVEAT,
    FEXECVE,
    SPAWN,
    SPAWN_IN_PATH,
    OLD_SPAWN,
    OLD_SPAWN_IN_PATH,
    PIDFD_SPAWN,
    PIDFD_SPAWN_IN_PATH,
};

struct start {
    const struct lt_libc_next *next;
    enum way way;
    const char *path;
    char *const *arguments;
    int fd; /* of the program or of the directory it is in */
    int flags;
    pid_t *child;
    const void *actions;
    const void *attributes;
};

static int not_there(void) {
    lt_set_errno(ENOSYS);
    return -1;
}

static lt_posix_spawn *spawn_function(const struct start *start) {
    switch (start->way) {
    case SPAWN:
        return start->next->posix_spawn;
    case SPAWN_IN_PATH:
        return start->next->posix_spawnp;
    case OLD_SPAWN:
        return start->next->old_posix_spawn;
    case OLD_SPAWN_IN_PATH:
        return start->next->old_posix_spawnp;
    case PIDFD_SPAWN:
        return start->next->pidfd_spawn;
    default:
        return start->next->pidfd_spawnp;
    }
}

/* As libc starts it, which searches PATH, runs scripts, and passes other preloaded libraries. */
static int go(const struct start *start, char *const *environment) {
    switch (start->way) {
    case EXECVE:
        return start->next->execve(start->path, start->arguments, environment);
    case EXECVPE:
        if (start->next->execvpe == NULL) return not_there();
        return start->next->execvpe(start->path, start->arguments, environment);
    case EXECVEAT:
        return start->next->execveat(start->fd, start->path, start->arguments, environment, start->flags);
    case FEXECVE:
        if (start->next->fexecve == NULL) return not_there();
        return start->next->fexecve(start->fd, start->arguments, environment);
    default:
        break;
    }
    lt_posix_spawn *spawn = spawn_function(start);
    if (spawn == NULL) return ENOSYS;
    return spawn(start->child, start->path, start->actions, start->attributes, start->arguments, environment);
}

__attribute__((noinline)) static int go_with_stack(const struct start *start, char *const *given, size_t size) {
    char *room[STACK_BYTES / sizeof(char *)];
    return go(start, lt_exec_environment_make(given, room, size));
}

static int go_with_map(const struct start *start, char *const *given, size_t size) {
    void *room = lt_sys_map(size);
    if (room == NULL) return go(start, given);
    const int result = go(start, lt_exec_environment_make(given, room, size));
    lt_sys_unmap(room, size);
    return result;
}

/* A program that the filter of this one would end at the library's start runs untapped. */
__attribute__((noinline)) static int go_untapped(const struct start *start, char *const *given) {
    enum { ENTRIES = STACK_BYTES / sizeof(char *) };
    const char *room[ENTRIES];
    return go(start, lt_exec_environment_disable(given, room, ENTRIES));
}

static int run(const struct start *start, char *const *given) {
    const bool is_spawn = start->way >= SPAWN;
    if (!is_spawn) lt_emit_report();
    if (LT_UNLIKELY(!lt_confinement_allows_start())) return go_untapped(start, given);
    const size_t size = lt_exec_environment_size(given);
    if (LT_LIKELY(size == 0)) return go(start, given);
    if (size <= STACK_BYTES) return go_with_stack(start, given, size);
    /* A vfork child's map would stay in its parent permanently, so it has only its stack. */
    if (!is_spawn && lt_process_is_borrowed()) return go(start, given);
    return go_with_map(start, given, size);
}

int lt_execve_by(const struct lt_libc_next *next, const char *path, char *const *arguments, char *const *environment) {
    const struct start start = {.next = next, .way = EXECVE, .path = path, .arguments = arguments};
    return run(&start, environment);
}

int lt_hook_execve(const char *path, char *const *arguments, char *const *environment) {
    return lt_execve_by(&lt_libc_next, path, arguments, environment);
}

int lt_hook_execvpe(const char *path, char *const *arguments, char *const *environment) {
    const struct start start = {.next = &lt_libc_next, .way = EXECVPE, .path = path, .arguments = arguments};
    return run(&start, environment);
}

int lt_hook_fexecve(int fd, char *const *arguments, char *const *environment) {
    const struct start start = {.next = &lt_libc_next, .way = FEXECVE, .fd = fd, .arguments = arguments};
    return run(&start, environment);
}

int lt_execveat_by(const struct lt_libc_next *next, int directory, const char *path, char *const *arguments,
                   char *const *environment, int flags) {
    const struct start start = {
        .next = next, .way = EXECVEAT, .fd = directory, .path = path, .arguments = arguments, .flags = flags};
    return run(&start, environment);
}

int lt_hook_execveat(int directory, const char *path, char *const *arguments, char *const *environment, int flags) {
    return lt_execveat_by(&lt_libc_next, directory, path, arguments, environment, flags);
}

#define SPAWN_HOOK(name, spawn_way)                                                                                    \
    int lt_hook_##name(pid_t *child, const char *path, const void *actions, const void *attributes,                    \
                       char *const *arguments, char *const *environment) {                                             \
        const struct start start = {.next = &lt_libc_next,                                                             \
                                    .way = (spawn_way),                                                                \
                                    .path = path,                                                                      \
                                    .arguments = arguments,                                                            \
                                    .child = child,                                                                    \
                                    .actions = actions,                                                                \
                                    .attributes = attributes};                                                         \
        return run(&start, environment);                                                                               \
    }
SPAWN_HOOK(posix_spawn, SPAWN)
SPAWN_HOOK(posix_spawnp, SPAWN_IN_PATH)
SPAWN_HOOK(old_posix_spawn, OLD_SPAWN)
SPAWN_HOOK(old_posix_spawnp, OLD_SPAWN_IN_PATH)
SPAWN_HOOK(pidfd_spawn, PIDFD_SPAWN)
SPAWN_HOOK(pidfd_spawnp, PIDFD_SPAWN_IN_PATH)

/* Without an environment of its own the program passes environ, which it may have emptied. */
int lt_hook_execv(const char *path, char *const *arguments) {
    if (lt_libc.environment != NULL) return lt_hook_execve(path, arguments, *lt_libc.environment);
    return lt_libc_next.execv == NULL ? not_there() : lt_libc_next.execv(path, arguments);
}

int lt_hook_execvp(const char *path, char *const *arguments) {
    const bool can_pass = lt_libc.environment != NULL && lt_libc_next.execvpe != NULL;
    if (can_pass) return lt_hook_execvpe(path, arguments, *lt_libc.environment);
    return lt_libc_next.execvp == NULL ? not_there() : lt_libc_next.execvp(path, arguments);
}

/* The arguments of execl and its like, which end with a NULL: writes them to `out`, or only counts them. Answers how
 * many there are, and what is behind them. */
// NOLINTBEGIN(clang-analyzer-valist.Uninitialized): it does not see that a va_list which is passed on has begun.
static size_t list_arguments(const char **out, const char *first, va_list given, char *const **behind) {
    va_list rest;
    va_copy(rest, given);
    size_t count = 0;
    for (const char *argument = first; argument != NULL; argument = va_arg(rest, const char *)) {
        if (out != NULL) out[count] = argument;
        count++;
    }
    if (out != NULL) out[count] = NULL;
    if (behind != NULL) *behind = va_arg(rest, char *const *);
    va_end(rest);
    return count;
}
// NOLINTEND(clang-analyzer-valist.Uninitialized)

/* On the stack, where libc puts them too. */
#define LIST_ARGUMENTS(list, first, behind)                                                                            \
    do {                                                                                                               \
        va_list given;                                                                                                 \
        va_start(given, first);                                                                                        \
        const size_t count = list_arguments(NULL, first, given, NULL);                                                 \
        (list) = __builtin_alloca((count + 1) * sizeof *(list));                                                       \
        (void)list_arguments(list, first, given, behind);                                                              \
        va_end(given);                                                                                                 \
    } while (false)

int lt_hook_execl(const char *path, const char *first, ...) {
    const char **list = NULL;
    LIST_ARGUMENTS(list, first, NULL);
    return lt_hook_execv(path, (char *const *)list);
}

int lt_hook_execlp(const char *path, const char *first, ...) {
    const char **list = NULL;
    LIST_ARGUMENTS(list, first, NULL);
    return lt_hook_execvp(path, (char *const *)list);
}

int lt_hook_execle(const char *path, const char *first, ...) {
    const char **list = NULL;
    char *const *environment = NULL;
    LIST_ARGUMENTS(list, first, &environment);
    return lt_hook_execve(path, (char *const *)list, environment);
}
