/* A preloaded library that brings functions of a later glibc to an earlier one, or passes them on to it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef int spawn(int *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const *,
                  char *const *);

static int as_descriptor(spawn *later, spawn *earlier, int *child, const char *path,
                         const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
                         char *const *arguments, char *const *environment) {
    if (later != NULL) return later(child, path, actions, attributes, arguments, environment);
    pid_t id = 0;
    const int error = earlier(&id, path, actions, attributes, arguments, environment);
    if (error != 0) return error;
    *child = (int)syscall(SYS_pidfd_open, id, 0);
    return *child < 0 ? errno : 0;
}

#define SPAWN(name, earlier)                                                                                           \
    __attribute__((visibility("default"))) int name(                                                                   \
        int *child, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,  \
        char *const *arguments, char *const *environment) {                                                            \
        return as_descriptor((spawn *)dlsym(RTLD_NEXT, #name), (spawn *)dlsym(RTLD_NEXT, #earlier), child, path,       \
                             actions, attributes, arguments, environment);                                             \
    }
SPAWN(pidfd_spawn, posix_spawn)
SPAWN(pidfd_spawnp, posix_spawnp)
