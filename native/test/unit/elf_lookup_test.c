/* elf_lookup.c in a real process: what it finds is what the dynamic linker finds. */
#define _GNU_SOURCE
#include "elf_lookup.h"
#include "expect.h"
#include <dlfcn.h>
#include <stddef.h>

static void symbols_are_those_of_the_dynamic_linker(void) {
    static const char *const names[] = {"write", "open64", "fork", "_IO_file_jumps", "stdout", "no_such_symbol_at_all"};
    enum { COUNT = sizeof names / sizeof *names };
    void *found[COUNT] = {0};
    struct lt_symbol symbols[COUNT];
    for (int i = 0; i < COUNT; i++)
        symbols[i] = (struct lt_symbol){.name = names[i], .address = &found[i]};
    lt_lookup_next(symbols, COUNT);
    void *libc = dlopen("libc.so.6", RTLD_NOLOAD | RTLD_LAZY);
    EXPECT(libc != NULL);
    for (int i = 0; i < COUNT; i++) {
        void *wanted = dlsym(RTLD_NEXT, names[i]);
        EXPECT(symbols[i].found == (wanted != NULL));
        EXPECT(found[i] == wanted);
    }
}

static void versions_are_those_of_the_dynamic_linker(void) {
    static const char *const names[] = {"posix_spawn", "posix_spawnp", "write"};
    static const char *const versions[] = {"GLIBC_2.2.5", "GLIBC_2.15", "GLIBC_2.17", "GLIBC_2.99"};
    void *libc = dlopen("libc.so.6", RTLD_NOLOAD | RTLD_LAZY);
    for (size_t i = 0; i < sizeof names / sizeof *names * (sizeof versions / sizeof *versions); i++) {
        void *found = NULL;
        struct lt_symbol symbol = {.name = names[i % 3], .version = versions[i / 3], .address = &found, .origins = LT_LIBC};
        lt_lookup_next(&symbol, 1);
        EXPECT(found == dlvsym(libc, names[i % 3], versions[i / 3]));
    }
}

static void places_are_known(void) {
    void *jumps = dlsym(RTLD_DEFAULT, "_IO_file_jumps");
    const struct lt_range relro = lt_lookup_relro(jumps);
    EXPECT(relro.start < relro.end);
    EXPECT(relro.start <= (uintptr_t)jumps && (uintptr_t)jumps < relro.end);
    EXPECT(lt_lookup_is_code(jumps, dlsym(RTLD_NEXT, "fork")));
    EXPECT(!lt_lookup_is_code(jumps, jumps));
    EXPECT(!lt_lookup_is_code(jumps, (void *)&places_are_known));
    int on_the_stack = 0;
    EXPECT(lt_lookup_relro(&on_the_stack).end == 0);
}

static void an_object_is_searched_alone(void) {
    void *jumps = dlsym(RTLD_DEFAULT, "_IO_file_jumps");
    void *found[] = {NULL, NULL};
    struct lt_symbol symbols[] = {
        {.name = "_IO_file_jumps", .address = &found[0]},
        {.name = "dl_iterate_phdr_of_no_object", .address = &found[1]},
    };
    const struct lt_range libc = lt_lookup_in_object(jumps, symbols, 2);
    EXPECT(symbols[0].found && found[0] == jumps && !symbols[1].found && found[1] == NULL);
    EXPECT(libc.start <= (uintptr_t)jumps && (uintptr_t)jumps < libc.end);
    EXPECT(!(libc.start <= (uintptr_t)&places_are_known && (uintptr_t)&places_are_known < libc.end));

    found[0] = NULL;
    (void)lt_lookup_in_object((void *)&places_are_known, symbols, 1);
    EXPECT(!symbols[0].found && found[0] == NULL);
    int on_the_stack = 0;
    EXPECT(lt_lookup_in_object(&on_the_stack, symbols, 1).end == 0);
}

int main(void) {
    an_object_is_searched_alone();
    symbols_are_those_of_the_dynamic_linker();
    versions_are_those_of_the_dynamic_linker();
    places_are_known();
    return lt_failures();
}
