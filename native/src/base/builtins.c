/* The four functions that gcc calls even from freestanding code. Hidden: no other object sees them. Used: the calls
 * appear only after link-time optimisation has looked for them. */
#include "text.h"

#define USED __attribute__((used))

USED void *memcpy(void *to, const void *from, size_t length) {
    lt_copy(to, from, length);
    return to;
}

USED void *memmove(void *to, const void *from, size_t length) {
    if ((uintptr_t)to <= (uintptr_t)from) {
        lt_copy(to, from, length);
        return to;
    }
    for (size_t i = length; i > 0; i--)
        ((uint8_t *)to)[i - 1] = ((const uint8_t *)from)[i - 1];
    return to;
}

USED void *memset(void *at, int byte, size_t length) {
    for (size_t i = 0; i < length; i++)
        ((uint8_t *)at)[i] = (uint8_t)byte;
    return at;
}

USED int memcmp(const void *one, const void *other, size_t length) {
    const uint8_t *a = one;
    const uint8_t *b = other;
    for (size_t i = 0; i < length; i++) {
        if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    }
    return 0;
}
