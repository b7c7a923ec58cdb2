/* path.c: what patterns match, and that every pattern ends in time. */
#include "path.h"
#include "expect.h"
#include <string.h>

static const struct {
    const char *pattern;
    const char *path;
    bool matches;
} cases[] = {
    {"", "", true},
    {"a", "a", true},
    {"a", "b", false},
    {"a", "ab", false},
    {"ab", "a", false},
    {"*", "", true},
    {"*", "abc", true},
    {"*", "a/b", false},
    {"*.log", "app.log", true},
    {"*.log", ".log", true},
    {"*.log", "app.log.1", false},
    {"*.log", "sub/app.log", false},
    {"*.log*", "app.log.1", true},
    {"a*b*c", "aXbYbZc", true},
    {"a*b*c", "aXbYbZ", false},
    {"*/x", "a/x", true},
    {"*/x", "a/b/x", false},
    {"a?c", "abc", true},
    {"a?c", "ac", false},
    {"a?c", "a/c", false},
    {"?", "", false},
    {"[ab]", "b", true},
    {"[ab]", "c", false},
    {"[a-c]x", "bx", true},
    {"[a-c]", "d", false},
    {"[!a-c]", "d", true},
    {"[!a-c]", "b", false},
    {"[^a]", "b", true},
    {"[]]", "]", true},
    {"[!]]", "]", false},
    {"[a-]", "-", true},
    {"[!a]", "/", false},
    {"[/]", "/", false},
    {"[a", "[a", true}, /* no set without its end */
    {"[", "[", true},
    {"[\xc3-\xc4]", "\xc3", true}, /* bytes are not signed */
    {"**", "a/b/c", true},
    {"**/*.log", "app.log", true},
    {"**/*.log", "a/b/app.log", true},
    {"**/*.log", "a/b/app.txt", false},
    {"a/**/b", "a/b", true},
    {"a/**/b", "a/x/y/b", true},
    {"a/**/b", "ab", false},
    {"a/**", "a/b/c", true},
    {"a/**/b/*.log", "a/x/b/y/b/c.log", true},
    {"a/**/b/*.log", "a/x/b/y/c.log", false},
    {"a**c", "abbc", true}, /* not a whole name: one star */
    {"a**c", "ab/c", false},
    {"***", "a/b", true},
};

int main(void) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const bool matches = lt_path_matches(cases[i].pattern, cases[i].path);
        lt_expect(matches == cases[i].matches, cases[i].pattern, cases[i].path, (int)i);
    }
    EXPECT(lt_path_is_pattern("/a/*") && lt_path_is_pattern("?") && lt_path_is_pattern("a[") && !lt_path_is_pattern("/a.b-c"));
    /* Every star could match every length: tried one by one, that would never end. */
    char path[LT_PATH_MAX];
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    EXPECT(!lt_path_matches("a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", path));
    memset(path, '/', sizeof path - 1);
    EXPECT(!lt_path_matches("**/*/**/*/**/*/**/*/**/a", path));
    return lt_failures();
}
