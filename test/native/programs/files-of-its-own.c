/* Streams that look like the container's and are not: a temporary file, and pipes to and from children. */
#include <stdio.h>
#include <string.h>

int main(void) {
    char line[64] = "";
    FILE *file = tmpfile();
    if (file == NULL || fputs("temporary\n", file) == EOF) return 1;
    rewind(file);
    if (fgets(line, sizeof line, file) == NULL || strcmp(line, "temporary\n") != 0) return 2;
    if (fclose(file) != 0) return 3;
    FILE *to = popen("cat", "w");
    if (to == NULL || fputs("to a child\n", to) == EOF || pclose(to) != 0) return 4;
    FILE *from = popen("echo from a child", "r");
    if (from == NULL || fgets(line, sizeof line, from) == NULL || pclose(from) != 0) return 5;
    return printf("%s", line) > 0 ? 0 : 6;
}
