/* Has the names by which the library knows a CPython, of the version in its first argument, and asks what it asks. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *version;
static int is_initialized;
static void *state;

const char *Py_GetVersion(void) {
    return version;
}

int Py_IsInitialized(void) {
    return is_initialized;
}

void *PyGILState_GetThisThreadState(void) {
    return state;
}

#ifdef OWN_ISATTY
int isatty(int fd) {
    (void)fd;
    return 5;
}
#endif

int main(int count, char **arguments) {
    version = count > 1 ? arguments[1] : "";
    const char *unbuffered = getenv("PYTHONUNBUFFERED");
    const int without_state = isatty(1);
    state = &state;
    const int others = isatty(0) | isatty(3) | isatty(-1);
    errno = 7;
    const int while_made = isatty(1);
    const int number = errno;
    is_initialized = 1;
    const int afterwards = isatty(1);
    printf("PYTHONUNBUFFERED %s, isatty %d %d %d, of others %d, errno 7 %s\n", unbuffered == NULL ? "(null)" : unbuffered,
           without_state, while_made, afterwards, others, number == 7 ? "kept" : "lost");
    return 0;
}
