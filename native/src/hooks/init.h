/* Sets the library up: everything but the hooks. */
#ifndef LT_INIT_H
#define LT_INIT_H

#include "sys.h"

/* Once. True when the library taps. */
bool lt_init(void);

#endif
