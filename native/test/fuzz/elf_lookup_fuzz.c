/* Objects of any shape that a dynamic linker would load: symbols, versions, buckets, bloom filters, hash tables of
 * either kind or none, pointers relocated (glibc) or not (musl), program headers in any number. The answer is held
 * against a plain search, and every table ends where the sanitizer watches.
 *
 * Tables that contradict themselves are left out: the dynamic linker has walked the same tables by the same rules
 * before, and would have failed first. */
#include "elf_lookup.c"
#include "elf_symbols.c"
#include <stdlib.h>
#include <string.h>

int fprintf(void *stream, const char *format, ...);
extern void *stderr;

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition), abort();                     \
    } while (0)

enum { OBJECTS = 4, OURS = 2, SYMBOLS_MAX = 40, NAMES = 6, ALLOCATIONS_MAX = 256 };

static const char *const names[NAMES] = {"write", "w", "__write", "open", "", "fclose"};

struct input {
    const uint8_t *at;
    size_t left;
};

static unsigned take(struct input *input) {
    if (input->left == 0) return 0;
    input->left--;
    return *input->at++;
}

/* What an object defines, as the plain search sees it. */
struct model {
    unsigned first; /* symbols before are in no hash table */
    unsigned count;
    bool is_hashed;
    const char *name[SYMBOLS_MAX];
    bool is_visible[SYMBOLS_MAX];
    uintptr_t value[SYMBOLS_MAX];
};

static struct lt_object objects[OBJECTS];
static struct model models[OBJECTS];
static void *allocations[ALLOCATIONS_MAX];
static size_t allocation_count;

static void *allocate(size_t bytes) {
    void *at = calloc(1, bytes == 0 ? 1 : bytes);
    allocations[allocation_count++] = at;
    return at;
}

/* In place of loaded_objects.c. */
void lt_each_object(lt_visit_object *visit, void *context) {
    for (int i = 0; i < OBJECTS; i++) {
        if (visit(&objects[i], sizeof objects[i], context) != 0) return;
    }
}

static uint32_t gnu_hash_of(const char *name) {
    uint32_t hash = 5381;
    while (*name != '\0')
        hash = (hash << 5) + hash + (uint8_t)*name++;
    return hash;
}

/* The System V hash as the specification words it. */
static uint32_t sysv_hash_of(const char *name) {
    uint32_t hash = 0;
    while (*name != '\0') {
        hash = (hash << 4) + (uint8_t)*name++;
        const uint32_t high = hash & 0xf0000000;
        if (high != 0) hash ^= high >> 24;
        hash &= ~high;
    }
    return hash;
}

/* A name that is looked for, or one that shares its beginning. */
static const char *take_symbol_name(struct input *input) {
    const unsigned choice = take(input);
    const char *name = names[choice % NAMES];
    if (choice < 128) return name;
    char *longer = allocate(strlen(name) + 2);
    memcpy(longer, name, strlen(name));
    longer[strlen(name)] = (char)take(input);
    return longer;
}

static const Elf64_Sym *build_symbols(struct input *input, struct model *model, const char **strings,
                                      const uint16_t **versions) {
    Elf64_Sym *symbols = allocate(model->count * sizeof *symbols);
    uint16_t *version = take(input) % 2 == 0 ? NULL : allocate(model->count * sizeof *version);
    size_t bytes = 1;
    for (unsigned i = 1; i < model->count; i++)
        bytes += strlen(model->name[i]) + 1;
    char *text = allocate(bytes);
    size_t end = 1;
    for (unsigned i = 1; i < model->count; i++) {
        const unsigned shape = take(input);
        symbols[i].st_name = (uint32_t)end;
        memcpy(text + end, model->name[i], strlen(model->name[i]) + 1);
        end += strlen(model->name[i]) + 1;
        symbols[i].st_shndx = shape % 4 == 0 ? SHN_UNDEF : (uint16_t)(shape + 1);
        symbols[i].st_info = (uint8_t)(shape % 8 == 1 ? TYPE_IFUNC : 2) | 0x10;
        symbols[i].st_value = model->value[i] = 0x1000U + i;
        if (version != NULL) version[i] = (uint16_t)(shape % 3 == 0 ? 0x8002 : 2);
        model->is_visible[i] = shape % 4 != 0 && shape % 8 != 1 && (version == NULL || shape % 3 != 0);
    }
    *strings = text;
    *versions = version;
    return symbols;
}

/* The hashed symbols must be in the order of their buckets, so names are sorted before they become symbols. */
static void sort_by_bucket(struct model *model, uint32_t buckets) {
    for (unsigned i = model->first; i < model->count; i++) {
        for (unsigned k = i; k > model->first; k--) {
            if (gnu_hash_of(model->name[k - 1]) % buckets <= gnu_hash_of(model->name[k]) % buckets) break;
            const char *other = model->name[k];
            model->name[k] = model->name[k - 1];
            model->name[k - 1] = other;
        }
    }
}

static const void *build_gnu_hash(struct input *input, const struct model *model, uint32_t buckets) {
    const uint32_t bloom_count = 1U << take(input) % 3;
    const uint32_t shift = take(input) % 32;
    const unsigned hashed = model->count - model->first;
    uint32_t *table = allocate(16 + bloom_count * 8 + buckets * 4 + hashed * 4);
    table[0] = buckets;
    table[1] = model->first;
    table[2] = bloom_count;
    table[3] = shift;
    uint64_t *bloom = (uint64_t *)(table + 4);
    uint32_t *bucket = (uint32_t *)(bloom + bloom_count);
    uint32_t *chain = bucket + buckets;
    for (unsigned i = model->first; i < model->count; i++) {
        const uint32_t hash = gnu_hash_of(model->name[i]);
        bloom[hash / 64 % bloom_count] |= 1ULL << (hash % 64) | 1ULL << ((hash >> shift) % 64);
        if (bucket[hash % buckets] == 0) bucket[hash % buckets] = i;
        const bool is_last = i + 1 == model->count || gnu_hash_of(model->name[i + 1]) % buckets != hash % buckets;
        chain[i - model->first] = is_last ? hash | 1 : hash & ~1U;
    }
    return table;
}

static const void *build_hash(const struct model *model, uint32_t buckets) {
    uint32_t *table = allocate(8 + buckets * 4 + model->count * 4);
    table[0] = buckets;
    table[1] = model->count;
    /* Backwards, so that the first of a name is the first in its chain. */
    for (unsigned i = model->count - 1; i > 0; i--) {
        uint32_t *head = &table[2 + sysv_hash_of(model->name[i]) % buckets];
        table[2 + buckets + i] = *head;
        *head = i;
    }
    return table;
}

static uint64_t pointer(const struct lt_object *object, const void *at) {
    return (uintptr_t)at - object->base;
}

static void build_object(struct input *input, int index) {
    struct model *model = &models[index];
    struct lt_object *object = &objects[index];
    const unsigned kind = take(input) % 4; /* no table, GNU, System V, both */
    const uint32_t buckets = 1 + take(input) % 5;
    *model = (struct model){.first = 1, .count = 1 + take(input) % (SYMBOLS_MAX - 1), .is_hashed = kind != 0};
    for (unsigned i = 1; i < model->count; i++)
        model->name[i] = take_symbol_name(input);
    if ((kind & 1) != 0) {
        model->first = 1 + take(input) % model->count;
        if (model->first > model->count) model->first = model->count;
        sort_by_bucket(model, buckets);
    }
    const char *strings = NULL;
    const uint16_t *versions = NULL;
    const Elf64_Sym *symbols = build_symbols(input, model, &strings, &versions);
    const void *gnu_hash = (kind & 1) != 0 ? build_gnu_hash(input, model, buckets) : NULL;
    const void *hash = (kind & 2) != 0 ? build_hash(model, buckets) : NULL;

    const unsigned extra = take(input) % 3;
    Elf64_Phdr *headers = allocate((extra + 1) * sizeof *headers);
    Elf64_Dyn *dynamic = allocate(8 * sizeof *dynamic);
    /* A base below every table, as a loader's would be: then a pointer that was not relocated is smaller than it. */
    const bool is_relocated = take(input) % 2 == 0;
    object->base = is_relocated ? 0 : 0x600000000000;
    const uint64_t less = object->base;
    int entries = 0;
    dynamic[entries++] = (Elf64_Dyn){.d_tag = DT_SYMTAB, .d_un.d_ptr = (uintptr_t)symbols - less};
    dynamic[entries++] = (Elf64_Dyn){.d_tag = DT_STRTAB, .d_un.d_ptr = (uintptr_t)strings - less};
    if (versions != NULL) {
        dynamic[entries++] = (Elf64_Dyn){.d_tag = DT_VERSYM, .d_un.d_ptr = (uintptr_t)versions - less};
    }
    if (gnu_hash != NULL) {
        dynamic[entries++] = (Elf64_Dyn){.d_tag = DT_GNU_HASH, .d_un.d_ptr = (uintptr_t)gnu_hash - less};
    }
    if (hash != NULL) dynamic[entries++] = (Elf64_Dyn){.d_tag = DT_HASH, .d_un.d_ptr = (uintptr_t)hash - less};
    for (unsigned i = 0; i < extra; i++)
        headers[i] = (Elf64_Phdr){.p_type = take(input) % 2 == 0 ? PT_NOTE : PT_LOAD, .p_vaddr = take(input)};
    headers[extra] = (Elf64_Phdr){.p_type = PT_DYNAMIC, .p_vaddr = pointer(object, dynamic)};
    object->headers = headers;
    object->header_count = (uint16_t)(extra + 1);
    object->name = "";
}

static void become_ours(int index) {
    Elf64_Phdr *header = allocate(sizeof *header);
    *header = (Elf64_Phdr){.p_type = PT_LOAD, .p_vaddr = (uintptr_t)&lt_lookup_next, .p_memsz = 1};
    objects[index] = (struct lt_object){.name = "", .headers = header, .header_count = 1};
    models[index] = (struct model){0};
}

static uintptr_t search_object(int index, const char *name) {
    const struct model *model = &models[index];
    for (unsigned i = model->first; i < model->count; i++) {
        if (model->is_hashed && model->is_visible[i] && strcmp(model->name[i], name) == 0) {
            return objects[index].base + model->value[i];
        }
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    struct input input = {bytes, length};
    void *found[NAMES] = {0};
    struct lt_symbol symbols[NAMES];
    for (int i = 0; i < OBJECTS; i++) {
        if (i == OURS) {
            become_ours(i);
        } else {
            build_object(&input, i);
        }
    }
    for (int i = 0; i < NAMES; i++)
        symbols[i] = (struct lt_symbol){.name = names[i], .address = &found[i]};
    lt_lookup_next(symbols, NAMES);
    for (int i = 0; i < NAMES; i++) {
        /* Behind us, then before us without the program. */
        uintptr_t wanted = search_object(OURS + 1, names[i]);
        if (wanted == 0) wanted = search_object(OURS - 1, names[i]);
        REQUIRE((uintptr_t)found[i] == wanted);
        REQUIRE(symbols[i].found == (wanted != 0));
    }
    (void)lt_lookup_relro(found);
    (void)lt_lookup_is_code(found, found);
    while (allocation_count > 0)
        free(allocations[--allocation_count]);
    return 0;
}
