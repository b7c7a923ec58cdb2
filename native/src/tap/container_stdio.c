/* Which streams are the container's. A manifest gives LLT_STDIO a placeholder, and every program that a runtime starts
 * in the container gets it: the application, but also `kubectl exec`, probes and lifecycle hooks, whose output belongs
 * to the caller. So a process that meets the placeholder proves which process is the container's first:
 *
 *   - process 1 of a process namespace is the first of its container;
 *   - else it is process 1, if that is in the same cgroup, or else the oldest process of the same cgroup. Containers
 *     that share the processes of a pod, or of the node, have cgroups of their own.
 *
 * The streams of the first process are the container's, if it was started with the variable as well. Where another
 * user's process does not show them, a descendant of it takes its own, and any other process has none. Without the
 * variable no manifest is in play: a process takes its own streams for the container's, and passes them on. */
#include "container_stdio.h"
#include "config.h"
#include "proc_self.h"
#include "text.h"

enum {
    HEX_DIGITS = 16,
    STDIO_NUMBERS = 4,
    MEMORY_DEVICES = 1,  /* major number of /dev/null and its like */
    CGROUP_BYTES = 4096, /* a line for each hierarchy of the older interface */
    ENTRIES_BYTES = 4096,
    ENVIRONMENT_BYTES = 32 << 10,
    PROC_PATH_BYTES = 64,
    DEPTH_MAX = 1024,
    STAT_PARENT = 4,
};

/* linux_dirent64 of getdents64(2). */
struct entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

/* All programs share /dev/null. */
static bool is_shared(const struct stat *file) {
    return S_ISCHR(file->st_mode) && file->st_rdev >> 8 == MEMORY_DEVICES;
}

/* No stream of a container is a device that all containers have. */
static struct lt_file_identity stream_identity(const struct stat *file) {
    return is_shared(file) ? (struct lt_file_identity){0} : lt_identity_of(file);
}

static struct lt_file_identity own_stream(int fd) {
    struct stat file = {0};
    return lt_sys_fstat(fd, &file) == 0 ? stream_identity(&file) : (struct lt_file_identity){0};
}

static struct lt_container_stdio own_streams(void) {
    return (struct lt_container_stdio){.out = own_stream(1), .error = own_stream(2)};
}

/* Without a runtime, the streams that a user starts the program with are the captured ones, /dev/null included. */
static struct lt_container_stdio streams_as_given(void) {
    struct lt_container_stdio stdio = {0};
    struct stat file = {0};
    for (int fd = 1; fd <= 2; fd++) {
        if (lt_sys_fstat(fd, &file) != 0) continue;
        *(fd == 1 ? &stdio.out : &stdio.error) = lt_identity_of(&file);
        stdio.has_shared_device |= is_shared(&file);
    }
    return stdio;
}

/* device:inode:device:inode in hexadecimal. */
static bool parse(const char *text, struct lt_container_stdio *stdio) {
    uint64_t numbers[STDIO_NUMBERS];
    if (lt_length(text) != LT_STDIO_PLACEHOLDER_BYTES) return false;
    for (int i = 0; i < STDIO_NUMBERS; i++) {
        const char *at = text + (size_t)i * (HEX_DIGITS + 1);
        if (!lt_parse_hex(at, &numbers[i]) || (i > 0 && at[-1] != ':')) return false;
    }
    stdio->out = (struct lt_file_identity){numbers[0], numbers[1]};
    stdio->error = (struct lt_file_identity){numbers[2], numbers[3]};
    return true;
}

void lt_container_stdio_format(const struct lt_container_stdio *stdio, char out[LT_STDIO_PLACEHOLDER_BYTES + 1]) {
    const uint64_t numbers[STDIO_NUMBERS] = {
        stdio->out.device,
        stdio->out.inode,
        stdio->error.device,
        stdio->error.inode,
    };
    for (int i = 0; i < STDIO_NUMBERS; i++) {
        lt_format_hex(out + (size_t)i * (HEX_DIGITS + 1), numbers[i]);
        out[i * (HEX_DIGITS + 1) + HEX_DIGITS] = i < STDIO_NUMBERS - 1 ? ':' : '\0';
    }
}

/* /proc/PID followed by `rest`. */
static void proc_path(char out[PROC_PATH_BYTES], uint64_t pid, const char *rest) {
    static const char proc[] = "/proc/";
    lt_copy(out, proc, sizeof proc - 1);
    const size_t length = sizeof proc - 1 + lt_format_decimal(out + sizeof proc - 1, pid);
    lt_copy(out + length, rest, lt_length(rest) + 1);
}

/* Settings are read once, by one thread; and its stack may be a signal handler's, of a few KiB. */
static LT_LARGE char own_cgroup[CGROUP_BYTES];
static LT_LARGE char other_cgroup[CGROUP_BYTES];

static bool is_in_own_cgroup(uint64_t pid) {
    char path[PROC_PATH_BYTES];
    proc_path(path, pid, "/cgroup");
    return lt_proc_self_read(path, other_cgroup, sizeof other_cgroup) > 0 && lt_equal(own_cgroup, other_cgroup);
}

static uint64_t stat_of(uint64_t pid, int field) {
    char path[PROC_PATH_BYTES];
    proc_path(path, pid, "/stat");
    return lt_proc_self_stat_at(path, field);
}

/* The oldest process of the own cgroup; process ids only tell where two began in the same tick. */
static uint64_t oldest_in_cgroup(uint64_t self) {
    static LT_LARGE _Alignas(struct entry) char entries[ENTRIES_BYTES];
    uint64_t oldest = self;
    uint64_t oldest_ticks = stat_of(self, LT_STAT_START_TICKS);
    const int directory = lt_sys_open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (directory < 0) return self;
    for (;;) {
        const long got = lt_syscall(__NR_getdents64, directory, entries, sizeof entries);
        if (got <= 0) break;
        for (long at = 0; at < got;) {
            const struct entry *entry = (const struct entry *)(entries + at);
            const char *name = entry->name;
            uint64_t pid = 0;
            at += entry->length;
            if (!lt_parse_decimal(&name, &pid) || *name != '\0' || pid == self || !is_in_own_cgroup(pid)) continue;
            const uint64_t ticks = stat_of(pid, LT_STAT_START_TICKS);
            if (ticks == 0 || ticks > oldest_ticks || (ticks == oldest_ticks && pid > oldest)) continue;
            oldest = pid;
            oldest_ticks = ticks;
        }
    }
    (void)lt_sys_close(directory);
    return oldest;
}

/* The container's first process; 0 where /proc does not say. */
static uint64_t first_process(uint64_t self) {
    if (self == 1) return self;
    if (lt_proc_self_read("/proc/self/cgroup", own_cgroup, sizeof own_cgroup) == 0) return 0;
    return is_in_own_cgroup(1) ? 1 : oldest_in_cgroup(self);
}

static bool descends_from(uint64_t self, uint64_t ancestor) {
    uint64_t pid = self;
    for (int depth = 0; depth < DEPTH_MAX && pid > 1; depth++) {
        pid = stat_of(pid, STAT_PARENT);
        if (pid == ancestor) return true;
    }
    return false;
}

/* False when another user's process does not show its descriptors. */
static bool streams_of(uint64_t pid, struct lt_container_stdio *stdio) {
    char path[PROC_PATH_BYTES];
    struct stat out = {0};
    struct stat error = {0};
    proc_path(path, pid, "/fd/1");
    const int of_out = lt_sys_stat(path, &out);
    proc_path(path, pid, "/fd/2");
    const int of_error = lt_sys_stat(path, &error);
    /* A stream that it has closed is no stream of the container. */
    if (of_out != 0 && of_out != -ENOENT) return false;
    if (of_error != 0 && of_error != -ENOENT) return false;
    *stdio = (struct lt_container_stdio){0};
    if (of_out == 0) stdio->out = stream_identity(&out);
    if (of_error == 0) stdio->error = stream_identity(&error);
    return true;
}

/*
 * Whether a process was started without the variable, so by no manifest that sets it: then no runtime gave it to this
 * one either, but a process in between. Not where its environment cannot be read, or is none any more: a program may
 * write its title there.
 */
static bool lacks_the_variable(uint64_t pid) {
    static LT_LARGE char text[ENVIRONMENT_BYTES];
    char path[PROC_PATH_BYTES];
    proc_path(path, pid, "/environ");
    const size_t length = lt_proc_self_read(path, text, sizeof text);
    if (length == 0 || length == sizeof text - 1) return false;
    for (size_t at = 0; at < length; at += lt_length(text + at) + 1) {
        if (lt_count(text + at, lt_length(text + at), '=') == 0) return false;
        if (lt_same(text + at, LT_ENV_STDIO "=", sizeof LT_ENV_STDIO)) return false;
    }
    return true;
}

static struct lt_container_stdio prove(void) {
    const uint64_t self = (uint64_t)lt_sys_getpid();
    const uint64_t first = first_process(self);
    /* Nothing can be proven: rather tapped than lost. */
    if (first != 0 && lacks_the_variable(first)) return streams_as_given();
    if (first == 0 || first == self) return own_streams();
    struct lt_container_stdio stdio = {0};
    if (streams_of(first, &stdio)) {
        /* It has given its streams away, as a supervisor does that holds the pod: its children have the container's. */
        const bool has_none = stdio.out.inode == 0 && stdio.error.inode == 0;
        return has_none && descends_from(self, first) ? own_streams() : stdio;
    }
    /* A process that a runtime starts has no parent in the container, and none in the pod. */
    const bool is_started_within = descends_from(self, first) || descends_from(self, 1);
    return is_started_within ? own_streams() : (struct lt_container_stdio){0};
}

struct lt_container_stdio lt_container_stdio_find(const struct lt_environment *environment) {
    struct lt_container_stdio stdio = {0};
    const char *inherited = lt_environment_get(environment, LT_ENV_STDIO);
    if (inherited != NULL && parse(inherited, &stdio)) {
        /* A user may have started the program with such a device: of the parent's, only the identity is known. */
        stdio.has_shared_device = streams_as_given().has_shared_device;
        return stdio;
    }
    if (inherited == NULL || *inherited != '-') return streams_as_given();
    stdio = prove();
    char text[LT_STDIO_PLACEHOLDER_BYTES + 1];
    lt_container_stdio_format(&stdio, text);
    if (!lt_environment_overwrite(environment, inherited, text)) {
        lt_debug("children have to find out by themselves", LT_ENV_STDIO);
    }
    return stdio;
}
