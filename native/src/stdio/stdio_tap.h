/* Taps stdio, whose writes never pass through an exported function. One file per libc; on any other libc nothing
 * happens.
 */
#ifndef LT_STDIO_TAP_H
#define LT_STDIO_TAP_H

#include "libc_next.h"

/* glibc: taps every FILE that is open or will be. False when this is not glibc. */
bool lt_stdio_glibc_tap(void);

/* musl: taps the standard streams. False when this is not musl; then the two below do nothing. */
bool lt_stdio_musl_tap(void);

/* A FILE has just been opened. */
void lt_stdio_musl_opened(FILE *file);

/* A FILE is about to be closed: flushes it while its descriptor is still the same file. */
int lt_stdio_musl_closing(FILE *file);

#endif
