/* Start of the library: by its constructor, or by the first hook where constructors do not run. */
#ifndef LT_INIT_H
#define LT_INIT_H

#include "sys.h"

enum lt_phase { LT_UNBORN, LT_STARTING, LT_OFF, LT_ON };

extern uint32_t lt_phase;

/* Starts the library when nobody has. True when it taps; false also while another thread starts it. */
bool lt_start(void);

/* First line of every hook. */
static inline bool lt_is_on(void) {
    const uint32_t phase = __atomic_load_n(&lt_phase, __ATOMIC_ACQUIRE);
    if (LT_LIKELY(phase == LT_ON)) return true;
    return phase == LT_OFF ? false : lt_start();
}

#endif
