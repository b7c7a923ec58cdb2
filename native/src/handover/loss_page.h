/* The page of losses: where a process without a ring says how much it could not hand over. src/contract.ts has its
 * layout, docs/decisions/0051 the reasons. */
#ifndef LT_LOSS_PAGE_H
#define LT_LOSS_PAGE_H

/* Before a header of libc says that its own macros come. */
#include "sys.h"

#include "frame.h"

/* Makes the page where there is none. Call it inside the guard. */
void lt_loss_page_make(int directory);

/* Maps the page, for children too: one may have no way to it. Makes a missing one where `makes`. Call it inside the
 * guard. */
void lt_loss_page_open(bool makes);

/* Stores the totals of the process in its slot. `slot` is the number of that, at first 0. False where there is no page,
 * or no free slot. */
bool lt_loss_page_store(uint32_t *slot, const struct lt_loss *total);

/* Moves losses of the process beyond `kept` into the slot that all share. False where there is no page. */
bool lt_loss_page_move(const struct lt_loss *kept);

#endif
