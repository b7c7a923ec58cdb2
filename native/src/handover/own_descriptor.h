/* The descriptor that the library keeps open in the application's table. It stays out of the application's way, moves
 * when the application needs its number, and closes in a child. */
#ifndef LT_OWN_DESCRIPTOR_H
#define LT_OWN_DESCRIPTOR_H

#include "sys.h"

/* At the start of the process: enlarges the table of descriptors, so that the descriptor finds its number at once. In a
 * process with threads the kernel takes milliseconds for that. False without memory. */
bool lt_own_descriptor_set_up(void);

/* -1: there is none. */
int lt_own_descriptor(void);
bool lt_own_descriptor_is(int fd);

/* The calls from here to the next comment of this kind are for the holder of the guard. */

/* Makes a descriptor that was just opened the library's own: moves it to 1000, else to 100 or above where the limit
 * allows it, never to 0-2, closed on exec. Answers 0 or a negative error number. */
int lt_own_descriptor_take(int fd);

bool lt_own_descriptor_is_open(void);

/* Closes it, unless the application has put something else in its place. Does nothing, and answers false, in a vfork
 * child whose parent opened it. */
bool lt_own_descriptor_drop(void);

/* After a write: closes the descriptor that a vfork child opened, since its number would mean something else to the
 * parent, which goes on with this state. */
void lt_own_descriptor_end_write(void);

/* A fork child begins: closes its copy. While that is open, the other end does not see the parent end. */
void lt_own_descriptor_close_inherited(void);

/* The calls from here on are for hooks. */

/* Moves it, because the application is about to use its number; the old one stays open. */
void lt_own_descriptor_make_room(void);

/* Moves it to a higher number than `fd`; false where it stays. */
bool lt_own_descriptor_move_above(int fd);

/* It is not the library's any more: it was closed behind its back, and the number given away. */
void lt_own_descriptor_forget(void);

#endif
