/* Has the names by which the library knows a CPython, of the version in its first argument, and asks what it asks. */
#include <errno.h>
#include <fcntl.h>
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

/* What is asked of a descriptor of which a stream is made. */
__attribute__((noinline)) static int make_stream(int fd) {
    if (fcntl(fd, F_GETFD) < 0) exit(2);
    return isatty(fd);
}

int main(int count, char **arguments) {
    version = count > 1 ? arguments[1] : "";
    const char *unbuffered = getenv("PYTHONUNBUFFERED");
    printf("PYTHONUNBUFFERED %s\n", unbuffered == NULL ? "(null)" : unbuffered);
    printf("before %d %d\n", make_stream(1), isatty(2));

    state = &state;
    errno = 7;
    const int first = make_stream(1);
    const int number = errno;
    printf("first %d %d %d, errno %s\n", first, make_stream(2), isatty(0) | isatty(3) | isatty(-1),
           number == 7 ? "kept" : "lost");

    is_initialized = 1;
    printf("then %d %d\n", isatty(1), isatty(2));
    (void)fcntl(1, F_GETFD); /* as os.get_inheritable(1) */
    printf("looked at %d %d\n", isatty(1), isatty(2));

    const int further = make_stream(1);
    const int again = isatty(1);
    printf("further %d %d %d\n", further, again, make_stream(2));
    printf("then %d %d\n", isatty(1), isatty(2));
    return 0;
}
