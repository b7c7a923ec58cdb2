/* The environment that a new program gets: with the library and its settings, although this program passes one of its
 * own, or an empty one.
 *
 * Nothing here allocates, waits or changes state, because a vfork child shares all of it with its parent. */
#ifndef LT_EXEC_ENVIRONMENT_H
#define LT_EXEC_ENVIRONMENT_H

#include "environment.h"

/* Remembers the environment at the start: where LD_PRELOAD names the library, and the library's settings; and
 * where none of these tells the container's streams, `streams`, as a value of LLT_STDIO. */
void lt_exec_environment_remember(const struct lt_environment *started_with, const char *streams);

/*
 * Bytes of room for the environment to pass instead of `given`. 0: `given` is as it should be, since it has
 * everything; or since it says LLT_DISABLE=true, cannot be read, or is for a place where the library is not.
 */
size_t lt_exec_environment_size(char *const *given);

/* Makes it in `room`, aligned for pointers. Variables that the program set stay as they are; an LD_PRELOAD of other
 * libraries gets ours added, before or behind them as it was at start. */
char *const *lt_exec_environment_make(char *const *given, void *room, size_t size);

/* Makes in `room` the environment of a program that must not be tapped: `given` and LLT_DISABLE=true. `given`
 * where there is no room. */
char *const *lt_exec_environment_disable(char *const *given, const char **room, size_t entries);

#endif
