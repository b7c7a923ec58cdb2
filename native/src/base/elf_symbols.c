/* The dynamic section of one loaded object. */
#include "elf_symbols.h"
#include "text.h"

#ifndef DT_GNU_HASH
#define DT_GNU_HASH 0x6ffffef5
#endif

enum { VERSION_HIDDEN = 0x8000, VERSION_MASK = 0x7fff, VERSION_IS_BASE = 1, TYPE_MASK = 15, TYPE_IFUNC = 10 };

/* A version that an object defines (Elf64_Verdef) with the first of its names (Elf64_Verdaux): the kernel's header
 * lacks both. Each tells how far the next is from its own start. */
struct lt_elf_version {
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

/* glibc relocates the pointers of the dynamic section, musl does not. */
static const void *dynamic_pointer(uintptr_t base, uintptr_t value) {
    return (const void *)(value < base ? value + base : value);
}

struct lt_elf_tables lt_elf_read(uintptr_t base, const Elf64_Dyn *dynamic) {
    struct lt_elf_tables tables = {.base = base};
    for (; dynamic != NULL && dynamic->d_tag != DT_NULL; dynamic++) {
        const void *pointer = dynamic_pointer(base, dynamic->d_un.d_ptr);
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
static const char *version_name(const struct lt_elf_tables *tables, uint16_t number) {
    const struct lt_elf_version *version = tables->version_definitions;
    while (version != NULL) {
        const char *at = (const char *)version;
        if (version->index == number && (version->flags & VERSION_IS_BASE) == 0) {
            return tables->strings + ((const struct version_name *)(at + version->to_names))->name;
        }
        version = version->to_next == 0 ? NULL : (const struct lt_elf_version *)(at + version->to_next);
    }
    return NULL;
}

static bool has_version(const struct lt_elf_tables *tables, uint32_t index, const char *wanted) {
    if (tables->versions == NULL) return true;
    const uint16_t version = tables->versions[index];
    if (wanted == NULL) return (version & VERSION_HIDDEN) == 0;
    const char *name = version_name(tables, version & VERSION_MASK);
    return name == NULL || lt_equal(name, wanted);
}

/* The address when symbol `index` is a plain definition of the wanted name. */
static void *definition(const struct lt_elf_tables *tables, uint32_t index, const struct lt_elf_name *wanted) {
    const Elf64_Sym *symbol = &tables->symbols[index];
    if (symbol->st_shndx == SHN_UNDEF || (symbol->st_info & TYPE_MASK) == TYPE_IFUNC) return NULL;
    if (!lt_equal(tables->strings + symbol->st_name, wanted->name)) return NULL;
    if (!has_version(tables, index, wanted->version)) return NULL;
    return (void *)(tables->base + symbol->st_value);
}

uint32_t lt_elf_hash(const char *name) {
    uint32_t hash = 5381;
    for (const char *c = name; *c != '\0'; c++)
        hash = hash * 33 + (uint8_t)*c;
    return hash;
}

static void *find_by_gnu_hash(const struct lt_elf_tables *tables, const struct lt_elf_name *wanted) {
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

static void *find_by_hash(const struct lt_elf_tables *tables, const struct lt_elf_name *wanted) {
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

void *lt_elf_find(const struct lt_elf_tables *tables, const struct lt_elf_name *wanted) {
    if (tables->symbols == NULL || tables->strings == NULL) return NULL;
    if (tables->gnu_hash != NULL) return find_by_gnu_hash(tables, wanted);
    return tables->hash == NULL ? NULL : find_by_hash(tables, wanted);
}

/* The symbols that an object does not define itself come first, in front of those in the GNU hash table. */
bool lt_elf_imports(const struct lt_elf_tables *tables, const char *name) {
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

/* libpthread of glibc before 2.34 has it too. */
bool lt_elf_is_libc(const struct lt_elf_tables *tables) {
    static const char name[] = "__errno_location";
    const struct lt_elf_name wanted = {.name = name, .gnu_hash = lt_elf_hash(name)};
    return lt_elf_find(tables, &wanted) != NULL;
}
