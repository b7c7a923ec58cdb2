/* Sets the library up: everything but the hooks. */
#ifndef LT_INIT_H
#define LT_INIT_H

#include "sys.h"

/* What the dynamic linker calls a constructor with. */
struct lt_start {
    int argument_count;
    char *const *arguments;
    char *const *variables;
};

/* Once. True when the library taps. `start`: NULL where it is no constructor that starts the library. */
bool lt_init(const struct lt_start *start);

#endif
