/* config.c: right values are taken, wrong ones count as not set, and none of any length does harm. */
#include "config.h"
#include "expect.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads `NAME=VALUE\0NAME=VALUE\0` into lt_config, which starts empty. */
static bool read_text(const char *text, size_t length) {
    struct lt_environment environment = {.text = malloc(length + 1), .length = length};
    memcpy(environment.text, text, length);
    environment.text[length] = '\0';
    memset(&lt_config, 0, sizeof lt_config);
    const bool taps = lt_config_read(&environment);
    free(environment.text);
    return taps;
}

#define READ(text) read_text(text, sizeof(text) - 1)

static void nothing_to_tap_is_off(void) {
    EXPECT(!READ(""));
    EXPECT(!READ("LLT_TAP_INTO=0\0"));
    EXPECT(!READ("LLT_TAP_INTO=\0"));
    EXPECT(!READ("LLT_TAP_INTO=4\0"));
    EXPECT(!READ("LLT_TAP_INTO=-1\0"));
    EXPECT(!READ("LLT_TAP_INTO=3x\0"));
    EXPECT(!READ("LLT_TAP_INTO=18446744073709551619\0"));
}

static void python_writes_lines_unless_told_otherwise(void) {
    EXPECT(READ("LLT_TAP_INTO=3\0") && lt_config.python == LT_PYTHON_LINES);
    EXPECT(READ("LLT_TAP_INTO=3\0LLT_PYTHON_UNBUFFERED=true\0") && lt_config.python == LT_PYTHON_UNBUFFERED);
    EXPECT(READ("LLT_TAP_INTO=3\0LLT_PYTHON_UNBUFFERED=\0") && lt_config.python == LT_PYTHON_LINES);
    EXPECT(READ("LLT_TAP_INTO=3\0LLT_PYTHON_UNBUFFERED=FALSE\0") && lt_config.python == LT_PYTHON_LINES);
    EXPECT(READ("LLT_TAP_INTO=3\0LLT_PYTHON_UNBUFFERED=false\0") && lt_config.python == LT_PYTHON_ITSELF);
}

static void a_target_is_needed(void) {
    EXPECT(!READ("LLT_TAP_INTO=3\0LLT_TARGET=\0"));
    EXPECT(!READ("LLT_TAP_INTO=3\0LLT_TARGET=file:\0"));
    EXPECT(!READ("LLT_TAP_INTO=3\0LLT_TARGET=socket\0"));
    EXPECT(!READ("LLT_TAP_INTO=3\0LLT_TARGET=tcp:/a\0"));
    EXPECT(READ("LLT_TAP_INTO=3\0"));
    EXPECT(strcmp(lt_config.target, "/tmp/liblogtap.log") == 0 && lt_config.medium == LT_TO_FILE && !lt_config.frames);
    EXPECT(READ("LLT_TAP_INTO=1\0LLT_TARGET=socket:/run/tap\0LLT_FORMAT=frame\0"));
    EXPECT(strcmp(lt_config.target, "/run/tap") == 0 && lt_config.medium == LT_TO_SOCKET && lt_config.frames);
    EXPECT(lt_config.tap_into == LT_TAP_STDOUT && lt_config.first_connect_ns == LT_BACK_OFF);
}

/* Enters `bytes` characters into a path behind `prefix`. */
static bool read_path(const char *prefix, size_t bytes) {
    static const char before[] = "LLT_TAP_INTO=3";
    const size_t length = sizeof before + strlen(prefix) + bytes + 1;
    char *text = calloc(1, length);
    memcpy(text, before, sizeof before);
    memcpy(text + sizeof before, prefix, strlen(prefix));
    memset(text + sizeof before + strlen(prefix), 'p', bytes);
    const bool taps = read_text(text, length);
    free(text);
    return taps;
}

static void paths_have_limits(void) {
    EXPECT(read_path("LLT_TARGET=socket:/", LT_SOCKET_PATH_MAX_BYTES - 1));
    EXPECT(!read_path("LLT_TARGET=socket:/", LT_SOCKET_PATH_MAX_BYTES));
    EXPECT(read_path("LLT_TARGET=file:/", LT_PATH_MAX - 2));
    EXPECT(!read_path("LLT_TARGET=file:/", LT_PATH_MAX - 1));
    EXPECT(!read_path("LLT_TARGET=file:", LT_PATH_MAX - 1));
    EXPECT(!read_path("LLT_TARGET=file:/", 100000));
}

static void names_have_limits(void) {
    EXPECT(read_path("LLT_CONTAINER=", LT_NAME_MAX_BYTES));
    EXPECT(strlen(lt_config.container) == LT_NAME_MAX_BYTES);
    EXPECT(read_path("LLT_CONTAINER=", LT_NAME_MAX_BYTES + 1));
    EXPECT(strlen(lt_config.container) == 0);
}

static void waiting_is_asked_for(void) {
    EXPECT(READ("LLT_TAP_INTO=3\0LLT_ON_FULL=block:250\0") && lt_config.block_ms == 250);
    EXPECT(READ("LLT_TAP_INTO=3\0LLT_ON_FULL=pass\0") && lt_config.block_ms == 0);
    EXPECT(READ("LLT_TAP_INTO=3\0LLT_ON_FULL=block:\0") && lt_config.block_ms == 0);
    EXPECT(READ("LLT_TAP_INTO=3\0LLT_ON_FULL=block:1s\0") && lt_config.block_ms == 0);
    EXPECT(READ("LLT_TAP_INTO=3\0LLT_ON_FULL=block:99999999999\0") && lt_config.block_ms == 0);
    EXPECT(READ("LLT_TAP_INTO=3\0LLT_ON_FULL=b\0") && lt_config.block_ms == 0);
}

/* Whether LLT_TAP_FILE comes to these paths, one behind the other. */
static bool taps_files(const char *paths, size_t length) {
    return lt_config.tap_files != NULL && memcmp(lt_config.tap_files, paths, length) == 0;
}

#define TAPS_FILES(paths) taps_files(paths "\0", sizeof(paths) + 1)

static void files_are_a_list(void) {
    EXPECT(READ("LLT_TAP_FILE=/a\0") && TAPS_FILES("/a"));
    EXPECT(READ("LLT_TAP_FILE=/a:/b/*.log:/c d\0") && TAPS_FILES("/a\0/b/*.log\0/c d"));
    EXPECT(READ("LLT_TAP_FILE=:/a::/b:\0") && TAPS_FILES("/a\0/b"));
    EXPECT(!READ("LLT_TAP_FILE=\0"));
    EXPECT(!READ("LLT_TAP_FILE=::\0"));
    EXPECT(chdir("/tmp") == 0);
    EXPECT(READ("LLT_TAP_FILE=a:/b:./c\0") && TAPS_FILES("/tmp/a\0/b\0/tmp/./c"));
}

static void a_file_path_that_is_too_long_leaves_the_others(void) {
    char text[2 * LT_PATH_MAX] = "LLT_TAP_FILE=/a:/";
    memset(text + strlen(text), 'p', LT_PATH_MAX - 1);
    strcat(text, ":/b");
    EXPECT(read_text(text, strlen(text) + 1) && TAPS_FILES("/a\0/b"));
}

int main(void) {
    files_are_a_list();
    a_file_path_that_is_too_long_leaves_the_others();
    nothing_to_tap_is_off();
    python_writes_lines_unless_told_otherwise();
    a_target_is_needed();
    paths_have_limits();
    names_have_limits();
    waiting_is_asked_for();
    return lt_failures();
}
