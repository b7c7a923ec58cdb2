/* Starts a program in one way with one kind of environment: starts WAY KIND PROGRAM [ARGUMENT...]
 * `starts print` prints the environment it got. Of a start that fails it prints the error. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MANY = 5000 };

static char **arguments;
static const char *way;

static int is(const char *name) {
    return strcmp(way, name) == 0;
}

/* The shell's words for the program, for system() and popen(). */
static const char *command(void) {
    static char line[4096];
    for (char **argument = arguments; *argument != NULL; argument++)
        snprintf(line + strlen(line), sizeof line - strlen(line), "'%s' ", *argument);
    return line;
}

static char **environment_of(const char *kind) {
    static char *of_its_own[] = {"A=1", "B=2", NULL};
    static char *chained[] = {"LD_PRELOAD=/nowhere/libother.so", NULL};
    static char *decided[] = {"A=1", "LLT_ON_FULL=pass", "LLT_MINE=1", NULL};
    static char *disabled[] = {"A=1", "LLT_DISABLE=true", NULL};
    static char *none[] = {NULL};
    static char *many[MANY + 1];
    if (strcmp(kind, "own") == 0) return of_its_own;
    if (strcmp(kind, "chained") == 0) return chained;
    if (strcmp(kind, "decided") == 0) return decided;
    if (strcmp(kind, "disabled") == 0) return disabled;
    if (strcmp(kind, "empty") == 0) return none;
    if (strcmp(kind, "gone") == 0) {
        if (unlink(getenv("LD_PRELOAD")) != 0) exit(65);
        return none;
    }
    if (strcmp(kind, "null") == 0) return NULL;
    if (strcmp(kind, "wild") == 0) return (char **)16;
    if (strcmp(kind, "wild-entry") == 0) {
        static char *wild[] = {"A=1", (char *)16, NULL};
        return wild;
    }
    if (strcmp(kind, "many") == 0) {
        for (int i = 0; i < MANY; i++) {
            char entry[32];
            snprintf(entry, sizeof entry, "V%d=%d", i, i);
            many[i] = strdup(entry);
        }
        return many;
    }
    if (strcmp(kind, "cleared") == 0) clearenv();
    if (strcmp(kind, "unset") == 0) {
        unsetenv("LD_PRELOAD");
        unsetenv("LLT_TARGET");
    }
    return environ;
}

static int spawned(int error, const pid_t *child) {
    int status = -1;
    if (error != 0) errno = error;
    return error == 0 && waitpid(*child, &status, 0) == *child ? status : -1;
}

/* Since glibc 2.39. */
typedef int spawn(int *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const *,
                  char *const *);
__attribute__((weak)) spawn pidfd_spawn, pidfd_spawnp;

static int spawned_as_descriptor(int error, const int *child) {
    siginfo_t end = {0};
    if (error != 0) errno = error;
    if (error != 0 || waitid((idtype_t)3 /* P_PIDFD */, (id_t)*child, &end, WEXITED) != 0) return -1;
    close(*child);
    return end.si_status << 8;
}

/* Answers what the way answers; does not return from most. */
static int start(char **environment) {
    const char *path = arguments[0];
    char **a = arguments;
    char *list[5] = {NULL};
    int count = 0;
    for (; count < 5 && a[count] != NULL; count++)
        list[count] = a[count];
#define TWO list[0], list[1]
#define FIVE TWO, list[2], list[3], list[4]
    if (count != 2 && count != 5) return -1;
    pid_t child = 0;
    if (is("execve")) return execve(path, a, environment);
    if (is("execv")) return execv(path, a);
    if (is("execvp")) return execvp(path, a);
    if (is("execvpe")) return execvpe(path, a, environment);
    if (is("execl")) return execl(path, FIVE, (char *)NULL);
    if (is("execlp")) return execlp(path, FIVE, (char *)NULL);
    if (is("execle") && count == 2) return execle(path, TWO, (char *)NULL, environment);
    if (is("execle")) return execle(path, FIVE, (char *)NULL, environment);
    if (is("fexecve")) return fexecve(open(path, O_RDONLY | O_CLOEXEC), a, environment);
#ifdef __GLIBC__
    if (is("execveat")) return execveat(AT_FDCWD, path, a, environment, 0);
#endif
    if (is("posix_spawn")) return spawned(posix_spawn(&child, path, NULL, NULL, a, environment), &child);
    if (is("posix_spawnp")) return spawned(posix_spawnp(&child, path, NULL, NULL, a, environment), &child);
    if (is("pidfd_spawn")) return spawned_as_descriptor(pidfd_spawn(&child, path, NULL, NULL, a, environment), &child);
    if (is("pidfd_spawnp")) return spawned_as_descriptor(pidfd_spawnp(&child, path, NULL, NULL, a, environment), &child);
    if (is("syscall")) return (int)syscall(SYS_execve, path, a, environment);
    if (is("system")) return system(command());
    if (is("popen")) return pclose(popen(command(), "w"));
    if (is("vfork")) {
        static volatile int error;
        child = vfork();
        if (child == 0) {
            execve(path, a, environment);
            error = errno;
            _exit(127);
        }
        const int status = spawned(0, &child);
        errno = error;
        return error == 0 ? status : -1;
    }
    errno = ENOSYS;
    return -1;
}

/* Mappings of this process, so that one which stays behind is seen. */
static int mappings(void) {
    char text[1 << 16];
    int lines = 0;
    const int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    for (ssize_t got; (got = read(fd, text, sizeof text)) > 0;) {
        for (ssize_t i = 0; i < got; i++)
            lines += text[i] == '\n';
    }
    close(fd);
    return lines;
}

int main(int argc, char **argv) {
    if (argc == 2) {
        for (char **entry = environ; entry != NULL && *entry != NULL; entry++)
            printf("%s\n", *entry);
        return 0;
    }
    if (argc < 4) return 64;
    way = argv[1];
    arguments = argv + 3;
    char **environment = environment_of(argv[2]);
    char *own = strdup(environ == NULL || environ[0] == NULL ? "" : environ[0]);
    const int before = mappings();
    errno = 0;
    const int result = start(environment);
    const int error = errno;
    if (mappings() != before) printf("%d mappings stay\n", mappings() - before);
    if (strcmp(own, environ == NULL || environ[0] == NULL ? "" : environ[0]) != 0) puts("environ was changed");
    if (result != 0) printf("%d %s\n", result, strerror(error));
    return result == 0 ? 0 : 1;
}
