/* An arbitrary environment: every setting is looked up in it as the library does, and read by it. What is found is held
 * against a search of the fuzzer's own. */
#include "container_stdio.c"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int fprintf(void *stream, const char *format, ...);
extern void *stderr;

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition), abort();                     \
    } while (0)

/* The first NAME=VALUE whose name is this one. */
static const char *search(const char *text, size_t length, const char *name) {
    for (const char *at = text; at < text + length; at += strlen(at) + 1) {
        const char *equals = strchr(at, '=');
        if (equals != NULL && (size_t)(equals - at) == strlen(name) && memcmp(at, name, strlen(name)) == 0) {
            return equals + 1;
        }
    }
    return NULL;
}

static void streams_come_back(const char *value) {
    struct lt_container_stdio stdio = {0};
    if (!parse(value, &stdio)) {
        /* Refused as a whole. */
        REQUIRE(stdio.out.inode == 0 && stdio.error.inode == 0);
        return;
    }
    char *out = malloc(LT_STDIO_PLACEHOLDER_BYTES + 1);
    lt_container_stdio_format(&stdio, out);
    REQUIRE(strcmp(out, value) == 0);
    free(out);
}

static void settings_are_sane(const struct lt_environment *environment) {
    memset(&lt_config, 0, sizeof lt_config);
    if (!lt_config_read(environment)) return;
    REQUIRE(lt_config.tap_into <= 3);
    REQUIRE(lt_config.target[0] == '/' && memchr(lt_config.target, 0, sizeof lt_config.target) != NULL);
    const char *path = lt_config.tap_files;
    for (; path != NULL && *path != '\0'; path += strlen(path) + 1)
        REQUIRE(*path == '/' && strlen(path) < LT_PATH_MAX);
    if (path != NULL) munmap((void *)lt_config.tap_files, (size_t)(path + 1 - lt_config.tap_files));
    REQUIRE(memchr(lt_config.container, 0, sizeof lt_config.container) != NULL);
    REQUIRE(lt_config.medium != LT_TO_SOCKET || strlen(lt_config.target) <= LT_SOCKET_PATH_MAX_BYTES);
    REQUIRE(lt_config.block_ms <= UINT32_MAX && lt_config.passive_ms <= UINT32_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static const char *const names[] = {
        LT_ENV_DISABLE, LT_ENV_TAP_INTO, LT_ENV_SUPPRESS_STDOUT, LT_ENV_TAP_FILE,  LT_ENV_TARGET,
        LT_ENV_FORMAT,  LT_ENV_ON_FULL,  LT_ENV_FIRST_CONNECT,   LT_ENV_CONTAINER, LT_ENV_STDIO,
    };
    /* As lt_proc_self_read leaves it: terminated, and nothing readable behind. */
    struct lt_environment environment = {.text = malloc(length + 1), .length = length};
    memcpy(environment.text, bytes, length);
    environment.text[length] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        REQUIRE(lt_environment_get(&environment, names[i]) == search(environment.text, length, names[i]));
    }
    const char *streams = lt_environment_get(&environment, LT_ENV_STDIO);
    if (streams != NULL) streams_come_back(streams);
    settings_are_sane(&environment);
    free(environment.text);
    return 0;
}
