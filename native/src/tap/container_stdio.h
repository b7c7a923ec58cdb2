/* Which streams are the container's stdout and stderr: those of its first process, wherever they are written. */
#ifndef LT_CONTAINER_STDIO_H
#define LT_CONTAINER_STDIO_H

#include "environment.h"
#include "file_identity.h"

/* After the kernel's headers, which leave out macros where they see those of a C library first. */
#include "contract.h"

struct lt_container_stdio {
    struct lt_file_identity out; /* nothing: the container has no such stream, or this process may not know it */
    struct lt_file_identity error;
    bool has_shared_device; /* one of them is /dev/null or its like, which takes bytes that cannot be read */
};

/* Finds them. A placeholder in the environment is overwritten by the answer, for the children of this process. */
struct lt_container_stdio lt_container_stdio_find(const struct lt_environment *environment);

/* As a value of LLT_STDIO. */
void lt_container_stdio_format(const struct lt_container_stdio *stdio, char out[LT_STDIO_PLACEHOLDER_BYTES + 1]);

#endif
