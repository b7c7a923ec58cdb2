/* A program that was linked before glibc 2.15: `old-spawn WAY FILE` starts FILE. -DLIBRARY and -DCALLS_ONLY: the same in a
 * library of that age, which a newer program calls. */
#define _GNU_SOURCE
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int start(const char *way, char *file);

#ifndef CALLS_ONLY
int old_spawn(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const *,
              char *const *);
int old_spawnp(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const *,
               char *const *);
__asm__(".symver old_spawn, posix_spawn@GLIBC_2.2.5\n"
        ".symver old_spawnp, posix_spawnp@GLIBC_2.2.5\n");

int start(const char *way, char *file) {
    char *const arguments[] = {file, "an argument", NULL};
    char *const nothing[] = {NULL};
    pid_t child = 0;
    int error = EINVAL;
    if (strcmp(way, "posix_spawn@GLIBC_2.2.5") == 0) error = old_spawn(&child, file, NULL, NULL, arguments, environ);
    if (strcmp(way, "posix_spawnp@GLIBC_2.2.5") == 0) error = old_spawnp(&child, file, NULL, NULL, arguments, environ);
    if (strcmp(way, "posix_spawn, both") == 0) {
        error = posix_spawn(&child, file, NULL, NULL, arguments, environ);
        printf("the default version: %s\n", strerror(error));
        error = old_spawn(&child, file, NULL, NULL, arguments, environ);
    }
    if (strcmp(way, "without an environment") == 0) error = old_spawn(&child, file, NULL, NULL, arguments, nothing);
    int status = 0;
    if (error == 0) waitpid(child, &status, 0);
    printf("%s, exit %d\n", strerror(error), WEXITSTATUS(status));
    return error;
}
#endif

#ifndef LIBRARY
int main(int count, char **arguments) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    return count < 3 ? 2 : start(arguments[1], arguments[2]);
}
#endif
