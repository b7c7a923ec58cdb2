/* Facts about the calling process from /proc. */
#ifndef LT_PROC_SELF_H
#define LT_PROC_SELF_H

#include "sys.h"

/* Fields of /proc/self/stat, numbered as in proc(5). */
enum { LT_STAT_START_TICKS = 22, LT_STAT_ENV_START = 50 };

/* One number of /proc/self/stat; 0 when it cannot be read. */
uint64_t lt_proc_self_stat(int field);

/* The same of another process, by the path of its file. */
uint64_t lt_proc_self_stat_at(const char *path, int field);

/* Name of the process (not of the thread), cut to `size`; empty when it cannot be read. */
void lt_proc_self_name(char *out, size_t size);

/* Reads a file from its beginning into `out`, terminated; answers the length, 0 when it cannot be read. */
size_t lt_proc_self_read(const char *path, char *out, size_t size);

#endif
