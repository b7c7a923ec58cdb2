/* Filters of system calls (seccomp) that the application installs: a call that it did not foresee ends it.
 *
 * So the library keeps a copy of each filter and asks it before each system call of its own (sys.h). One that the
 * filter would not let pass is not made, and fails with EPERM. A filter holds for one thread; here it counts for all.
 */
#ifndef LT_CONFINEMENT_H
#define LT_CONFINEMENT_H

#include "sys.h"

struct lt_confinement {
    bool is_strict;      /* SECCOMP_MODE_STRICT; otherwise: */
    const void *program; /* struct sock_fprog of the application */
};

enum { LT_NO_FILTER = -1 };

/* A filter is about to be installed. Answers its number, for lt_confinement_withdraw where the kernel refuses it. */
int lt_confinement_add(const struct lt_confinement *filter);
void lt_confinement_withdraw(int number);

/* Whether all filters let a system call pass. */
bool lt_confinement_allows(long number, long a, long b, long c, long d, long e, long f);

/* Whether the application may still make all of these calls, judged without their arguments. */
bool lt_confinement_allows_all(const long *calls, size_t count);

/* Whether a program that this process starts may make the calls of the library's start and of its first line. */
bool lt_confinement_allows_start(void);

#endif
