/* Symbols of the objects that the dynamic linker has loaded, without libdl: `dlsym` is not everywhere, and a reference
 * to a versioned symbol would tie the library to one libc. */
#ifndef LT_ELF_LOOKUP_H
#define LT_ELF_LOOKUP_H

#include "sys.h"

/* Who defines a function. */
enum lt_origin {
    LT_LIBC = 1,    /* the C library */
    LT_WRAPPER = 2, /* a library that wraps the C library's function of this name */
    LT_FOREIGN = 4, /* a library with a function of its own, which may have any arguments */
};

/* One symbol to look for. `*address` stays as it is when there is no acceptable definition. */
struct lt_symbol {
    const char *name;
    void **address;
    const char *version;   /* NULL: the default one */
    unsigned origins;      /* acceptable ones; 0: any */
    enum lt_origin origin; /* of the one found, where `origins` is not 0 */
    bool found;
    uint32_t gnu_hash; /* of the name; the look-up sets it */
};

/* For tables of names, each at its place rather than by a pointer. */
enum { LT_SYMBOL_NAME_BYTES = 24, LT_SYMBOL_VERSION_BYTES = 12 };

/* A version of such a table, where an empty one is the default one. */
static inline const char *lt_version(const char *version) {
    return *version == '\0' ? NULL : version;
}

/* Addresses from start up to, not including, end. */
struct lt_range {
    uintptr_t start;
    uintptr_t end;
};

/*
 * Looks all symbols up as RTLD_NEXT would: in the objects behind this library, in load order, so that other preloaded
 * libraries are found; then, for a library that was not preloaded, in those before it, the program left out.
 */
void lt_lookup_next(struct lt_symbol *symbols, size_t count);

/*
 * Looks all symbols up as the program itself does: in every object, the program first. For data, of which the program
 * may hold a copy that replaces libc's own, and for who gets a call.
 */
void lt_lookup_first(struct lt_symbol *symbols, size_t count);

/* Looks all symbols up in the object around `address` alone. Answers where that object lies; empty if nowhere. */
struct lt_range lt_lookup_in_object(const void *address, struct lt_symbol *symbols, size_t count);

/* The part of the object around `address` that the dynamic linker made read-only after relocation; empty if none. */
struct lt_range lt_lookup_relro(const void *address);

/* Whether `address` lies in the code of the object that holds `data`. */
bool lt_lookup_is_code(const void *data, const void *address);

#endif
