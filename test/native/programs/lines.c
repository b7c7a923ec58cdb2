/* printf's numbered lines and ends at once: lines COUNT */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    const int count = argc > 1 ? atoi(argv[1]) : 10;
    for (int i = 0; i < count; i++)
        printf("line %d of a program that ends at once\n", i);
    return 0;
}
