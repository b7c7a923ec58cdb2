/* Keeps rings ready in a directory and reads what processes write into them, as the shipper does, to throw it away:
 * drain-ring DIRECTORY */
#define _GNU_SOURCE
#include "../../native/src/base/contract.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CAPACITY = 1 << 20, POOL = 8, RINGS_MAX = 64, PAUSE_US = 200 };

static char zeros[LT_RING_HEADER_BYTES + CAPACITY];
static char buffer[CAPACITY];

static struct ring {
    char name[64];
    int fd;
    uint64_t position;
} rings[RINGS_MAX];

static void make_free(int number) {
    char making[32], name[32];
    snprintf(making, sizeof making, "making-%d", number);
    snprintf(name, sizeof name, LT_RING_NAME_FREE "%d", number);
    memcpy(zeros + LT_RING_MAGIC_AT, LT_RING_MAGIC, 8);
    *(uint32_t *)(zeros + LT_RING_VERSION_AT) = LT_RING_VERSION;
    *(uint32_t *)(zeros + LT_RING_HEADER_BYTES_AT) = LT_RING_HEADER_BYTES;
    *(uint64_t *)(zeros + LT_RING_CAPACITY_AT) = CAPACITY;
    const int fd = open(making, O_RDWR | O_CREAT | O_EXCL, 0666);
    if (fd < 0 || write(fd, zeros, sizeof zeros) != (ssize_t)sizeof zeros || rename(making, name) != 0) abort();
    close(fd);
}

static struct ring *find(const char *name) {
    for (int i = 0; i < RINGS_MAX; i++) {
        if (strcmp(rings[i].name, name) == 0) return &rings[i];
    }
    for (int i = 0; i < RINGS_MAX; i++) {
        if (rings[i].name[0] != '\0') continue;
        if (strlen(name) >= sizeof rings[i].name) abort();
        strcpy(rings[i].name, name);
        rings[i].fd = open(name, O_RDWR);
        rings[i].position = 0;
        return &rings[i];
    }
    abort();
}

/* Whether its process has ended and all is read; the ring is gone then. */
static int drain(struct ring *ring) {
    uint64_t head = 0;
    uint32_t ended = 0;
    struct stat file;
    if (fstat(ring->fd, &file) != 0) abort();
    const uint64_t capacity = (uint64_t)file.st_size - LT_RING_HEADER_BYTES;
    if (pread(ring->fd, &ended, sizeof ended, LT_RING_ENDED_AT) != sizeof ended) abort();
    if (pread(ring->fd, &head, sizeof head, LT_RING_HEAD_AT) != sizeof head) abort();
    while (ring->position < head) {
        const uint64_t at = ring->position % capacity;
        uint64_t length = head - ring->position;
        if (length > capacity - at) length = capacity - at;
        if (length > sizeof buffer) length = sizeof buffer;
        if (pread(ring->fd, buffer, length, (off_t)(LT_RING_HEADER_BYTES + at)) != (ssize_t)length) abort();
        ring->position += length;
    }
    if (pwrite(ring->fd, &head, sizeof head, LT_RING_TAIL_AT) != sizeof head) abort();
    if (ended == 0) return 0;
    unlink(ring->name);
    close(ring->fd);
    ring->name[0] = '\0';
    return 1;
}

int main(int argc, char **argv) {
    int made = 0;
    umask(0);
    if (argc != 2 || chdir(argv[1]) != 0) return 64;
    for (;;) {
        int ready = 0;
        DIR *directory = opendir(".");
        for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
            if (strncmp(entry->d_name, LT_RING_NAME_FREE, strlen(LT_RING_NAME_FREE)) == 0) ready++;
            if (strncmp(entry->d_name, LT_RING_NAME_USED, strlen(LT_RING_NAME_USED)) == 0) drain(find(entry->d_name));
        }
        closedir(directory);
        while (ready++ < POOL)
            make_free(made++);
        usleep(PAUSE_US);
    }
}
