/* A dl_iterate_phdr that is not libc's, as libfakechroot has one, and Seastar's programs. Before it goes on it calls a
 * function that the library exports (ASKS), or it answers from a list of its own, which is empty at first (FORGETS).
 * With MAIN it lies in the program. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <unistd.h>

#ifndef CALLS_ONLY
int dl_iterate_phdr(int (*visit)(struct dl_phdr_info *, size_t, void *), void *context) {
#ifdef ASKS
    int (*next)(int (*)(struct dl_phdr_info *, size_t, void *), void *) = dlsym(RTLD_NEXT, "dl_iterate_phdr");
    if (fcntl(STDOUT_FILENO, F_GETFD) < 0) return -1;
    return next == NULL ? -1 : next(visit, context);
#else
    (void)visit, (void)context;
    return 0;
#endif
}
#endif

#ifdef MAIN
int main(void) {
    for (int i = 0; i < 20; i++)
        printf("line %d\n", i);
    fflush(stdout);
    return write(STDOUT_FILENO, "end\n", 4) == 4 ? 0 : 1;
}
#endif
