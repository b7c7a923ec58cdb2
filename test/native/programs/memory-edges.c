/* Writes from memory beside which there is none, and from memory that is not there: memory-edges REPORT
 * The report says the result and errno of each call, so that two runs can be compared. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 2, LONGEST = 24 };

static FILE *report;

static void note(const char *label, long result) {
    fprintf(report, "%s = %ld, errno %d\n", label, result, errno);
    errno = 77; /* no function sets this */
}

#define NOTE(call) note(#call, (long)(call))

static void *volatile nowhere = (void *)16;
static void *volatile none;

/* Pages of letters, with nothing before and behind them. */
static char *island(int protection) {
    char *map = mmap(NULL, (PAGES + 2) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < PAGES * PAGE; i++)
        map[PAGE + i] = i % 64 == 63 ? '\n' : (char)('a' + i % 26);
    munmap(map, PAGE);
    munmap(map + (PAGES + 1) * PAGE, PAGE);
    mprotect(map + PAGE, PAGES * PAGE, protection);
    return map + PAGE;
}

static void by_length(char *start) {
    char *end = start + PAGES * PAGE;
    for (size_t n = 0; n <= LONGEST; n++) {
        note("at the start", write(1, start, n));
        note("at the end", write(1, end - n, n));
        note("over two pages", write(1, start + PAGE - n / 2, n));
        const struct iovec parts[] = {{start, n}, {end - n, n}};
        note("in two parts", writev(1, parts, 2));
        note("by number", syscall(SYS_write, 1, start, n));
        note("by number at the end", syscall(SYS_write, 1, end - n, n));
    }
    note("all", write(1, start, PAGES * PAGE));
}

static void beyond(char *start) {
    char *end = start + PAGES * PAGE;
    note("before the start", write(1, start - 4, 8));
    note("by number before the start", syscall(SYS_write, 1, start - 4, 8));
    note("behind the end", write(1, end, 8));
    note("nowhere", write(1, nowhere, 8));
    note("NULL", write(1, none, 8));
    note("NULL by number", syscall(SYS_write, 1, none, 8));
    note("NULL vector", writev(1, none, 1));
    note("one byte nowhere", write(1, nowhere, 1));
    note("by number nowhere", syscall(SYS_write, 1, nowhere, 1));
    const struct iovec parts[] = {{nowhere, 3}, {start, 5}};
    note("a part nowhere", writev(1, parts, 2));
    note("over the end", write(1, end - 4, 8));
}

/* Arrays that end, or begin, where the memory does. */
static void vectors(char *start) {
    struct iovec *last = (struct iovec *)(void *)(start + PAGES * PAGE) - 1;
    *last = (struct iovec){"last\n", 5};
    NOTE(writev(1, last, 1));
    NOTE(writev(1, last, 2));
#ifdef __GLIBC__
    NOTE(pwritev2(1, last, 2, -1, 0));
#endif
    NOTE(syscall(SYS_writev, 1, last, 2));
    struct iovec *first = (struct iovec *)(void *)start;
    *first = (struct iovec){"first\n", 6};
    NOTE(writev(1, first, 1));
    NOTE(writev(1, first - 1, 2));
    NOTE(writev(1, (void *)(start + PAGES * PAGE - 8), 1));
}

static void sockets(char *start) {
    struct stat file;
    if (fstat(1, &file) != 0 || !S_ISSOCK(file.st_mode)) return;
    char *end = start + PAGES * PAGE;
    NOTE(send(1, nowhere, 5, 0));
    NOTE(sendto(1, end, 5, 0, NULL, 0));
    NOTE(syscall(SYS_sendmsg, 1, nowhere, 0));
    NOTE(syscall(SYS_sendmsg, 1, end - 8, 0));
    struct msghdr message = {.msg_iov = nowhere, .msg_iovlen = 1};
    NOTE(syscall(SYS_sendmsg, 1, &message, 0));
    message.msg_iov = (struct iovec *)(void *)end - 1;
    message.msg_iov[0] = (struct iovec){"sent\n", 5};
    NOTE(sendmsg(1, &message, 0));
    struct mmsghdr *several = (struct mmsghdr *)(void *)end - 1;
    memset(several, 0, sizeof *several);
    several->msg_hdr = (struct msghdr){.msg_iov = &(struct iovec){"sent too\n", 9}, .msg_iovlen = 1};
    NOTE(syscall(SYS_sendmmsg, 1, several, 1, 0));
    NOTE(syscall(SYS_sendmmsg, 1, several, 2, 0));
    mprotect(start, PAGES * PAGE, PROT_READ);
    NOTE(syscall(SYS_sendmmsg, 1, several, 1, 0)); /* sent, but nowhere to say so */
    mprotect(start, PAGES * PAGE, PROT_READ | PROT_WRITE);
}

static void offsets(const char *path, char *start) {
    off_t *offset = (off_t *)(void *)start;
    const int in = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    NOTE(write(in, "of a file\n", 10));
    *offset = 0;
    NOTE(sendfile(1, in, nowhere, 10));
    NOTE(sendfile(1, in, offset, 10));
    NOTE(*offset);
    NOTE(close(in));
    NOTE(openat(in, nowhere, O_RDONLY));
    NOTE(openat(0, nowhere, O_WRONLY));
    NOTE(openat(0, none, O_WRONLY));
    NOTE(syscall(SYS_openat, 0, nowhere, O_WRONLY));
    NOTE(openat(AT_FDCWD, nowhere, O_WRONLY));
}

/* What could be read a moment ago may be gone. */
static void vanishing(void) {
    char *page = island(PROT_READ | PROT_WRITE);
    for (int i = 0; i < 3; i++)
        note("is there", write(1, page, 64));
    mprotect(page, PAGES * PAGE, PROT_NONE);
    note("cannot be read", write(1, page, 64));
    mprotect(page, PAGES * PAGE, PROT_READ);
    note("is there again", write(1, page, 64));
    munmap(page, PAGES * PAGE);
    note("is gone", write(1, page, 64));
}

int main(int argc, char **argv) {
    if (argc != 2) return 64;
    char other[4096];
    snprintf(other, sizeof other, "%s.other", argv[1]);
    report = fopen(argv[1], "w");
    setvbuf(report, NULL, _IONBF, 0);
    errno = 77;
    by_length(island(PROT_READ | PROT_WRITE));
    by_length(island(PROT_READ));
    beyond(island(PROT_READ));
    vectors(island(PROT_READ | PROT_WRITE));
    sockets(island(PROT_READ | PROT_WRITE));
    offsets(other, island(PROT_READ | PROT_WRITE));
    vanishing();
    return 0;
}
