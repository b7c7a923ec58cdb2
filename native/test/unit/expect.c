/* What the C unit tests check with. */
#include "expect.h"
#include <stdio.h>

static int failures;

void lt_expect(int holds, const char *condition, const char *file, int line) {
    if (holds) return;
    (void)__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
    fprintf(stderr, "%s:%d: %s\n", file, line, condition);
}

int lt_failures(void) {
    return failures == 0 ? 0 : 1;
}
