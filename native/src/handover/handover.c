/* State of handing over: how far this process is, and its losses. */
#include "handover.h"
#include "process.h"

struct lt_handover *lt_handover;

bool lt_handover_set_up(void) {
    lt_handover = lt_process_memory(sizeof *lt_handover);
    return lt_handover != NULL;
}
