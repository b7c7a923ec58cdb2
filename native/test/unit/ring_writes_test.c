/* Writes to a ring. The kernel is asked about the application's memory only, once per page and not at every write,
 * wherever the bytes lie and however many places there are. A write that waits for room keeps its place, however many
 * signal handlers write meanwhile. */
#define _GNU_SOURCE
#include "config.h"
#include "connection.h"
#include "contract.h"
#include "emit.h"
#include "expect.h"
#include "handover.h"
#include "process.h"
#include "readable.h"
#include "text.h"
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    PAGE = 4096,
    PLACES = 16,
    PAGES = 2 * PLACES,
    LINE = 16,
    ROUNDS = 20, /* fewer than a page is taken to be there still */
};

static char directory[] = "/tmp/writes-to-rings-XXXXXX";
static long asked;

static bool count_questions(long number, long a, long b, long c, long d, long e, long f) {
    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    asked += number == __NR_rt_sigprocmask;
    return true;
}

static size_t write_at(char *at, size_t length) {
    const struct iovec part = {.iov_base = at, .iov_len = length};
    return lt_emit(LT_STREAM_STDOUT, &part, 1, (struct lt_span){.end = length});
}

/* Calls `of_each` for every file of the directory. */
static void visit(void (*of_each)(const char *path)) {
    char pattern[sizeof directory + 2] = {0};
    glob_t found;
    (void)strcat(strcpy(pattern, directory), "/*");
    EXPECT(glob(pattern, 0, NULL, &found) == 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        of_each(found.gl_pathv[i]);
    globfree(&found);
}

/* As the shipper does that has read everything. */
static void release(const char *path) {
    uint64_t head = 0;
    if (strstr(path, "/" LT_RING_NAME_USED) == NULL) return;
    const int fd = lt_sys_open(path, O_RDWR, 0);
    EXPECT(pread(fd, &head, sizeof head, LT_RING_HEAD_AT) == sizeof head);
    EXPECT(head > 0);
    EXPECT(pwrite(fd, &head, sizeof head, LT_RING_TAIL_AT) == sizeof head);
    lt_sys_close(fd);
}

static void remove_file(const char *path) {
    EXPECT(unlink(path) == 0);
}

/* From places `apart` pages from each other, each a line, or a line that crosses into the next page. */
static long questions_about(char *memory, long apart, long skip) {
    ++lt_memory_changes;
    asked = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (long place = 0; place < PLACES; place++)
            EXPECT(write_at(memory + place * apart * PAGE + skip, LINE) == LINE);
    }
    visit(release);
    return asked;
}

enum { INTERRUPTIONS = 300 };

static volatile int interruptions;

/* A handler that writes, while the write that it interrupts waits for room; at last there is some. */
static void write_too(int number) {
    (void)number;
    char line[LINE] = "by the handler\n";
    const bool is_held = lt_handover->guard.owner != 0;
    (void)write_at(line, sizeof line);
    if (!is_held) return;
    EXPECT(lt_handover->guard.owner != 0);
    if (++interruptions == INTERRUPTIONS) visit(release);
}

static void a_write_that_waits_keeps_its_place(char *memory) {
    enum { LONG = 1024 };
    lt_config.block_ms = 0;
    while (write_at(memory, LONG) == LONG) {}
    lt_config.block_ms = 600000;
    const struct itimerval often = {.it_interval = {.tv_usec = 200}, .it_value = {.tv_usec = 200}};
    const struct itimerval never = {0};
    signal(SIGALRM, write_too);
    EXPECT(setitimer(ITIMER_REAL, &often, NULL) == 0);
    EXPECT(write_at(memory, LONG) == LONG);
    signal(SIGALRM, SIG_IGN);
    EXPECT(setitimer(ITIMER_REAL, &never, NULL) == 0);
    EXPECT(interruptions >= INTERRUPTIONS);
    lt_config.block_ms = 0;
}

static void set_up(void) {
    EXPECT(mkdtemp(directory) != NULL);
    lt_config.medium = LT_TO_RING;
    lt_config.frames = true;
    lt_config.suppress_streams = true;
    EXPECT(lt_copy_text(lt_config.target, sizeof lt_config.target, directory));
    EXPECT(lt_process_set_up() && lt_handover_set_up() && lt_connection_set_up());
}

int main(void) {
    set_up();
    char *const memory = lt_sys_map((size_t)PAGES * PAGE);
    char *const far = lt_sys_map((size_t)PLACES * 16384 * PAGE);
    for (long i = 0; i < PAGES; i++)
        memory[i * PAGE] = 'x';
    lt_call_filter = count_questions;

    EXPECT(questions_about(memory, 1, 0) == PLACES);
    EXPECT(questions_about(memory, 1, PAGE - LINE / 2) == PLACES + 1);
    EXPECT(questions_about(memory, 2, PAGE - LINE / 2) == PAGES);
    /* As the buffers of threads lie: by the size of a stack with its guard, and of an arena. */
    EXPECT(questions_about(far, 2049, 64) == PLACES);
    EXPECT(questions_about(far, 16384, 64) == PLACES);

    a_write_that_waits_keeps_its_place(memory);

    /* Taken back; the hook of munmap says so. */
    EXPECT(write_at(memory, LINE) == LINE);
    lt_sys_unmap(memory, PAGE);
    ++lt_memory_changes;
    EXPECT(write_at(memory, LINE) == 0);
    EXPECT(write_at(memory + PAGE - LINE / 2, LINE) == 0);
    EXPECT(write_at(memory + PAGE, LINE) == LINE);

    /* What is remembered expires: memory may also go past every hook. */
    asked = 0;
    for (int i = 0; i < 1000; i++)
        EXPECT(lt_can_read(memory + PAGE, LINE));
    EXPECT(asked >= 1000 / 100 && asked <= 1000 / 20);
    visit(remove_file);
    EXPECT(rmdir(directory) == 0);
    return lt_failures();
}
