/* Prints in place of a function of libc that writes by itself. */
#ifndef LT_PRINT_H
#define LT_PRINT_H

#include "sys.h"

/* Writes all of a text to a descriptor that may be tapped, as libc does inside: no cancellation point, nothing of a
 * library behind us, and no caller sees an error. */
void lt_print(int fd, const char *text, size_t length);

#endif
