/* Clocks in nanoseconds. */
#include "clock.h"

bool lt_clock_is_coarse;
