/*
 * dl_iterate_phdr as libc has it. A program or another preloaded library may define the name too (libfakechroot, and
 * programs of Seastar). Theirs may call a function that this library exports, before this library knows where libc is,
 * and may leave objects out. So this library finds libc's own in the list that the dynamic linker keeps for debuggers.
 */
#include "loaded_objects.h"
#include "elf_symbols.h"

/* struct link_map and struct r_debug: debuggers read them, so every libc lays them out alike. */
struct listed_object {
    uintptr_t base;
    const char *name;
    const Elf64_Dyn *dynamic;
    const struct listed_object *next;
};
struct object_list {
    int version;
    const struct listed_object *first;
};

/* The only symbols that the library imports: glibc's dynamic linker has the first, musl's the second. */
extern const struct object_list _r_debug __attribute__((weak, visibility("default")));
extern const struct object_list *const _dl_debug_addr __attribute__((weak, visibility("default")));

typedef int iterate(lt_visit_object *visit, void *context);

static iterate *iterate_of_libc(void) {
    static const char name[] = "dl_iterate_phdr";
    const struct lt_elf_name wanted = {.name = name, .gnu_hash = lt_elf_hash(name)};
    const struct object_list *list = &_r_debug;
    if (list == NULL && &_dl_debug_addr != NULL) list = _dl_debug_addr;
    if (list == NULL) return NULL;
    for (const struct listed_object *object = list->first; object != NULL; object = object->next) {
        const struct lt_elf_tables tables = lt_elf_read(object->base, object->dynamic);
        if (!lt_elf_is_libc(&tables)) continue;
        void *const found = lt_elf_find(&tables, &wanted);
        if (found != NULL) return (iterate *)found;
    }
    return NULL;
}

void lt_each_object(lt_visit_object *visit, void *context) {
    static iterate *known;
    iterate *of_libc = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (of_libc == NULL) {
        of_libc = iterate_of_libc();
        __atomic_store_n(&known, of_libc, __ATOMIC_RELAXED);
    }
    if (of_libc != NULL) (void)of_libc(visit, context);
}
