/* The dynamic section of one loaded object: the symbols that it defines and those that it imports. */
#ifndef LT_ELF_SYMBOLS_H
#define LT_ELF_SYMBOLS_H

#include "sys.h"
#include <linux/elf.h>

struct lt_elf_version;

/* Where the tables of an object lie; all zero for an object that has none. */
struct lt_elf_tables {
    uintptr_t base;
    const Elf64_Sym *symbols;
    const char *strings;
    const uint32_t *gnu_hash;
    const uint32_t *hash;
    const uint16_t *versions;
    const struct lt_elf_version *version_definitions;
    size_t string_bytes;
};

/* As the dynamic linker asks for a name: in this version, or in the default one. */
struct lt_elf_name {
    const char *name;
    const char *version; /* NULL: the default one */
    uint32_t gnu_hash;   /* of the name: the same for all objects */
};

/* `dynamic` may be NULL. */
struct lt_elf_tables lt_elf_read(uintptr_t base, const Elf64_Dyn *dynamic);

uint32_t lt_elf_hash(const char *name);

/* The address of the object's own definition; NULL: it has none, or one that code would have to choose (IFUNC). */
void *lt_elf_find(const struct lt_elf_tables *tables, const struct lt_elf_name *wanted);

/* Whether the object calls for a definition elsewhere. */
bool lt_elf_imports(const struct lt_elf_tables *tables, const char *name);

/* Whether the object is the C library. */
bool lt_elf_is_libc(const struct lt_elf_tables *tables);

#endif
