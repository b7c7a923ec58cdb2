/* Processes: children of every kind, ends of every kind, threads. */
#include "ways.h"
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>

extern char **environ;

static void wait_for(pid_t child) {
    int status = 0;
    MUST(waitpid(child, &status, 0) == child);
    MUST(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* What a child that was exec'd does. */
static int child(int argc, char **argv) {
    for (int i = 0; i < 20; i++) {
        printf("child %d\n", i);
        fprintf(stderr, "err %d\n", i);
    }
    /* A descriptor that it was given, if one is named. */
    if (argc > 2) put_lines(atoi(argv[2]), "log", 0, 50);
    return 0;
}

static int forked(int argc, char **argv) {
    (void)argc, (void)argv;
    put_lines(1, "before", 0, 20);
    for (int i = 0; i < 5; i++) {
        const pid_t pid = fork();
        if (pid == 0) {
            put_lines(1, "child", i * 20, i * 20 + 20);
            exit(0);
        }
        wait_for(pid);
        put_lines(1, "parent", i, i + 1);
    }
    return 0;
}

/* What stdio holds is copied into the child, and both flush it. */
static int forked_unflushed(int argc, char **argv) {
    (void)argc, (void)argv;
    /* musl writes the first line at once. */
    printf("first\n");
    fflush(stdout);
    printf("written twice\n");
    const pid_t pid = fork();
    if (pid == 0) {
        printf("child\n");
        exit(0);
    }
    wait_for(pid);
    printf("parent\n");
    return 0;
}

static int both(int argc, char **argv) {
    (void)argc, (void)argv;
    put(1, "start", 0);
    const pid_t pid = fork();
    put_lines(1, pid == 0 ? "child" : "parent", 0, 300);
    if (pid == 0) exit(0);
    wait_for(pid);
    return 0;
}

static int vforked(int argc, char **argv) {
    (void)argc;
    put(1, "before", 0);
    const pid_t pid = vfork();
    if (pid == 0) {
        execl(argv[0], argv[0], "child", (char *)NULL);
        _exit(1);
    }
    wait_for(pid);
    put(1, "after", 0);
    return 0;
}

static int spawned(int argc, char **argv) {
    (void)argc;
    pid_t pid = 0;
    char *const arguments[] = {argv[0], "child", NULL};
    char *const environment[] = {"OWN=environment", NULL};
    put(1, "before", 0);
    MUST(posix_spawn(&pid, argv[0], NULL, NULL, arguments, environ) == 0);
    wait_for(pid);
    put(1, "between", 0);
    MUST(posix_spawnp(&pid, argv[0], NULL, NULL, arguments, environment) == 0);
    wait_for(pid);
    put(1, "after", 0);
    return 0;
}

static int exec_empty(int argc, char **argv) {
    (void)argc;
    char *const arguments[] = {argv[0], "child", NULL};
    char *const environment[] = {NULL};
    put(1, "before", 0);
    execve(argv[0], arguments, environment);
    return 1;
}

static int exec_own(int argc, char **argv) {
    (void)argc;
    char *const arguments[] = {argv[0], "child", NULL};
    put(1, "before", 0);
    clearenv();
    setenv("OWN", "environment", 1);
    execv(argv[0], arguments);
    return 1;
}

static int inherited(int argc, char **argv) {
    (void)argc;
    const int log = open("app.log", O_WRONLY | O_CREAT | O_APPEND, 0644);
    char number[16];
    snprintf(number, sizeof number, "%d", log);
    execl(argv[0], argv[0], "child", number, (char *)NULL);
    return 1;
}

static int daemonized(int argc, char **argv) {
    (void)argc, (void)argv;
    const int log = open_log("app.log");
    put(1, "starting", 0);
    MUST(daemon(0, 0) == 0);
    put_lines(1, "nobody sees this", 0, 10);
    put_lines(log, "log", 0, 200);
    return 0;
}

static int double_fork(int argc, char **argv) {
    (void)argc, (void)argv;
    const pid_t pid = fork();
    if (pid == 0) {
        setsid();
        if (fork() == 0) {
            put_lines(1, "grandchild", 0, 200);
            exit(0);
        }
        _exit(0);
    }
    wait_for(pid);
    return 0;
}

static void *write_lines(void *name) {
    put_lines(1, name, 0, 300);
    return NULL;
}

static void *print_lines(void *name) {
    for (int i = 0; i < 300; i++)
        printf("%s %d\n", (const char *)name, i);
    return NULL;
}

static int threads(void *(*body)(void *)) {
    static char names[16][8];
    pthread_t ids[16];
    for (int i = 0; i < 16; i++) {
        snprintf(names[i], sizeof names[i], "t%d", i);
        MUST(pthread_create(&ids[i], NULL, body, names[i]) == 0);
    }
    for (int i = 0; i < 16; i++)
        MUST(pthread_join(ids[i], NULL) == 0);
    return 0;
}

static int threads_write(int argc, char **argv) {
    (void)argc, (void)argv;
    return threads(write_lines);
}

static int threads_print(int argc, char **argv) {
    (void)argc, (void)argv;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    return threads(print_lines);
}

static int on_one_file(int argc, char **argv) {
    (void)argc, (void)argv;
    pid_t pids[32];
    for (int i = 0; i < 32; i++) {
        pids[i] = fork();
        if (pids[i] != 0) continue;
        char name[8];
        snprintf(name, sizeof name, "p%d", i);
        put_lines(open_log("app.log"), name, 0, 50);
        exit(0);
    }
    for (int i = 0; i < 32; i++)
        wait_for(pids[i]);
    return 0;
}

static int jailed(int argc, char **argv) {
    (void)argc, (void)argv;
    const int log = open_log("app.log");
    MUST(mkdir("jail", 0755) == 0);
    put(1, "out", 0);
    put(log, "log", 0);
    MUST(chroot("jail") == 0 && chdir("/") == 0);
    put_lines(1, "out", 1, 100);
    put_lines(log, "log", 1, 100);
    return 0;
}

static int nobody(int argc, char **argv) {
    (void)argc, (void)argv;
    const int log = open_log("app.log");
    put(1, "root", 0);
    put(log, "root", 0);
    const pid_t pid = fork();
    if (pid == 0) {
        MUST(setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0);
        put_lines(1, "nobody", 0, 100);
        put_lines(log, "nobody", 0, 100);
        exit(0);
    }
    wait_for(pid);
    put(1, "root", 1);
    return 0;
}

static void ring(int signal) {
    const int error = errno;
    static int bells;
    (void)signal;
    put(1, "bell", bells++);
    errno = error;
}

static int handler(int argc, char **argv) {
    (void)argc, (void)argv;
    signal(SIGUSR1, ring);
    for (int i = 0; i < 100; i++) {
        put(1, "line", i);
        raise(SIGUSR1);
    }
    return 0;
}

static int early_exit(int argc, char **argv) {
    (void)argc, (void)argv;
    printf("first\n");
    fflush(stdout);
    put_lines(1, "out", 0, 50);
    printf("never flushed\n");
    _exit(5);
}

static int aborted(int argc, char **argv) {
    (void)argc, (void)argv;
    put_lines(1, "out", 0, 50);
    fprintf(stderr, "about to abort\n");
    abort();
}

static int killed(int argc, char **argv) {
    (void)argc, (void)argv;
    const int log = open_log("app.log");
    put_lines(1, "out", 0, 200);
    put_lines(log, "log", 0, 200);
    raise(SIGKILL);
    return 0;
}

static int crashed(int argc, char **argv) {
    (void)argc, (void)argv;
    put_lines(1, "out", 0, 50);
    raise(SIGSEGV);
    return 0;
}

static void farewell(void) {
    put(1, "atexit", 0);
    printf("flushed after it\n");
}

static int at_exit(int argc, char **argv) {
    (void)argc, (void)argv;
    atexit(farewell);
    printf("main\n");
    fflush(stdout);
    return 11;
}

/* Long enough for a target that comes late, or back, to be found. */
static int slow(int argc, char **argv) {
    (void)argc, (void)argv;
    const int log = open_log("app.log");
    for (int i = 0; i < 60; i++) {
        put(1, "out", i);
        put(log, "log", i);
        usleep(5000);
    }
    return 0;
}

int main(int argc, char **argv) {
    static const struct way ways[] = {
        {"child", child},
        {"fork", forked},
        {"fork-unflushed", forked_unflushed},
        {"both", both},
        {"vfork", vforked},
        {"spawn", spawned},
        {"exec-empty", exec_empty},
        {"exec-own", exec_own},
        {"inherited", inherited},
        {"daemon", daemonized},
        {"double-fork", double_fork},
        {"threads-write", threads_write},
        {"threads-print", threads_print},
        {"one-file", on_one_file},
        {"chroot", jailed},
        {"nobody", nobody},
        {"handler", handler},
        {"_exit", early_exit},
        {"abort", aborted},
        {"kill", killed},
        {"crash", crashed},
        {"atexit", at_exit},
        {"slow", slow},
        {NULL, NULL},
    };
    return run_way(ways, argc, argv);
}
