/* A program that cannot be modified: it knows nothing about logtap and writes with plain stdio. */
#include <stdio.h>

int main(void) {
    for (int order = 1; order <= 5; order++) printf("order %d accepted\n", order);
    fprintf(stderr, "stock is low\n");
    return 0;
}
