/* One request to the shipper's status port. */
#ifndef LT_HTTP_H
#define LT_HTTP_H

#include <stddef.h>
#include <stdint.h>

enum { LT_HTTP_OK = 200 };

/* What the shipper has answered: its status line, header fields and text, as far as they fit. */
struct lt_answer {
    char bytes[8192];
    size_t length;
};

/* GETs `path` from 127.0.0.1:`port` within `ms` milliseconds. Answers the HTTP status, or a negative error number. */
int lt_http_get(uint16_t port, const char *path, uint64_t ms, struct lt_answer *answer);

#endif
