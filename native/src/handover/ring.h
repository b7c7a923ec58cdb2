/* A ring as its process sees it. */
#ifndef LT_RING_H
#define LT_RING_H

#include "sys.h"

enum {
    LT_SEEN_PAGES = 8,
    LT_SEEN_TIMES = 64,
};

/* A page of the application's memory that could be read. */
struct lt_seen_page {
    uintptr_t page;
    uint32_t times_left; /* until it is asked for again */
};

struct lt_ring {
    uint8_t *map;    /* NULL: none */
    uint32_t claims; /* rings that the process has claimed so far */
    uint64_t capacity;
    bool is_locked;
    uint64_t head;
    uint64_t rung_epoch; /* the last sleep of the reader that we rang for */
    uint64_t noted_loss; /* bytes, in the header */
    uint64_t told_loss;  /* bytes, by the bell: there is no ring */
    uint64_t told_ns;    /* when that was */
    uint32_t seen_at;    /* lt_memory_changes */
    struct lt_seen_page seen[LT_SEEN_PAGES];
};

#endif
