/* What libc itself prints: `libc-prints WAY`. Each way prints at least one line to stderr, and may end the program. */
#define _GNU_SOURCE
#include <assert.h>
#include <err.h>
#include <errno.h>
#include <fmtmsg.h>
#include <getopt.h>
#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <syslog.h>
#include <unistd.h>
#include <wordexp.h>
#ifdef __GLIBC__
#include <argp.h>
#include <error.h>
#include <execinfo.h>
#include <malloc.h>
#endif

static char **arguments;

static void print_perror(void) {
    errno = ENOENT;
    perror("perror");
}

static void print_psignal(void) {
    psignal(SIGTERM, "psignal");
}

static void print_psiginfo(void) {
    const siginfo_t info = {.si_signo = SIGTERM};
    psiginfo(&info, "psiginfo");
}

static void print_warn(void) {
    errno = ENOENT;
    warn("warn %d", 1);
    warnx("warnx %d", 2);
}

static void print_err(void) {
    errx(3, "errx %d", 1);
}

static void fail_assert(void) {
    assert(arguments == NULL);
}

static void print_getopt(void) {
    char *unknown[] = {arguments[0], "-z", "--nothing", NULL};
    const struct option options[] = {{"something", no_argument, NULL, 's'}, {0}};
    while (getopt_long(3, unknown, "a", options, NULL) != -1)
        continue;
}

static void print_herror(void) {
    h_errno = HOST_NOT_FOUND;
    herror("herror");
}

static void print_fmtmsg(void) {
    fmtmsg(MM_PRINT, "one:two", MM_ERROR, "fmtmsg", "none", "one:two:3");
}

static void print_wordexp(void) {
    wordexp_t words;
    (void)!wordexp("${unset?wordexp}", &words, WRDE_SHOWERR);
}

__attribute__((format(printf, 2, 3))) static void log_by_vsyslog(int priority, const char *text, ...) {
    va_list list;
    va_start(list, text);
    vsyslog(priority, text, list);
    va_end(list);
}

static void print_syslog(void) {
    openlog("a name that is longer than thirty-one", LOG_PERROR, LOG_LOCAL3);
    for (int i = 0; i < 20; i++)
        syslog(LOG_ERR, "disk %d failed", i);
    errno = ENOENT;
    syslog(LOG_ERR, "%m, and a line end\n");
    syslog(LOG_ERR, "%s", "");
    log_by_vsyslog(LOG_DAEMON | LOG_INFO, "vsyslog %d", 1);
    setlogmask(LOG_UPTO(LOG_ERR));
    syslog(LOG_INFO, "masked");
    syslog(LOG_ERR, "%01000d", 1); /* more than musl takes */
    syslog(LOG_ERR, "%02000d", 1);
    openlog(NULL, LOG_PERROR, LOG_USER);
    syslog(LOG_ERR, "without a name");
    openlog("quiet", 0, LOG_USER);
    syslog(LOG_ERR, "not on stderr");
    openlog("pid", LOG_PERROR | LOG_PID, LOG_USER);
    syslog(LOG_ERR, "with a number");
}

static void print_stderr_closed(void) {
    openlog("app", LOG_PERROR | LOG_NDELAY, LOG_USER); /* a descriptor of its own, not 2 */
    const int kept = dup(2);
    close(2);
    syslog(LOG_ERR, "to nowhere");
    dup2(kept, 2);
    syslog(LOG_ERR, "to stderr again");
}

#ifdef __GLIBC__
static void print_error(void) {
    error(0, ENOENT, "error %d", 1);
    error_at_line(0, 0, "file", 7, "error_at_line");
}

static void print_argp(void) {
    const struct argp argp = {.doc = "argp"};
    char *unknown[] = {arguments[0], "--nothing", NULL};
    argp_parse(&argp, 2, unknown, ARGP_NO_EXIT, NULL, NULL);
}

static void print_malloc_stats(void) {
    malloc_stats();
}

static void print_backtrace(void) {
    void *addresses[20];
    backtrace_symbols_fd(addresses, backtrace(addresses, 20), 2);
}

static void print_backtrace_without_descriptor(void) {
    void *loads_libgcc[1];
    fprintf(stderr, "begins\n");
    backtrace(loads_libgcc, 1);
    const struct rlimit none = {.rlim_cur = 3, .rlim_max = 3};
    setrlimit(RLIMIT_NOFILE, &none);
    print_backtrace();
}

static void crash(int number) {
    print_backtrace();
    _exit(number);
}

static void print_backtrace_of_crash(void) {
    static char stack[65536];
    const stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    const struct sigaction action = {.sa_handler = crash, .sa_flags = SA_ONSTACK};
    void *loads_libgcc[1];
    backtrace(loads_libgcc, 1);
    sigaltstack(&other, NULL);
    sigaction(SIGSEGV, &action, NULL);
    raise(SIGSEGV);
}

static void free_twice(void) {
    char *volatile memory = malloc(16);
    free(memory);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuse-after-free"
    free(memory);
#pragma GCC diagnostic pop
}

void __stack_chk_fail(void);
static void smash(void) {
    __stack_chk_fail();
}

void __chk_fail(void);
static void overflow(void) {
    __chk_fail();
}
#endif

static const struct {
    const char *name;
    void (*print)(void);
} ways[] = {
    {"perror", print_perror},
    {"psignal", print_psignal},
    {"psiginfo", print_psiginfo},
    {"warn", print_warn},
    {"errx", print_err},
    {"assert", fail_assert},
    {"getopt_long", print_getopt},
    {"herror", print_herror},
    {"fmtmsg", print_fmtmsg},
    {"wordexp", print_wordexp},
    {"syslog", print_syslog},
    {"syslog without stderr", print_stderr_closed},
#ifdef __GLIBC__
    {"error", print_error},
    {"argp_parse", print_argp},
    {"malloc_stats", print_malloc_stats},
    {"backtrace_symbols_fd", print_backtrace},
    {"backtrace_symbols_fd without a descriptor", print_backtrace_without_descriptor},
    {"backtrace_symbols_fd in a handler", print_backtrace_of_crash},
    {"free twice", free_twice},
    {"__stack_chk_fail", smash},
    {"__chk_fail", overflow},
#endif
};

int main(int count, char **given) {
    arguments = given;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (count > 1 && strcmp(ways[i].name, given[1]) == 0) {
            ways[i].print();
            return 0;
        }
    }
    return 99;
}
