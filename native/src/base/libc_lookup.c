/* Finds the functions behind the hooks. */
#include "libc_lookup.h"
#include "elf_lookup.h"

#define FIELD(symbol, field) OLD_FIELD(symbol, "", field)
#define OLD_FIELD(symbol, version, field) {symbol, version, offsetof(struct lt_libc_next, field)}

/* No pointers: the dynamic linker would write them at the start of every process. */
static const struct {
    char name[LT_SYMBOL_NAME_BYTES];
    char version[LT_SYMBOL_VERSION_BYTES]; /* empty: the default one */
    uint16_t offset;
} fields[] = {
    FIELD("write", write),
    FIELD("writev", writev),
    FIELD("pwrite", pwrite),
    FIELD("pwritev", pwritev),
    FIELD("pwritev2", pwritev2),
    FIELD("open", open),
    FIELD("openat", openat),
    FIELD("creat", creat),
    FIELD("close", close),
    FIELD("close_range", close_range),
    FIELD("closefrom", closefrom),
    FIELD("dup", dup),
    FIELD("dup2", dup2),
    FIELD("dup3", dup3),
    FIELD("fcntl", fcntl),
    FIELD("ioctl", ioctl),
    FIELD("lseek", lseek),
    FIELD("ftruncate", ftruncate),
    FIELD("_exit", exit_now),
    FIELD("exit", exit),
    FIELD("quick_exit", quick_exit),
    FIELD("on_exit", on_exit),
    FIELD("verr", verr),
    FIELD("verrx", verrx),
    FIELD("fork", fork),
    FIELD("vfork", vfork),
    FIELD("clock_gettime", clock_gettime),
    FIELD("sendfile", sendfile),
    FIELD("splice", splice),
    FIELD("tee", tee),
    FIELD("vmsplice", vmsplice),
    FIELD("copy_file_range", copy_file_range),
    FIELD("send", send),
    FIELD("sendto", sendto),
    FIELD("sendmsg", sendmsg),
    FIELD("sendmmsg", sendmmsg),
    FIELD("syscall", syscall),
    FIELD("prctl", prctl),
    FIELD("setrlimit", setrlimit),
    FIELD("prlimit", prlimit),
    FIELD("munmap", munmap),
    FIELD("mprotect", mprotect),
    FIELD("mremap", mremap),
    FIELD("chroot", chroot),
    FIELD("pivot_root", pivot_root),
    FIELD("unshare", unshare),
    FIELD("setns", setns),
    FIELD("mount", mount),
    FIELD("umount", umount),
    FIELD("umount2", umount2),
    FIELD("move_mount", move_mount),
    FIELD("rename", rename),
    FIELD("renameat", renameat),
    FIELD("renameat2", renameat2),
    FIELD("link", link),
    FIELD("linkat", linkat),
    FIELD("symlink", symlink),
    FIELD("symlinkat", symlinkat),
    FIELD("clone", clone),
    FIELD("execve", execve),
    FIELD("execveat", execveat),
    FIELD("daemon", daemon),
    FIELD("execv", execv),
    FIELD("execvp", execvp),
    FIELD("execvpe", execvpe),
    FIELD("fexecve", fexecve),
    FIELD("posix_spawn", posix_spawn),
    FIELD("posix_spawnp", posix_spawnp),
    OLD_FIELD("posix_spawn", "GLIBC_2.2.5", old_posix_spawn),
    OLD_FIELD("posix_spawnp", "GLIBC_2.2.5", old_posix_spawnp),
    FIELD("pidfd_spawn", pidfd_spawn),
    FIELD("pidfd_spawnp", pidfd_spawnp),
    FIELD("__errno_location", errno_location),
    FIELD("getenv", getenv),
    FIELD("isatty", isatty),
    FIELD("fopen", fopen),
    FIELD("fdopen", fdopen),
    FIELD("freopen", freopen),
    FIELD("fileno", fileno),
    FIELD("fclose", fclose),
    FIELD("pclose", pclose),
    FIELD("mkstemp", mkstemp),
    FIELD("mkostemp", mkostemp),
    FIELD("mkstemps", mkstemps),
    FIELD("mkostemps", mkostemps),
    FIELD("login_tty", login_tty),
    FIELD("forkpty", forkpty),
    FIELD("aio_write", aio_write),
    FIELD("lio_listio", lio_listio),
    OLD_FIELD("lio_listio", "GLIBC_2.2.5", old_lio_listio),
    FIELD("backtrace_symbols_fd", backtrace_symbols_fd),
    FIELD("openlog", openlog),
    FIELD("vsyslog", vsyslog),
    FIELD("setlogmask", setlogmask),
    FIELD("herror", herror),
    FIELD("__h_errno_location", h_errno_location),
    FIELD("hstrerror", hstrerror),
    FIELD("fflush", fflush),
    FIELD("setvbuf", setvbuf),
    FIELD("vdprintf", vdprintf),
    FIELD("__vdprintf_chk", vdprintf_chk),
    FIELD("vsnprintf", vsnprintf),
    FIELD("__vsnprintf_chk", vsnprintf_chk),
    FIELD("_IO_file_jumps", glibc_file_vtable),
    FIELD("stdout", stdout),
    FIELD("stderr", stderr),
};

/* Answers whether any is a wrapper's. */
static bool find_into(struct lt_libc_next *table, unsigned origins) {
    enum { COUNT = sizeof fields / sizeof *fields };
    struct lt_symbol symbols[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        void **address = (void **)((char *)table + fields[i].offset);
        symbols[i] = (struct lt_symbol){
            .name = fields[i].name, .version = lt_version(fields[i].version), .address = address, .origins = origins};
    }
    lt_lookup_next(symbols, COUNT);
    bool has_wrapper = false;
    for (size_t i = 0; i < COUNT; i++)
        has_wrapper = has_wrapper || symbols[i].origin == LT_WRAPPER;
    return has_wrapper;
}

void lt_libc_next_find(void) {
    struct lt_symbol environment = {.name = "__environ", .address = (void **)&lt_libc_next.environment};
    lt_lookup_first(&environment, 1);
    if (find_into(&lt_libc_next, LT_LIBC | LT_WRAPPER)) {
        lt_libc.environment = lt_libc_next.environment;
        (void)find_into(&lt_libc, LT_LIBC);
    } else {
        lt_libc = lt_libc_next;
    }
}
