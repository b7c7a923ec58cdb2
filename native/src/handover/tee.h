/* A write to a tapped descriptor: the copy and the original, in the order that suppression asks for. */
#ifndef LT_TEE_H
#define LT_TEE_H

#include "virtual_file.h"

/* At the start of the process. False without memory. */
bool lt_tee_set_up(void);

/* How to write to the original: parts of one write, in a context of the hook's own. `skip` bytes of the application's
 * write went before. Answers as write(2), with errno. */
typedef ssize_t (*lt_original)(const void *context, const struct iovec *parts, int count, size_t skip);

/*
 * Tee: writes to the original, then copies the bytes it took. Suppress: hands over, then writes the rest to the
 * original, so that every byte the application takes for written is. Answers the result for the application, with
 * errno. `offset`: where the application writes to, LT_NO_OFFSET for where the descriptor is.
 */
ssize_t lt_tee(unsigned stream, off_t offset, const struct iovec *parts, int count, lt_original original,
               const void *context);

#endif
