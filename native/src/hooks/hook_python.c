/* Makes Python write each line when it ends: a line that waits in its buffer reaches no reader. Python asks, and these
 * hooks answer, which is safer than a changed environment:
 *
 *   CPython 3.7 to 3.14   Is the stream that it makes right now a terminal? Told so, it writes each line at its end.
 *   CPython 2.7           Is PYTHONUNBUFFERED set? No; but it prints by libc's stdout, which is made line-buffered.
 *   any other Python      Is PYTHONUNBUFFERED set? Yes. CPython 3.0 to 3.6 then writes each line at its end, too; a
 *                         later one, each piece at once. The questions of later CPythons are not known, and where one
 * did not ask for a terminal, its lines would wait unseen. */
#include "config.h"
#include "elf_lookup.h"
#include "hooks.h"
#include "libc_next.h"
#include "text.h"

enum { STDOUT = 1, STDERR = 2, NEWEST_KNOWN = 14, LINE_BUFFERED = 1 /* _IOLBF */, STDIO_BUFFER = 8192 };

/* The CPython that asks for a terminal; of several in one process, the first. */
static struct {
    struct lt_range object; /* the end is set last */
    int (*is_initialized)(void);
    void *(*thread_state)(void);
    const void *looks[STDERR + 1]; /* where it looks at the descriptors of its streams */
    int fd;                        /* that it looked at last, there, after it was initialized; 0: none, or another */
} python;

static bool isatty_is_ours;

void lt_python_set_up(bool is_ours) {
    isatty_is_ours = is_ours;
}

/* Whether a call of isatty gets to the body here: no other definition precedes the exported one. */
static bool isatty_is_reached(void) {
    void *first = NULL;
    struct lt_symbol symbol = {.name = "isatty", .address = &first};
    lt_lookup_first(&symbol, 1);
    return isatty_is_ours && lt_lookup_is_code(&isatty_is_ours, first);
}

struct version {
    uint64_t major;
    uint64_t minor;
};

/* Of "3.11.2 (main, ...". */
static struct version parse_version(const char *text) {
    struct version version = {0};
    if (lt_parse_decimal(&text, &version.major) && *text == '.') {
        text++;
        if (!lt_parse_decimal(&text, &version.minor)) version.major = 0;
    }
    return version;
}

static bool prints_by_stdio(void) {
    if (lt_libc.setvbuf == NULL || lt_libc_next.stdout == NULL || *lt_libc_next.stdout == NULL) return false;
    if ((lt_config.tap_into & LT_TAP_STDOUT) == 0) return true;
    return lt_libc.setvbuf(*lt_libc_next.stdout, NULL, LINE_BUFFERED, STDIO_BUFFER) == 0;
}

static bool asks_for_a_terminal(struct lt_range object, int (*is_initialized)(void), void *(*thread_state)(void)) {
    const uintptr_t known = __atomic_load_n(&python.object.end, __ATOMIC_ACQUIRE);
    if (known != 0) return known == object.end && python.object.start == object.start;
    if (is_initialized == NULL || thread_state == NULL || !isatty_is_reached()) return false;
    python.object.start = object.start;
    python.is_initialized = is_initialized;
    python.thread_state = thread_state;
    __atomic_store_n(&python.object.end, object.end, __ATOMIC_RELEASE);
    return true;
}

/* Whether the object that holds `caller` is a Python that will write each line at its end without PYTHONUNBUFFERED. */
static bool will_write_lines(const void *caller) {
    const char *(*get_version)(void) = NULL;
    int (*is_initialized)(void) = NULL;
    void *(*thread_state)(void) = NULL;
    /* All three may be called before Python is initialized. */
    struct lt_symbol symbols[] = {
        {.name = "Py_GetVersion", .address = (void **)&get_version},
        {.name = "Py_IsInitialized", .address = (void **)&is_initialized},
        {.name = "PyGILState_GetThisThreadState", .address = (void **)&thread_state},
    };
    const struct lt_range object = lt_lookup_in_object(caller, symbols, sizeof symbols / sizeof *symbols);
    if (get_version == NULL) return false;
    const struct version version = parse_version(get_version());
    if (version.major == 2 && version.minor == 7) return prints_by_stdio();
    const bool is_known = version.major == 3 && version.minor >= 7 && version.minor <= NEWEST_KNOWN;
    return is_known && asks_for_a_terminal(object, is_initialized, thread_state);
}

char *lt_hook_getenv(const char *name) {
    static char unbuffered[] = "1";
    char *value = lt_libc_next.getenv == NULL ? NULL : lt_libc_next.getenv(name);
    if (value != NULL || lt_config.tap_into == 0 || lt_config.python == LT_PYTHON_ITSELF || name == NULL) return value;
    if (!lt_equal(name, "PYTHONUNBUFFERED")) return value;
    if (lt_config.python == LT_PYTHON_UNBUFFERED) return unbuffered;
    const int error = lt_errno();
    const bool as_lines = will_write_lines(__builtin_return_address(0));
    lt_set_errno(error);
    return as_lines ? NULL : unbuffered;
}

/* That Python's own code calls tells, too, that its object is still there. */
static bool is_python(const void *caller) {
    const uintptr_t end = __atomic_load_n(&python.object.end, __ATOMIC_ACQUIRE);
    const uintptr_t at = (uintptr_t)caller;
    return at < end && at >= python.object.start;
}

/* Python makes its streams after it has a state for the thread and before it counts as initialized. */
static bool makes_first_streams(void) {
    return !python.is_initialized() && python.thread_state() != NULL;
}

void lt_python_looked_at(int fd, const void *caller) {
    if ((fd != STDOUT && fd != STDERR) || !is_python(caller)) return;
    if (makes_first_streams()) __atomic_store_n(&python.looks[fd], caller, __ATOMIC_RELAXED);
    const bool is_there = __atomic_load_n(&python.looks[fd], __ATOMIC_RELAXED) == caller;
    __atomic_store_n(&python.fd, is_there ? fd : 0, __ATOMIC_RELAXED);
}

/* A further interpreter of the process makes streams of its own, by the same code. It looks at stdout, asks once or
 * twice, and looks at stderr, which it writes line by line in any case from 3.9 on. */
static bool makes_further_stdout(int fd) {
    return fd == STDOUT && __atomic_load_n(&python.fd, __ATOMIC_RELAXED) == STDOUT;
}

static bool is_wanted(int fd) {
    if (fd == STDOUT) return (lt_config.tap_into & LT_TAP_STDOUT) != 0;
    return fd == STDERR && (lt_config.tap_into & LT_TAP_STDERR) != 0;
}

/* Every other caller gets the true answer: a program that embeds Python, and code that runs in Python later. */
int lt_hook_isatty(int fd) {
    const int error = lt_errno();
    const int answer = lt_libc_next.isatty == NULL ? 0 : lt_libc_next.isatty(fd);
    if (answer != 0 || !is_wanted(fd) || !is_python(__builtin_return_address(0))) return answer;
    if (!makes_first_streams() && !makes_further_stdout(fd)) return answer;
    lt_set_errno(error);
    return 1;
}
