/* A program that embeds the CPython of a shared library, and asks for itself whether stdout is a terminal. Twice over:
 * Python may be initialized again. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct status {
    int type;
    const char *function;
    const char *message;
    int code;
};

static void *python;

static void *find(const char *name) {
    void *symbol = dlsym(python, name);
    return symbol;
}

int main(int count, char **arguments) {
    (void)count;
    python = dlopen(arguments[1], RTLD_NOW | RTLD_GLOBAL);
    if (python == NULL) return fprintf(stderr, "%s\n", dlerror()), 2;
    void (*initialize)(void) = find("Py_Initialize");
    void (*configure)(void *) = find("PyConfig_InitPythonConfig"); /* of 3.8 and later */
    struct status (*read)(void *) = find("PyConfig_Read");
    int (*run)(const char *) = find("PyRun_SimpleString");
    int (*finalize)(void) = find("Py_FinalizeEx");
    for (int i = 0; i < 2; i++) {
        const int before = isatty(1);
        int configured = 0;
        if (configure != NULL) {
            static char config[1 << 16]; /* longer than that of any version */
            memset(config, 0, sizeof config);
            configure(config);
            if (read(config).type != 0) return 3;
            configured = isatty(1);
        }
        initialize();
        printf("isatty %d %d %d\n", before, configured, isatty(1));
        fflush(stdout);
        if (run("import sys; print(sys.stdout.line_buffering, sys.stdout.isatty())") != 0) return 4;
        if (finalize() != 0) return 5;
    }
    return 0;
}
