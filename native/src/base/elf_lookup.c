/* Symbols of the objects that the dynamic linker has loaded. */
#include "elf_lookup.h"
#include "text.h"
#include <linux/elf.h>

#ifndef PT_GNU_RELRO
#define PT_GNU_RELRO 0x6474e552
#endif
#ifndef DT_GNU_HASH
#define DT_GNU_HASH 0x6ffffef5
#endif

enum { VERSION_HIDDEN = 0x8000, VERSION_MASK = 0x7fff, VERSION_IS_BASE = 1, TYPE_MASK = 15, TYPE_IFUNC = 10 };

/* A version that an object defines (Elf64_Verdef) with the first of its names (Elf64_Verdaux): the kernel's header
 * lacks both. Each tells how far the next is from its own start. */
struct version_definition {
    uint16_t revision;
    uint16_t flags;
    uint16_t index;
    uint16_t name_count;
    uint32_t hash;
    uint32_t to_names;
    uint32_t to_next; /* 0: the last */
};
struct version_name {
    uint32_t name; /* in the strings */
    uint32_t to_next;
};

/* As the dynamic linker asks for a name: in this version, or in the default one. */
struct wanted {
    const char *name;
    const char *version; /* NULL: the default one */
    uint32_t gnu_hash;   /* of the name: the same for all objects */
};

/* struct dl_phdr_info, the fields that every libc has. */
struct loaded_object {
    uintptr_t base;
    const char *name;
    const Elf64_Phdr *headers;
    uint16_t header_count;
};

/* The only symbol the library imports, and weakly: without a dynamic linker that has it nothing is tapped. */
extern int dl_iterate_phdr(int (*visit)(struct loaded_object *, size_t, void *), void *context)
    __attribute__((weak, visibility("default")));

struct tables {
    uintptr_t base;
    const Elf64_Sym *symbols;
    const char *strings;
    const uint32_t *gnu_hash;
    const uint32_t *hash;
    const uint16_t *versions;
    const struct version_definition *version_definitions;
    size_t string_bytes;
};

struct search {
    struct lt_symbol *symbols;
    size_t count;
    size_t index;     /* of the object that is visited */
    bool behind_us;   /* this library has been visited */
    bool look_before; /* second pass: the objects before this library */
    bool everywhere;  /* in all objects alike */
};

static bool contains(const struct loaded_object *object, uintptr_t address) {
    for (int i = 0; i < object->header_count; i++) {
        const Elf64_Phdr *header = &object->headers[i];
        const uintptr_t start = object->base + header->p_vaddr;
        if (header->p_type == PT_LOAD && address >= start && address < start + header->p_memsz) return true;
    }
    return false;
}

/* glibc relocates the pointers of the dynamic section, musl does not. */
static const void *dynamic_pointer(uintptr_t base, uintptr_t value) {
    return (const void *)(value < base ? value + base : value);
}

static struct tables read_tables(const struct loaded_object *object) {
    struct tables tables = {.base = object->base};
    const Elf64_Dyn *dynamic = NULL;
    for (int i = 0; i < object->header_count; i++) {
        if (object->headers[i].p_type == PT_DYNAMIC) {
            dynamic = (const Elf64_Dyn *)(object->base + object->headers[i].p_vaddr);
        }
    }
    if (dynamic == NULL) return tables;
    for (; dynamic->d_tag != DT_NULL; dynamic++) {
        const void *pointer = dynamic_pointer(object->base, dynamic->d_un.d_ptr);
        if (dynamic->d_tag == DT_SYMTAB) tables.symbols = pointer;
        if (dynamic->d_tag == DT_STRTAB) tables.strings = pointer;
        if (dynamic->d_tag == DT_GNU_HASH) tables.gnu_hash = pointer;
        if (dynamic->d_tag == DT_HASH) tables.hash = pointer;
        if (dynamic->d_tag == DT_VERSYM) tables.versions = pointer;
        if (dynamic->d_tag == DT_VERDEF) tables.version_definitions = pointer;
        if (dynamic->d_tag == DT_STRSZ) tables.string_bytes = dynamic->d_un.d_val;
    }
    return tables;
}

/* The name of a version by its number; NULL for the base, which matches every version. */
static const char *version_name(const struct tables *tables, uint16_t number) {
    const struct version_definition *version = tables->version_definitions;
    while (version != NULL) {
        const char *at = (const char *)version;
        if (version->index == number && (version->flags & VERSION_IS_BASE) == 0) {
            return tables->strings + ((const struct version_name *)(at + version->to_names))->name;
        }
        version = version->to_next == 0 ? NULL : (const struct version_definition *)(at + version->to_next);
    }
    return NULL;
}

static bool has_version(const struct tables *tables, uint32_t index, const char *wanted) {
    if (tables->versions == NULL) return true;
    const uint16_t version = tables->versions[index];
    if (wanted == NULL) return (version & VERSION_HIDDEN) == 0;
    const char *name = version_name(tables, version & VERSION_MASK);
    return name == NULL || lt_equal(name, wanted);
}

/* The address when symbol `index` is a plain definition of the wanted name. */
static void *definition(const struct tables *tables, uint32_t index, const struct wanted *wanted) {
    const Elf64_Sym *symbol = &tables->symbols[index];
    if (symbol->st_shndx == SHN_UNDEF || (symbol->st_info & TYPE_MASK) == TYPE_IFUNC) return NULL;
    if (!lt_equal(tables->strings + symbol->st_name, wanted->name)) return NULL;
    if (!has_version(tables, index, wanted->version)) return NULL;
    return (void *)(tables->base + symbol->st_value);
}

static uint32_t hash_of_name(const char *name) {
    uint32_t hash = 5381;
    for (const char *c = name; *c != '\0'; c++)
        hash = hash * 33 + (uint8_t)*c;
    return hash;
}

static void *find_by_gnu_hash(const struct tables *tables, const struct wanted *wanted) {
    const uint32_t hash = wanted->gnu_hash;
    const uint32_t *header = tables->gnu_hash;
    const uint32_t bucket_count = header[0];
    const uint32_t first = header[1];
    const uint32_t bloom_count = header[2];
    if (bucket_count == 0 || bloom_count == 0) return NULL;
    const uint64_t *bloom = (const uint64_t *)(header + 4);
    const uint32_t *buckets = (const uint32_t *)(bloom + bloom_count);
    const uint32_t *chains = buckets + bucket_count;
    const uint64_t bits = 1ULL << (hash & 63) | 1ULL << (hash >> header[3] & 63);
    if ((bloom[hash / 64 % bloom_count] & bits) != bits) return NULL;
    uint32_t index = buckets[hash % bucket_count];
    if (index < first) return NULL;
    for (;; index++) {
        const uint32_t entry = chains[index - first];
        if ((entry | 1) == (hash | 1)) {
            void *address = definition(tables, index, wanted);
            if (address != NULL) return address;
        }
        if ((entry & 1) != 0) return NULL;
    }
}

static void *find_by_hash(const struct tables *tables, const struct wanted *wanted) {
    uint32_t hash = 0;
    for (const char *c = wanted->name; *c != '\0'; c++) {
        hash = (hash << 4) + (uint8_t)*c;
        hash = (hash ^ (hash >> 24 & 0xf0)) & 0x0fffffff;
    }
    const uint32_t bucket_count = tables->hash[0];
    if (bucket_count == 0) return NULL;
    const uint32_t *buckets = tables->hash + 2;
    const uint32_t *chains = buckets + bucket_count;
    for (uint32_t index = buckets[hash % bucket_count]; index != 0; index = chains[index]) {
        void *address = definition(tables, index, wanted);
        if (address != NULL) return address;
    }
    return NULL;
}

static void *find(const struct tables *tables, const struct wanted *wanted) {
    if (tables->gnu_hash != NULL) return find_by_gnu_hash(tables, wanted);
    return tables->hash == NULL ? NULL : find_by_hash(tables, wanted);
}

static struct wanted wanted_of(const struct lt_symbol *symbol) {
    return (struct wanted){.name = symbol->name, .version = symbol->version, .gnu_hash = symbol->gnu_hash};
}

static void hash_names(struct lt_symbol *symbols, size_t count) {
    for (size_t i = 0; i < count; i++)
        symbols[i].gnu_hash = hash_of_name(symbols[i].name);
}

/* The symbols that an object does not define itself come first, in front of those in the GNU hash table. */
static bool imports(const struct tables *tables, const char *name) {
    uint32_t count = 0;
    if (tables->gnu_hash != NULL)
        count = tables->gnu_hash[1];
    else if (tables->hash != NULL)
        count = tables->hash[1];
    for (uint32_t i = 1; i < count; i++) {
        const Elf64_Sym *symbol = &tables->symbols[i];
        if (symbol->st_shndx == SHN_UNDEF && lt_equal(tables->strings + symbol->st_name, name)) return true;
    }
    return false;
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
static bool knows_name(const struct loaded_object *object, const struct tables *tables, const char *name) {
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

/* libpthread of glibc before 2.34 has it too. */
static bool is_libc(const struct tables *tables) {
    static const char name[] = "__errno_location";
    const struct wanted wanted = {.name = name, .gnu_hash = hash_of_name(name)};
    return find(tables, &wanted) != NULL;
}

/* A library with a function of its own may have given it any signature, so one that is not libc's counts as a wrapper
 * only where it can ask for the function that it wraps. */
static enum lt_origin origin_of(const struct loaded_object *object, const struct tables *tables, const char *name) {
    const bool can_ask = imports(tables, "dlsym") || imports(tables, "dlvsym");
    return can_ask && knows_name(object, tables, name) ? LT_WRAPPER : LT_FOREIGN;
}

static bool is_left_out(const struct search *search, bool is_program) {
    if (search->everywhere) return false;
    return search->look_before ? is_program : !search->behind_us;
}

static int visit(struct loaded_object *object, size_t size, void *context) {
    (void)size;
    struct search *search = context;
    const bool is_program = search->index++ == 0;
    if (contains(object, (uintptr_t)&lt_lookup_next)) {
        search->behind_us = true;
        if (!search->everywhere) return search->look_before;
    }
    if (is_left_out(search, is_program)) return 0;
    const struct tables tables = read_tables(object);
    if (tables.symbols == NULL || tables.strings == NULL) return 0;
    const bool of_libc = is_libc(&tables);
    for (size_t i = 0; i < search->count; i++) {
        struct lt_symbol *symbol = &search->symbols[i];
        if (symbol->found || (of_libc && symbol->origins != 0 && (symbol->origins & LT_LIBC) == 0)) continue;
        const struct wanted wanted = wanted_of(symbol);
        void *address = find(&tables, &wanted);
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
    if (dl_iterate_phdr == NULL) return;
    hash_names(symbols, count);
    struct search search = {.symbols = symbols, .count = count};
    dl_iterate_phdr(visit, &search);
    search = (struct search){.symbols = symbols, .count = count, .look_before = true};
    dl_iterate_phdr(visit, &search);
}

void lt_lookup_first(struct lt_symbol *symbols, size_t count) {
    if (dl_iterate_phdr == NULL) return;
    hash_names(symbols, count);
    struct search search = {.symbols = symbols, .count = count, .everywhere = true};
    dl_iterate_phdr(visit, &search);
}

struct inside {
    uintptr_t address;
    struct lt_symbol *symbols;
    size_t count;
    struct lt_range object;
};

static int visit_inside(struct loaded_object *object, size_t size, void *context) {
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
    const struct tables tables = read_tables(object);
    if (tables.symbols == NULL || tables.strings == NULL) return 1;
    for (size_t i = 0; i < inside->count; i++) {
        struct lt_symbol *symbol = &inside->symbols[i];
        const struct wanted wanted = wanted_of(symbol);
        void *address = find(&tables, &wanted);
        symbol->found = address != NULL;
        if (symbol->found) *symbol->address = address;
    }
    return 1;
}

struct lt_range lt_lookup_in_object(const void *address, struct lt_symbol *symbols, size_t count) {
    hash_names(symbols, count);
    struct inside inside = {.address = (uintptr_t)address, .symbols = symbols, .count = count};
    if (dl_iterate_phdr != NULL) dl_iterate_phdr(visit_inside, &inside);
    return inside.object;
}

struct place {
    uintptr_t data;
    uintptr_t code;
    struct lt_range relro;
    bool is_code;
};

static int visit_place(struct loaded_object *object, size_t size, void *context) {
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
    if (dl_iterate_phdr != NULL) dl_iterate_phdr(visit_place, &place);
    return place.relro;
}

bool lt_lookup_is_code(const void *data, const void *address) {
    struct place place = {.data = (uintptr_t)data, .code = (uintptr_t)address};
    if (dl_iterate_phdr != NULL) dl_iterate_phdr(visit_place, &place);
    return place.is_code;
}
