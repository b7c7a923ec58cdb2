/* A program in which every name that the library exports means something else. Compiled twice: -DDEFINES, as the object
 * that defines the names, and without it, as the program that calls them; or as one with both. NAMES: X(name)...;
 * VARIADIC: the functions take their arguments by va_arg. */
#include <stdarg.h>
#include <stdio.h>

/* Returned in memory, whose address is passed in a register of its own. */
struct answer {
    double numbers;
    long integers;
    const char *name;
};

#ifdef VARIADIC
#define PARAMETERS long a, double x, ...
#else
#define PARAMETERS                                                                                                     \
    long a, double x, long b, double y, long c, double z, long d, double u, long e, double v, long f, double w,        \
        long g, double s, long h, double t, long i, double r, long k, double q
#endif

/* More than fit into registers. */
#define ARGUMENTS 1L, 1.5, 2L, 2.5, 3L, 3.5, 4L, 4.5, 5L, 5.5, 6L, 6.5, 7L, 7.5, 8L, 8.5, 9L, 9.5, 10L, 10.5
enum { PAIRS = 10 };

#define X(symbol) struct answer own_##symbol(PARAMETERS) __asm__(#symbol);
NAMES
#undef X

#ifdef DEFINES
#ifdef VARIADIC
#define BODY                                                                                                           \
    va_list rest;                                                                                                      \
    va_start(rest, x);                                                                                                 \
    for (int n = 2; n <= PAIRS; n++) {                                                                                 \
        a = a * 3 + va_arg(rest, long);                                                                                \
        x = x * 3 + va_arg(rest, double);                                                                              \
    }                                                                                                                  \
    va_end(rest);
#else
#define BODY                                                                                                           \
    const long integers[] = {b, c, d, e, f, g, h, i, k};                                                               \
    const double numbers[] = {y, z, u, v, w, s, t, r, q};                                                              \
    for (int n = 0; n < PAIRS - 1; n++) {                                                                              \
        a = a * 3 + integers[n];                                                                                       \
        x = x * 3 + numbers[n];                                                                                        \
    }
#endif
#define X(symbol)                                                                                                        \
    struct answer own_##symbol(PARAMETERS) {                                                                             \
        BODY return (struct answer){x, a, #symbol};                                                                      \
    }
NAMES
#undef X
#endif

#ifndef LIBRARY
int main(void) {
    long integers = 1;
    double numbers = 1.5;
    for (int n = 2; n <= PAIRS; n++) {
        integers = integers * 3 + n;
        numbers = numbers * 3 + n + 0.5;
    }
#define X(symbol)                                                                                                        \
    {                                                                                                                  \
        const struct answer got = own_##symbol(ARGUMENTS);                                                               \
        printf("%s %s\n", got.name, got.integers == integers && got.numbers == numbers ? "right" : "wrong");           \
    }
    NAMES
    return 0;
}
#endif
