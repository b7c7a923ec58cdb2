/* The environment the process was started with, as the kernel keeps it: readable before libc has set up its own, and
 * unchanged by what the program does to its copy. A program that its user may execute but not read (mode 0711) cannot
 * read its own: there libc's copy is taken. */
#ifndef LT_ENVIRONMENT_H
#define LT_ENVIRONMENT_H

#include "sys.h"

struct lt_environment {
    char *text; /* NAME=VALUE strings, each terminated */
    size_t length;
    bool is_libcs;    /* the kernel did not show its own */
    bool is_in_place; /* the process's own, not a copy */
};

/* What the dynamic linker of glibc calls a constructor with, which saves the way through /proc. That of musl leaves
 * anything there: give it only where libc is glibc. */
void lt_environment_given(int argument_count, char *const *arguments, char *const *variables);

/* False, and an empty environment, when it cannot be read. Free it after use. */
bool lt_environment_read(struct lt_environment *environment);
void lt_environment_free(struct lt_environment *environment);

/* The value of a variable, NULL when it is not set. Lives as long as the environment. */
const char *lt_environment_get(const struct lt_environment *environment, const char *name);

/*
 * Overwrites a value that lt_environment_get answered in the process's real environment, so that its children inherit
 * the new one, and here. Same length, in place: no pointer of libc or of the program changes. False when the place is
 * unknown.
 */
bool lt_environment_overwrite(const struct lt_environment *environment, const char *value, const char *replacement);

#endif
