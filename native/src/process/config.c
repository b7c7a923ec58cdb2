/* The settings of the library. A wrong value never stops the program: it counts as not set. */
#include "config.h"
#include "text.h"

struct lt_config lt_config;

static struct iovec text_part(const char *text) {
    return (struct iovec){.iov_base = (void *)text, .iov_len = lt_length(text)};
}

void lt_debug(const char *message, const char *detail) {
    if (!lt_config.debug) return;
    char pid[21];
    lt_format_decimal(pid, (uint64_t)lt_sys_getpid());
    const struct iovec parts[] = {
        text_part("liblogtap["), text_part(pid),  text_part("]: "),
        text_part(message),      text_part(": "), text_part(detail == NULL ? "" : detail),
        text_part("\n"),
    };
    (void)lt_sys_writev(2, parts, sizeof parts / sizeof *parts);
}

static bool is_true(const struct lt_environment *environment, const char *name) {
    const char *value = lt_environment_get(environment, name);
    return value != NULL && lt_equal(value, "true");
}

/* A whole number, or `absent`. */
static uint64_t number(const struct lt_environment *environment, const char *name, uint64_t absent) {
    const char *value = lt_environment_get(environment, name);
    if (value == NULL || *value == '\0') return absent;
    const char *end = value;
    uint64_t result = 0;
    if (lt_parse_decimal(&end, &result) && *end == '\0' && result <= UINT32_MAX) return result;
    lt_debug("not a whole number, so taken as not set", name);
    return absent;
}

/* Seconds between attempts to connect, in nanoseconds. In frame format an attempt costs nothing. */
static uint64_t pause_ns(const struct lt_environment *environment, const char *name, uint64_t raw_seconds) {
    const uint64_t seconds = number(environment, name, lt_config.frames ? LT_BACK_OFF : raw_seconds);
    return seconds == LT_BACK_OFF ? LT_BACK_OFF : seconds * LT_NS_PER_SECOND;
}

static bool read_target(const char *target) {
    static const struct {
        const char *scheme;
        enum lt_medium medium;
    } media[] = {{"file:", LT_TO_FILE}, {"socket:", LT_TO_SOCKET}, {"ring:", LT_TO_RING}};
    const char *path = NULL;
    if (target == NULL) target = "file:/tmp/liblogtap.log";
    for (size_t i = 0; i < sizeof media / sizeof *media; i++) {
        const size_t length = lt_length(media[i].scheme);
        if (!lt_same(target, media[i].scheme, length)) continue;
        path = target + length;
        lt_config.medium = media[i].medium;
    }
    if (path == NULL || *path == '\0' || !lt_path_absolute(lt_config.target, path)) {
        lt_debug("nothing is tapped: the target is none of file:/path, socket:/path and ring:/directory", target);
        return false;
    }
    if (lt_config.medium == LT_TO_SOCKET && lt_length(lt_config.target) > LT_SOCKET_PATH_MAX_BYTES) {
        lt_debug("nothing is tapped: the path of a socket has at most 107 bytes", lt_config.target);
        return false;
    }
    return true;
}

static void read_format(const char *value) {
    const bool is_ring = lt_config.medium == LT_TO_RING;
    lt_config.frames = is_ring || (value != NULL && lt_equal(value, "frame"));
    if (value == NULL || lt_equal(value, "frame")) return;
    if (!lt_equal(value, "raw")) {
        lt_debug("neither raw nor frame, so taken as not set", value);
    } else if (is_ring) {
        lt_debug("a ring has frames, so taken as not set", value);
    }
}

static void read_python(const char *value) {
    lt_config.python = LT_PYTHON_LINES;
    if (value == NULL || *value == '\0') return;
    if (lt_equal(value, "true")) {
        lt_config.python = LT_PYTHON_UNBUFFERED;
    } else if (lt_equal(value, "false")) {
        lt_config.python = LT_PYTHON_ITSELF;
    } else {
        lt_debug("neither true nor false, so taken as not set", LT_ENV_PYTHON_UNBUFFERED);
    }
}

static void read_on_full(const char *value) {
    static const char block[] = "block:";
    if (value == NULL || lt_equal(value, "pass")) return;
    if (lt_same(value, block, sizeof block - 1)) {
        const char *end = value + sizeof block - 1;
        uint64_t milliseconds = 0;
        if (lt_parse_decimal(&end, &milliseconds) && *end == '\0' && milliseconds <= UINT32_MAX) {
            lt_config.block_ms = milliseconds;
            return;
        }
    }
    lt_debug("neither pass nor block:MS, so taken as pass", value);
}

/* Makes the entries of a list absolute and puts them into `out`, which may be NULL. Answers how many bytes they take.
 */
static size_t expand_list(const char *list, char *out) {
    /* Settings are read once, by one thread; and its stack may be a signal handler's, of a few KiB. */
    static LT_LARGE char relative[LT_PATH_MAX];
    static LT_LARGE char absolute[LT_PATH_MAX];
    size_t used = 0;
    while (*list != '\0') {
        size_t length = 0;
        while (list[length] != '\0' && list[length] != ':')
            length++;
        const bool fits = length < sizeof relative;
        if (fits) lt_copy(relative, list, length);
        relative[fits ? length : 0] = '\0';
        if (length > 0 && fits && lt_path_absolute(absolute, relative)) {
            const size_t size = lt_length(absolute) + 1;
            if (out != NULL) lt_copy(out + used, absolute, size);
            used += size;
        } else if (length > 0 && out == NULL) {
            lt_debug("left out: too long a path, or no current directory", list);
        }
        list += list[length] == ':' ? length + 1 : length;
    }
    return used;
}

static void read_tap_files(const char *list) {
    const size_t size = list == NULL ? 0 : expand_list(list, NULL);
    char *files = size == 0 ? NULL : lt_sys_map(size + 1);
    if (files != NULL) (void)expand_list(list, files);
    lt_config.tap_files = files;
}

bool lt_config_read(const struct lt_environment *environment) {
    lt_config.debug = is_true(environment, LT_ENV_DEBUG);
    lt_config.tap_into = (unsigned)number(environment, LT_ENV_TAP_INTO, 0);
    if (lt_config.tap_into > (LT_TAP_STDOUT | LT_TAP_STDERR)) {
        lt_debug("more than 3, so taken as not set", LT_ENV_TAP_INTO);
        lt_config.tap_into = 0;
    }
    read_tap_files(lt_environment_get(environment, LT_ENV_TAP_FILE));
    if (lt_config.tap_into == 0 && lt_config.tap_files == NULL) return false;

    if (!read_target(lt_environment_get(environment, LT_ENV_TARGET))) return false;
    read_format(lt_environment_get(environment, LT_ENV_FORMAT));
    read_on_full(lt_environment_get(environment, LT_ENV_ON_FULL));

    lt_config.suppress_streams = is_true(environment, LT_ENV_SUPPRESS_STDOUT);
    lt_config.suppress_files = is_true(environment, LT_ENV_SUPPRESS_TAP_FILE);
    read_python(lt_environment_get(environment, LT_ENV_PYTHON_UNBUFFERED));
    lt_config.passive_ms = number(environment, LT_ENV_PASSIVE_ON_START, 0);
    lt_config.first_connect_ns = pause_ns(environment, LT_ENV_FIRST_CONNECT, 5);
    lt_config.reconnect_ns = pause_ns(environment, LT_ENV_RECONNECT, 30);
    const char *container = lt_environment_get(environment, LT_ENV_CONTAINER);
    if (container != NULL && !lt_copy_text(lt_config.container, sizeof lt_config.container, container)) {
        lt_debug("too long a name, left out", LT_ENV_CONTAINER);
    }
    return true;
}
