/* stdio of glibc: the functions of its file vtables that go to the kernel are replaced, no code page is touched.
 *
 * All vtables lie in one section, which glibc checks a FILE's vtable pointer against; it does not check what the tables
 * hold. Every slot that holds the plain file's function is replaced: narrow, wide, mapped and pipe streams. */
#include "config.h"
#include "elf_lookup.h"
#include "file_position.h"
#include "stdio_tap.h"
#include "tap.h"
#include "tee.h"
#include "virtual_file.h"

/* The same on every 64-bit glibc since 2.2.5: binaries have `FILE` and `_IO_file_jumps` compiled in. */
enum {
    FILE_DESCRIPTOR_AT = 0x70,
    FILE_OFFSET_AT = 0x90,
    SLOT_WRITE = 15,
    SLOT_SEEK = 16,
    SLOT_CLOSE = 17,
    SLOT_STAT = 18,
    SLOTS = 21,
    /* How far the section reaches around _IO_file_jumps; seen up to glibc 2.41. */
    SECTION_BEFORE = 0xd00,
    SECTION_BEHIND = 0xd68,
};

typedef ssize_t (*file_write)(FILE *, const void *, ssize_t);
typedef off_t (*file_seek)(FILE *, off_t, int);
typedef int (*file_close)(FILE *);
typedef int (*file_stat)(FILE *, struct stat *);

static file_write original_write;
static file_seek original_seek;
static file_close original_close;
static file_stat original_stat;

struct call {
    FILE *file;
    ssize_t written; /* by the original, which advances the offset itself */
};

static int descriptor_of(const FILE *file) {
    return *(const int *)((const char *)file + FILE_DESCRIPTOR_AT);
}

static void advance_offset(FILE *file, ssize_t length) {
    off_t *offset = (off_t *)((char *)file + FILE_OFFSET_AT);
    if (*offset >= 0) *offset += length; /* -1: unknown */
}

static ssize_t write_original(const void *context, const struct iovec *parts, int count, size_t skip) {
    (void)count; /* one part comes in, so one goes out */
    (void)skip;
    struct call *call = (struct call *)context;
    const ssize_t written = original_write(call->file, parts->iov_base, (ssize_t)parts->iov_len);
    if (written > 0) call->written += written;
    return written;
}

static ssize_t write_hook(FILE *file, const void *from, ssize_t length) {
    const unsigned stream = length > 0 ? lt_tap_find(descriptor_of(file)) : LT_NONE;
    if (LT_LIKELY(stream == LT_NONE)) return original_write(file, from, length);
    struct call call = {.file = file};
    const struct iovec part = {.iov_base = (void *)from, .iov_len = (size_t)length};
    const ssize_t written = lt_tee(stream, LT_NO_OFFSET, &part, 1, write_original, &call);
    if (written > call.written) advance_offset(file, written - call.written);
    return written;
}

/* ftell and fseek come here, and fopen for appending. */
static off_t seek_hook(FILE *file, off_t offset, int from) {
    const int fd = descriptor_of(file);
    if (LT_LIKELY(lt_tap_find_suppressed_file(fd) == LT_NONE)) return original_seek(file, offset, from);
    return lt_file_position_seek(&lt_libc_next, fd, offset, from);
}

/* By which fseek knows where the end is. */
static int stat_hook(FILE *file, struct stat *out) {
    const int result = original_stat(file, out);
    const unsigned stream = result == 0 ? lt_tap_find_suppressed_file(descriptor_of(file)) : LT_NONE;
    if (stream != LT_NONE) out->st_size = (long)lt_virtual_file_size(stream);
    return result;
}

static int close_hook(FILE *file) {
    lt_tap_forget(descriptor_of(file));
    return original_close(file);
}

static void replace(struct lt_range section, const void *original, const void *hook) {
    for (uintptr_t at = section.start; at + sizeof(void *) <= section.end; at += sizeof(void *)) {
        const void **slot = (const void **)at;
        if (*slot == original) __atomic_store_n(slot, hook, __ATOMIC_RELEASE);
    }
}

/* The page size is not known without libc; mprotect refuses an address that is not a multiple of it. */
static bool protect(struct lt_range range, int protection, uintptr_t *page_bytes) {
    for (uintptr_t page = *page_bytes; page <= 65536; page *= 4) {
        const uintptr_t start = range.start & ~(page - 1);
        const uintptr_t end = (range.end + page - 1) & ~(page - 1);
        if (lt_syscall(__NR_mprotect, start, end - start, protection) == 0) {
            *page_bytes = page;
            return true;
        }
    }
    return false;
}

static struct lt_range section_around(uintptr_t table, struct lt_range relro) {
    struct lt_range section = {table, table + SLOTS * sizeof(void *)};
    if (section.start < relro.start || section.end > relro.end) return section;
    section.start = table - SECTION_BEFORE < relro.start ? relro.start : table - SECTION_BEFORE;
    section.end = table + SECTION_BEHIND > relro.end ? relro.end : table + SECTION_BEHIND;
    return section;
}

bool lt_stdio_glibc_tap(void) {
    void **table = lt_libc.glibc_file_vtable;
    if (table == NULL) return false;
    original_write = (file_write)table[SLOT_WRITE];
    original_seek = (file_seek)table[SLOT_SEEK];
    original_close = (file_close)table[SLOT_CLOSE];
    original_stat = (file_stat)table[SLOT_STAT];
    const struct lt_range relro = lt_lookup_relro(table);
    const struct lt_range section = section_around((uintptr_t)table, relro);
    uintptr_t page_bytes = 4096;
    if (!lt_lookup_is_code(table, (void *)original_write) || !protect(section, PROT_READ | PROT_WRITE, &page_bytes)) {
        lt_debug("stdio is not tapped: its tables cannot be changed", NULL);
        return true;
    }
    replace(section, (void *)original_write, (void *)write_hook);
    replace(section, (void *)original_close, (void *)close_hook);
    if (lt_config.tap_files != NULL && lt_config.suppress_files) {
        replace(section, (void *)original_seek, (void *)seek_hook);
        replace(section, (void *)original_stat, (void *)stat_hook);
    }
    /* The dynamic linker made whole pages of relro read-only; so they were, so they are again. */
    struct lt_range read_only = section;
    const uintptr_t relro_end = relro.end & ~(page_bytes - 1);
    if (read_only.end > relro_end) read_only.end = relro_end;
    if (read_only.end > read_only.start) (void)protect(read_only, PROT_READ, &page_bytes);
    return true;
}
