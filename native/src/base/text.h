/* Bytes, strings and numbers without a C library. */
#ifndef LT_TEXT_H
#define LT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void lt_copy(void *to, const void *from, size_t length);
void lt_zero(void *at, size_t length);
bool lt_same(const void *one, const void *other, size_t length);
size_t lt_length(const char *text);
bool lt_equal(const char *one, const char *other);

/* Copies text and its terminator; false, and an empty string, when it does not fit. */
bool lt_copy_text(char *to, size_t size, const char *from);

/* How often `byte` occurs. */
size_t lt_count(const void *bytes, size_t length, uint8_t byte);

/* Reads decimal digits from *text on and moves it behind them; false when there is none or the number overflows. */
bool lt_parse_decimal(const char **text, uint64_t *value);

/* Writes decimal digits and a terminator; `out` has room for 21 bytes. Returns the number of digits. */
size_t lt_format_decimal(char *out, uint64_t value);

/* 16 hexadecimal digits, no terminator. */
void lt_format_hex(char *out, uint64_t value);
bool lt_parse_hex(const char *text, uint64_t *value);

#endif
