/* Bytes, strings and numbers without a C library. Compiled so that no loop becomes a call to memcpy and so to itself.
 */
#include "text.h"

enum { HEX_DIGITS = 16 };

typedef struct {
    uint64_t halves[2];
} __attribute__((packed, may_alias)) block;

static void copy_less_than_block(uint8_t *target, const uint8_t *source, size_t length) {
    while (length-- > 0)
        *target++ = *source++;
}

/* Also where the target lies before the source and overlaps it. */
void lt_copy(void *to, const void *from, size_t length) {
    uint8_t *target = to;
    const uint8_t *source = from;
    if (length < sizeof(block)) {
        copy_less_than_block(target, source, length);
        return;
    }
    /* The last block, which may overlap the one before, is read before anything is written. */
    const size_t last_at = length - sizeof(block);
    const block last = *(const block *)(source + last_at);
    for (size_t at = 0; at < last_at; at += sizeof(block))
        *(block *)(target + at) = *(const block *)(source + at);
    *(block *)(target + last_at) = last;
}

void lt_zero(void *at, size_t length) {
    uint8_t *target = at;
    while (length-- > 0)
        *target++ = 0;
}

bool lt_same(const void *one, const void *other, size_t length) {
    const uint8_t *a = one;
    const uint8_t *b = other;
    for (size_t i = 0; i < length; i++) {
        if (a[i] != b[i]) return false;
    }
    return true;
}

size_t lt_length(const char *text) {
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    return length;
}

bool lt_equal(const char *one, const char *other) {
    while (*one != '\0' && *one == *other) {
        one++;
        other++;
    }
    return *one == *other;
}

bool lt_copy_text(char *to, size_t size, const char *from) {
    const size_t length = lt_length(from);
    if (length >= size) {
        to[0] = '\0';
        return false;
    }
    lt_copy(to, from, length + 1);
    return true;
}

/* Eight bytes at a time: every write to a socket is searched. */
size_t lt_count(const void *bytes, size_t length, uint8_t byte) {
    typedef uint64_t __attribute__((aligned(1), may_alias)) word;
    const uint64_t ones = UINT64_MAX / UINT8_MAX;
    const uint64_t low_bits = ones * (UINT8_MAX >> 1);
    const uint8_t *at = bytes;
    size_t count = 0;
    for (; length >= sizeof(word); length -= sizeof(word), at += sizeof(word)) {
        const uint64_t other_bits = *(const word *)at ^ ones * byte;
        /* A 1 in each byte without other bits: adding the low bits carries into the eighth where one of them is set. */
        const uint64_t equal = ~((((other_bits & low_bits) + low_bits) | other_bits) >> 7) & ones;
        count += equal * ones >> 56;
    }
    for (; length > 0; length--, at++)
        count += *at == byte;
    return count;
}

bool lt_parse_decimal(const char **text, uint64_t *value) {
    const char *at = *text;
    uint64_t number = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        const uint64_t digit = (uint64_t)(*at - '0');
        if (number > (UINT64_MAX - digit) / 10) return false;
        number = number * 10 + digit;
    }
    if (at == *text) return false;
    *text = at;
    *value = number;
    return true;
}

size_t lt_format_decimal(char *out, uint64_t value) {
    char reversed[20];
    size_t count = 0;
    do {
        reversed[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    for (size_t i = 0; i < count; i++)
        out[i] = reversed[count - 1 - i];
    out[count] = '\0';
    return count;
}

void lt_format_hex(char *out, uint64_t value) {
    for (int i = HEX_DIGITS - 1; i >= 0; i--) {
        out[i] = "0123456789abcdef"[value & 15];
        value >>= 4;
    }
}

bool lt_parse_hex(const char *text, uint64_t *value) {
    uint64_t number = 0;
    for (int i = 0; i < HEX_DIGITS; i++) {
        const char c = text[i];
        const bool is_digit = c >= '0' && c <= '9';
        if (!is_digit && (c < 'a' || c > 'f')) return false;
        number = number << 4 | (uint64_t)(is_digit ? c - '0' : c - 'a' + 10);
    }
    *value = number;
    return true;
}
