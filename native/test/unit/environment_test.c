/* environment.c: a variable is found by its whole name only, and overwritten in the process's real environment, which
 * its children inherit. It is read where the dynamic linker says, unless another has changed it there. Runs itself again
 * with an environment of its own. */
#define _GNU_SOURCE
#include "environment.h"
#include "expect.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *value_in(const char *text, size_t length, const char *name) {
    struct lt_environment environment = {.text = malloc(length + 1), .length = length};
    memcpy(environment.text, text, length);
    environment.text[length] = '\0';
    const char *value = lt_environment_get(&environment, name);
    const char *copy = value == NULL ? NULL : strdup(value);
    free(environment.text);
    return copy;
}

#define VALUE_IN(text, name) value_in(text, sizeof(text) - 1, name)

static bool is(const char *value, const char *wanted) {
    const bool same = value == NULL || wanted == NULL ? value == wanted : strcmp(value, wanted) == 0;
    free((void *)value);
    return same;
}

static void variables_are_found_by_their_whole_name(void) {
    EXPECT(is(VALUE_IN("", "LLT_A"), NULL));
    EXPECT(is(VALUE_IN("LLT_A=1\0", "LLT_A"), "1"));
    EXPECT(is(VALUE_IN("LLT_A=1", "LLT_A"), "1"));
    EXPECT(is(VALUE_IN("LLT_A", "LLT_A"), NULL));
    EXPECT(is(VALUE_IN("LLT_", "LLT_A"), NULL));
    EXPECT(is(VALUE_IN("LLT_A=\0", "LLT_A"), ""));
    EXPECT(is(VALUE_IN("XLLT_A=1\0LLT_AB=2\0LLT_A=3\0LLT_A=4\0", "LLT_A"), "3"));
    EXPECT(is(VALUE_IN("\0\0=\0LLT_A==\0", "LLT_A"), "="));
}

static void the_real_one_is_overwritten_in_place(void) {
    struct lt_environment environment;
    EXPECT(lt_environment_read(&environment));
    const char *value = lt_environment_get(&environment, "LLT_TEST");
    EXPECT(value != NULL && strcmp(value, "before") == 0);
    if (value != NULL) {
        EXPECT(!lt_environment_overwrite(&environment, value, "longer than before"));
        EXPECT(strcmp(getenv("LLT_TEST"), "before") == 0);
        EXPECT(lt_environment_overwrite(&environment, value, "AFTER."));
        EXPECT(strcmp(getenv("LLT_TEST"), "AFTER.") == 0);
        EXPECT(strcmp(value, "AFTER.") == 0);
        /* It was changed since the copy: it is left alone. */
        getenv("LLT_TEST")[0] = 'a';
        EXPECT(lt_environment_overwrite(&environment, value, "again!") == environment.is_in_place);
        EXPECT(strcmp(getenv("LLT_TEST"), environment.is_in_place ? "again!" : "aFTER.") == 0);
    }
    lt_environment_free(&environment);
    EXPECT(environment.text == NULL && environment.length == 0);
    lt_environment_free(&environment);
}

static long calls;

static bool count_calls(long number, long a, long b, long c, long d, long e, long f) {
    (void)number, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    calls++;
    return true;
}

/* Answers whether it was taken from where the dynamic linker said, without a system call. */
static bool all_is_read(int argc, char **argv) {
    struct lt_environment environment;
    lt_environment_given(argc, argv, environ);
    calls = 0;
    EXPECT(lt_environment_read(&environment));
    EXPECT(is(strdup(lt_environment_get(&environment, "FIRST")), "1"));
    EXPECT(is(strdup(lt_environment_get(&environment, "LLT_TEST")), "before"));
    EXPECT(is(strdup(lt_environment_get(&environment, "LAST")), ""));
    EXPECT(lt_environment_get(&environment, "NONE") == NULL);
    /* The last byte is the end of a string, and behind the last variable nothing belongs to it. */
    EXPECT(environment.length == sizeof "FIRST=1" + sizeof "LLT_TEST=before" + sizeof "LAST=");
    EXPECT(environment.is_in_place == (calls == 0));
    const bool is_in_place = environment.is_in_place;
    lt_environment_free(&environment);
    return is_in_place;
}

/* As by a constructor that came before: the vector of variables is changed in place. */
static void what_another_changed_is_read_from_the_kernel(int argc, char **argv) {
    static const char *const names[] = {"FIRST", "LLT_TEST", "LAST"};
    char *before[4];
    memcpy(before, environ, sizeof before);
    lt_call_filter = count_calls;
    EXPECT(all_is_read(argc, argv));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char **const place = environ;
        EXPECT(unsetenv(names[i]) == 0);
        EXPECT(!all_is_read(argc, argv));
        environ = place;
        memcpy(environ, before, sizeof before);
        EXPECT(all_is_read(argc, argv));
    }
    char *const other = environ[1];
    environ[1] = "LLT_TEST=else";
    EXPECT(!all_is_read(argc, argv));
    environ[1] = other;
    argv[argc - 1] = "elsewhere";
    EXPECT(!all_is_read(argc, argv));
    EXPECT(!all_is_read(0, argv));
    lt_call_filter = NULL;
}

int main(int argc, char **argv) {
    if (argc > 1) {
        char *const last = argv[argc - 1];
        what_another_changed_is_read_from_the_kernel(argc, argv);
        /* First by the place that the kernel tells, as a copy was read; then by that of the dynamic linker. */
        lt_environment_given(0, NULL, NULL);
        the_real_one_is_overwritten_in_place();
        memcpy(getenv("LLT_TEST"), "before", sizeof "before");
        argv[argc - 1] = last;
        lt_environment_given(argc, argv, environ);
        the_real_one_is_overwritten_in_place();
        return lt_failures();
    }
    variables_are_found_by_their_whole_name();
    if (lt_failures() != 0) return 1;
    char *const arguments[] = {argv[0], "again", NULL};
    char *const variables[] = {"FIRST=1", "LLT_TEST=before", "LAST=", NULL};
    execve(argv[0], arguments, variables);
    return 1;
}
