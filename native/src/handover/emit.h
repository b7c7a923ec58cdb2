/* Hands bytes over: splits them into frames, numbers these, and counts the bytes that could not be handed over. */
#ifndef LT_EMIT_H
#define LT_EMIT_H

#include "sys.h"

/* Bytes of a write, from start up to, not including, end. */
struct lt_span {
    size_t start;
    size_t end;
    bool ends_line; /* they are the rest of a line whose beginning was handed over */
};

/* Answers how many of the bytes, counted from the first, were handed over. Never sets errno; waits only as LLT_ON_FULL
 * allows. */
size_t lt_emit(unsigned stream, const struct iovec *parts, int count, struct lt_span span);

/*
 * Counts `length` bytes, `skip` bytes into the parts, as lost: the application was told that they are written, but the
 * other end does not get them. In tee and in suppress mode alike; in suppress mode they are then in the original
 * output.
 */
void lt_emit_lost(const struct iovec *parts, int count, size_t skip, size_t length);

/* Cuts `skip` bytes off the front: fills at most `room` of `out` with the following bytes, at most `limit` of them.
 * Answers how many of `out` are filled. */
int lt_emit_slice(const struct iovec *parts, int count, size_t skip, size_t limit, struct iovec *out, int room);

/* A child that shares this process's memory is about to be made: the state has to be the parent's before. */
void lt_emit_prepare(void);

/* The application is about to give up system calls: connects now rather than at the first write. */
void lt_emit_look_ahead(void);

/* Reports losses that are not reported yet, because this process may be about to become another program. */
void lt_emit_report(void);

/* exit() has begun: reports losses now, and those to come at once. */
void lt_emit_end(void);

/* The process is about to end with this status, which its end will tell. */
void lt_emit_note_status(int status);

#endif
