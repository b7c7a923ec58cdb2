/* The page of losses: where a process without a ring, or with a socket, says how much it could not hand over.
 * src/contract.ts has its layout, docs/decisions/0051 the reasons. */
#ifndef LT_LOSS_PAGE_H
#define LT_LOSS_PAGE_H

/* Before a header of libc says that its own macros come. */
#include "sys.h"

#include "frame.h"

/* Makes the page in a directory of rings that has none. Call it inside the guard. */
void lt_loss_page_make(int directory);

/* Maps the page, for children too: one may have no way to it. Makes a missing one where `makes`. Call it inside the
 * guard. */
void lt_loss_page_open(bool makes);

/* At the start of the process. False without memory. */
bool lt_loss_page_set_up(void);

/* The bytes of the last total that the page, or the caller, told. */
uint64_t lt_loss_page_told(void);
void lt_loss_page_note_told(uint64_t bytes);

/* Stores the totals of the process in its slot. Where none is free, moves losses beyond `kept` into the slot that all
 * share; NULL: they stay. Opens the page where it `may_call`, now and then. False where neither is possible, and the
 * caller may try another way. */
bool lt_loss_page_tell(const struct lt_loss *total, const struct lt_loss *kept, bool may_call);

#endif
