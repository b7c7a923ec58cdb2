/* Bytes that the kernel moves: sendfile, splice, copy_file_range, tee and vmsplice, onto stdout and onto a log. */
#include "ways.h"
#include <sys/sendfile.h>
#include <sys/uio.h>

enum { LINES = 5000, AT_MOST = 30000 };

/* A file of numbered lines to copy from; answers its length. */
static off_t source(int *fd) {
    FILE *file = fopen("source", "w");
    MUST(file != NULL);
    for (int i = 0; i < LINES; i++)
        fprintf(file, "line %d\n", i);
    MUST(fclose(file) == 0);
    *fd = open("source", O_RDONLY);
    struct stat status;
    MUST(fstat(*fd, &status) == 0);
    return status.st_size;
}

static int by_sendfile(int argc, char **argv) {
    (void)argc, (void)argv;
    int from = -1;
    const off_t length = source(&from);
    /* From a position that is given, which is moved, and from the file's own. */
    off_t at = 0;
    while (at < length)
        MUST(sendfile(1, from, &at, AT_MOST) > 0);
    MUST(lseek(from, 0, SEEK_CUR) == 0);
    const int log = open("app.log", O_WRONLY | O_CREAT, 0644);
    for (ssize_t sent; (sent = sendfile(log, from, NULL, AT_MOST)) != 0;)
        MUST(sent > 0);
    MUST(lseek(from, 0, SEEK_CUR) == length);
    return 0;
}

static int by_splice(int argc, char **argv) {
    (void)argc, (void)argv;
    int from = -1;
    const off_t length = source(&from);
    int pair[2];
    MUST(pipe(pair) == 0);
    /* File to the pipe that stdout is. */
    loff_t at = 0;
    while (at < length)
        MUST(splice(from, &at, 1, NULL, AT_MOST, 0) > 0);
    /* File to a pipe of our own, and from there to the log. */
    const int log = open("app.log", O_WRONLY | O_CREAT, 0644);
    for (ssize_t moved; (moved = splice(from, NULL, pair[1], NULL, AT_MOST, 0)) != 0;) {
        MUST(moved > 0);
        while (moved > 0) {
            const ssize_t out = splice(pair[0], NULL, log, NULL, (size_t)moved, 0);
            MUST(out > 0);
            moved -= out;
        }
    }
    return 0;
}

static int by_copy(int argc, char **argv) {
    (void)argc, (void)argv;
    int from = -1;
    const off_t length = source(&from);
    const int log = open("app.log", O_WRONLY | O_CREAT, 0644);
    for (ssize_t copied; (copied = copy_file_range(from, NULL, log, NULL, AT_MOST, 0)) != 0;)
        MUST(copied > 0);
    MUST(lseek(from, 0, SEEK_CUR) == length);
    return 0;
}

static int by_pipes(int argc, char **argv) {
    (void)argc, (void)argv;
    int pair[2];
    MUST(pipe(pair) == 0);
    for (int i = 0; i < 100; i++) {
        char line[64];
        const int length = snprintf(line, sizeof line, "tee %d\n", i);
        MUST(write(pair[1], line, (size_t)length) == length);
        MUST(tee(pair[0], 1, (size_t)length, 0) == length);
        char back[64];
        MUST(read(pair[0], back, sizeof back) == length && memcmp(back, line, (size_t)length) == 0);
        /* The pages belong to the pipe until they are read: no line is written over another. */
        static char pages[100][64];
        const int other = snprintf(pages[i], sizeof pages[i], "vmsplice %d\n", i);
        struct iovec part = {pages[i], (size_t)other};
        MUST(vmsplice(1, &part, 1, 0) == other);
    }
    return 0;
}

int main(int argc, char **argv) {
    static const struct way ways[] = {
        {"sendfile", by_sendfile}, {"splice", by_splice}, {"copy_file_range", by_copy}, {"tee", by_pipes}, {NULL, NULL},
    };
    return run_way(ways, argc, argv);
}
