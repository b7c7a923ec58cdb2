/* logtap-probe PORT PATH SECONDS: the hook and the probes of a shipper, run by the kubelet in the shipper's container.
 * logtap-probe --pipe FILE: a named pipe that every user can write, run by the shipper, because Node has no call for
 * it.
 *
 * As a probe it ends with 0 as soon as the shipper answers 200, and with 1 after SECONDS without such an answer. Then
 * it prints the last answer, which the kubelet shows in an event. A program of its own, because a probe that needs the
 * network of the pod can be redirected by a service mesh, and because Node would take a hundred times longer, in the
 * memory limit of the shipper. */
#include "http.h"
#include "monotonic.h"
#include "sys.h"
#include "text.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 64, ARGUMENTS = 3, SECONDS_MAX = 3600, PORT_MAX = 65535 };
enum { PIPE_ARGUMENTS = 2, PIPE = 0010000, FOR_ALL = 0666 };
/* Between two attempts: the start of an application waits for a shipper that does not listen yet. */
enum { PAUSE_MS = 10, PAUSE_ANSWERED_MS = 50 };

/* No call is confined here. */
bool (*lt_call_filter)(long number, long a, long b, long c, long d, long e, long f);

static void say(const char *bytes, size_t length) {
    (void)lt_sys_write(1, bytes, length);
}
static void say_text(const char *text) {
    say(text, lt_length(text));
}
static void say_number(uint64_t number) {
    char digits[24];
    say(digits, lt_format_decimal(digits, number));
}

/* Reads a whole argument as a number up to `most`. */
static bool number(const char *text, uint64_t most, uint64_t *value) {
    return lt_parse_decimal(&text, value) && *text == '\0' && *value <= most;
}

/* The text behind the header fields. */
static void say_body(const struct lt_answer *answer) {
    static const char end[] = "\r\n\r\n";
    for (size_t i = 0; i + sizeof end - 1 <= answer->length; i++) {
        if (!lt_same(answer->bytes + i, end, sizeof end - 1)) continue;
        const size_t at = i + sizeof end - 1;
        say(answer->bytes + at, answer->length - at);
        return;
    }
}

/* How much a result tells: an answer of HTTP, any other answer, none. */
static int weight(int status) {
    if (status > 0) return 2;
    return status == -EPROTO ? 1 : 0;
}

static void explain(const char *port, const char *path, const char *seconds, int status,
                    const struct lt_answer *answer) {
    say_text("the shipper has not answered 200 at port ");
    say_text(port);
    say_text(path);
    say_text(" within ");
    say_text(seconds);
    say_text(" s: ");
    if (status > 0) {
        say_text("HTTP status ");
        say_number((uint64_t)status);
        say_text(": ");
        say_body(answer);
        return;
    }
    if (status == -ECONNREFUSED) {
        say_text("it does not listen\n");
    } else if (status == -ETIMEDOUT) {
        say_text("it takes connections, and does not answer\n");
    } else {
        say_text("error ");
        say_number((uint64_t)-status);
        say_text(", as in errno(3)\n");
    }
}

/* An existing file of that name stays, and no link is followed. */
static int make_pipe(const char *file) {
    (void)lt_kernel(__NR_umask, 0);
    return lt_kernel(__NR_mknodat, AT_FDCWD, file, PIPE | FOR_ALL, 0) == 0 ? EXIT_OK : EXIT_FAILED;
}

static int run(int count, char **arguments) {
    if (count == 1 + PIPE_ARGUMENTS && lt_equal(arguments[1], "--pipe")) return make_pipe(arguments[2]);
    uint64_t port = 0;
    uint64_t seconds = 0;
    if (count != 1 + ARGUMENTS || !number(arguments[1], PORT_MAX, &port) || arguments[2][0] != '/' ||
        !number(arguments[3], SECONDS_MAX, &seconds)) {
        say_text("usage: logtap-probe PORT PATH SECONDS, or logtap-probe --pipe FILE\n");
        return EXIT_USAGE;
    }
    /* The last answer is worth more than that the time ran out during the next one. */
    static struct lt_answer answers[2];
    int last = -ETIMEDOUT;
    size_t kept = 0;
    const uint64_t until = lt_monotonic_ms() + seconds * 1000;
    for (;;) {
        const uint64_t now = lt_monotonic_ms();
        /* A shipper that is busy may need all of the time for one answer. */
        const uint64_t left = now >= until ? 1 : until - now;
        const int status = lt_http_get((uint16_t)port, arguments[2], left, &answers[1 - kept]);
        if (status == LT_HTTP_OK) return EXIT_OK;
        if (weight(status) >= weight(last)) {
            last = status;
            kept = 1 - kept;
        }
        const uint64_t pause = status > 0 ? PAUSE_ANSWERED_MS : PAUSE_MS;
        if (lt_monotonic_ms() + pause >= until) {
            explain(arguments[1], arguments[2], arguments[3], last, &answers[kept]);
            return EXIT_FAILED;
        }
        (void)lt_sys_poll(-1, 0, pause);
    }
}

/* The kernel leaves the number of arguments and the arguments on the stack. */
__attribute__((noreturn, used)) static void start(long *stack) {
    const int code = run((int)stack[0], (char **)(stack + 1));
    for (;;)
        (void)lt_kernel(__NR_exit_group, code);
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start: xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call start\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start: mov x29, #0\n mov x30, #0\n mov x0, sp\n bl start\n");
#endif
