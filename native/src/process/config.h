/* The settings of the library, read once from the environment; names and meanings are in src/contract.ts. */
#ifndef LT_CONFIG_H
#define LT_CONFIG_H

#include "environment.h"
#include "path.h"

/* After the kernel's headers, which leave out macros where they see those of a C library first. */
#include "contract.h"

/* Bits of LLT_TAP_INTO. */
enum { LT_TAP_STDOUT = 1, LT_TAP_STDERR = 2 };

/* Pause between attempts to connect: doubling from 50 ms on. */
#define LT_BACK_OFF UINT64_MAX

/* Where bytes go. */
enum lt_medium { LT_TO_FILE, LT_TO_SOCKET, LT_TO_RING };

/* When Python's output leaves its buffer: at each line end, at once, or whenever Python likes. */
enum lt_python { LT_PYTHON_LINES, LT_PYTHON_UNBUFFERED, LT_PYTHON_ITSELF };

struct lt_config {
    bool debug;
    bool suppress_streams;
    bool suppress_files;
    bool frames; /* false: raw */
    enum lt_medium medium;
    enum lt_python python;
    unsigned tap_into;
    uint64_t block_ms; /* 0: pass */
    uint64_t passive_ms;
    uint64_t first_connect_ns; /* or LT_BACK_OFF */
    uint64_t reconnect_ns;     /* or LT_BACK_OFF */
    /* Absolute paths and patterns, one behind the other, an empty one at the end; NULL: none. */
    const char *tap_files;
    char target[LT_PATH_MAX]; /* absolute path of the file, the socket, or the directory of rings */
    char container[LT_NAME_MAX_BYTES + 1];
};

/* Constant after lt_config_read. */
extern struct lt_config lt_config;

/* True when there is something to tap and somewhere to put it. Wrong values are reported in debug mode. */
bool lt_config_read(const struct lt_environment *environment);

/* In debug mode writes a message and its subject (may be NULL) to stderr, past all hooks. */
void lt_debug(const char *message, const char *detail);

#endif
