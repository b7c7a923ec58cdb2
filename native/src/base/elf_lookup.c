/* Symbols of the objects that the dynamic linker has loaded. */
#include "elf_lookup.h"
#include "elf_symbols.h"
#include "loaded_objects.h"
#include "text.h"

#ifndef PT_GNU_RELRO
#define PT_GNU_RELRO 0x6474e552
#endif

struct search {
    struct lt_symbol *symbols;
    size_t count;
    size_t index;     /* of the object that is visited */
    bool behind_us;   /* this library has been visited */
    bool look_before; /* second pass: the objects before this library */
    bool everywhere;  /* in all objects alike */
};

static bool contains(const struct lt_object *object, uintptr_t address) {
    for (int i = 0; i < object->header_count; i++) {
        const Elf64_Phdr *header = &object->headers[i];
        const uintptr_t start = object->base + header->p_vaddr;
        if (header->p_type == PT_LOAD && address >= start && address < start + header->p_memsz) return true;
    }
    return false;
}

static struct lt_elf_tables tables_of(const struct lt_object *object) {
    const Elf64_Dyn *dynamic = NULL;
    for (int i = 0; i < object->header_count; i++) {
        if (object->headers[i].p_type == PT_DYNAMIC) {
            dynamic = (const Elf64_Dyn *)(object->base + object->headers[i].p_vaddr);
        }
    }
    return lt_elf_read(object->base, dynamic);
}

static struct lt_elf_name wanted_of(const struct lt_symbol *symbol) {
    return (struct lt_elf_name){.name = symbol->name, .version = symbol->version, .gnu_hash = symbol->gnu_hash};
}

static void hash_names(struct lt_symbol *symbols, size_t count) {
    for (size_t i = 0; i < count; i++)
        symbols[i].gnu_hash = lt_elf_hash(symbols[i].name);
}

/* Whether `name` ends a string somewhere in the range: linkers let strings with a common end share their bytes. */
static bool holds_text(struct lt_range range, const char *name) {
    const size_t size = lt_length(name) + 1;
    for (uintptr_t at = range.start; at + size <= range.end; at++) {
        if (*(const char *)at == *name && lt_same((const char *)at, name, size)) return true;
    }
    return false;
}

/* Whether `name` lies in the object's memory other than as the name of a symbol: so it may be given to dlsym. */
static bool knows_name(const struct lt_object *object, const struct lt_elf_tables *tables, const char *name) {
    const uintptr_t names_start = (uintptr_t)tables->strings;
    const uintptr_t names_end = names_start + tables->string_bytes;
    for (int i = 0; i < object->header_count; i++) {
        const Elf64_Phdr *header = &object->headers[i];
        if (header->p_type != PT_LOAD || (header->p_flags & PF_R) == 0) continue;
        const struct lt_range all = {object->base + header->p_vaddr, object->base + header->p_vaddr + header->p_filesz};
        struct lt_range before = all;
        struct lt_range behind = {all.end, all.end};
        if (names_start >= all.start && names_end <= all.end) {
            before.end = names_start;
            behind.start = names_end;
        }
        if (holds_text(before, name) || holds_text(behind, name)) return true;
    }
    return false;
}

/* A library with a function of its own may have given it any signature, so one that is not libc's counts as a wrapper
 * only where it can ask for the function that it wraps. */
static enum lt_origin origin_of(const struct lt_object *object, const struct lt_elf_tables *tables, const char *name) {
    const bool can_ask = lt_elf_imports(tables, "dlsym") || lt_elf_imports(tables, "dlvsym");
    return can_ask && knows_name(object, tables, name) ? LT_WRAPPER : LT_FOREIGN;
}

static bool is_left_out(const struct search *search, bool is_program) {
    if (search->everywhere) return false;
    return search->look_before ? is_program : !search->behind_us;
}

static int visit(struct lt_object *object, size_t size, void *context) {
    (void)size;
    struct search *search = context;
    const bool is_program = search->index++ == 0;
    if (contains(object, (uintptr_t)&lt_lookup_next)) {
        search->behind_us = true;
        if (!search->everywhere) return search->look_before;
    }
    if (is_left_out(search, is_program)) return 0;
    const struct lt_elf_tables tables = tables_of(object);
    const bool of_libc = lt_elf_is_libc(&tables);
    for (size_t i = 0; i < search->count; i++) {
        struct lt_symbol *symbol = &search->symbols[i];
        if (symbol->found || (of_libc && symbol->origins != 0 && (symbol->origins & LT_LIBC) == 0)) continue;
        const struct lt_elf_name wanted = wanted_of(symbol);
        void *address = lt_elf_find(&tables, &wanted);
        if (address == NULL) continue;
        if (symbol->origins != 0) {
            symbol->origin = of_libc ? LT_LIBC : origin_of(object, &tables, symbol->name);
            if ((symbol->origins & symbol->origin) == 0) continue;
        }
        *symbol->address = address;
        symbol->found = true;
    }
    return 0;
}

void lt_lookup_next(struct lt_symbol *symbols, size_t count) {
    hash_names(symbols, count);
    struct search search = {.symbols = symbols, .count = count};
    lt_each_object(visit, &search);
    search = (struct search){.symbols = symbols, .count = count, .look_before = true};
    lt_each_object(visit, &search);
}

void lt_lookup_first(struct lt_symbol *symbols, size_t count) {
    hash_names(symbols, count);
    struct search search = {.symbols = symbols, .count = count, .everywhere = true};
    lt_each_object(visit, &search);
}

struct inside {
    uintptr_t address;
    struct lt_symbol *symbols;
    size_t count;
    struct lt_range object;
};

static int visit_inside(struct lt_object *object, size_t size, void *context) {
    (void)size;
    struct inside *inside = context;
    if (!contains(object, inside->address)) return 0;
    inside->object.start = UINTPTR_MAX;
    for (int i = 0; i < object->header_count; i++) {
        const Elf64_Phdr *header = &object->headers[i];
        if (header->p_type != PT_LOAD) continue;
        const uintptr_t start = object->base + header->p_vaddr;
        if (start < inside->object.start) inside->object.start = start;
        if (start + header->p_memsz > inside->object.end) inside->object.end = start + header->p_memsz;
    }
    const struct lt_elf_tables tables = tables_of(object);
    for (size_t i = 0; i < inside->count; i++) {
        struct lt_symbol *symbol = &inside->symbols[i];
        const struct lt_elf_name wanted = wanted_of(symbol);
        void *address = lt_elf_find(&tables, &wanted);
        symbol->found = address != NULL;
        if (symbol->found) *symbol->address = address;
    }
    return 1;
}

struct lt_range lt_lookup_in_object(const void *address, struct lt_symbol *symbols, size_t count) {
    hash_names(symbols, count);
    struct inside inside = {.address = (uintptr_t)address, .symbols = symbols, .count = count};
    lt_each_object(visit_inside, &inside);
    return inside.object;
}

struct place {
    uintptr_t data;
    uintptr_t code;
    struct lt_range relro;
    bool is_code;
};

static int visit_place(struct lt_object *object, size_t size, void *context) {
    (void)size;
    struct place *place = context;
    if (!contains(object, place->data)) return 0;
    for (int i = 0; i < object->header_count; i++) {
        const Elf64_Phdr *header = &object->headers[i];
        const uintptr_t start = object->base + header->p_vaddr;
        const struct lt_range range = {start, start + header->p_memsz};
        if (header->p_type == PT_GNU_RELRO) place->relro = range;
        if (header->p_type == PT_LOAD && (header->p_flags & PF_X) != 0 && place->code >= range.start &&
            place->code < range.end) {
            place->is_code = true;
        }
    }
    return 1;
}

struct lt_range lt_lookup_relro(const void *address) {
    struct place place = {.data = (uintptr_t)address};
    lt_each_object(visit_place, &place);
    return place.relro;
}

bool lt_lookup_is_code(const void *data, const void *address) {
    struct place place = {.data = (uintptr_t)data, .code = (uintptr_t)address};
    lt_each_object(visit_place, &place);
    return place.is_code;
}
