/* The objects that the dynamic linker has loaded. */
#ifndef LT_LOADED_OBJECTS_H
#define LT_LOADED_OBJECTS_H

#include "sys.h"
#include <linux/elf.h>

/* struct dl_phdr_info, the fields that every libc has. */
struct lt_object {
    uintptr_t base;
    const char *name;
    const Elf64_Phdr *headers;
    uint16_t header_count;
};

typedef int lt_visit_object(struct lt_object *object, size_t size, void *context);

/*
 * Calls `visit` for the program and each library, in load order, until it answers other than 0. Calls it for none where
 * the dynamic linker is of an unknown kind: then nothing is tapped.
 */
void lt_each_object(lt_visit_object *visit, void *context);

#endif
