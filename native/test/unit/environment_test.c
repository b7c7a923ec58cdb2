/* environment.c: a variable is found by its whole name only, and overwritten in the process's real environment, which
 * its children inherit. Runs itself again with an environment of its own. */
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
        /* It was changed since: it is left alone. */
        getenv("LLT_TEST")[0] = 'a';
        EXPECT(!lt_environment_overwrite(&environment, value, "again!"));
        EXPECT(strcmp(getenv("LLT_TEST"), "aFTER.") == 0);
    }
    lt_environment_free(&environment);
    EXPECT(environment.text == NULL && environment.length == 0);
    lt_environment_free(&environment);
}

int main(int argc, char **argv) {
    if (argc > 1) {
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
