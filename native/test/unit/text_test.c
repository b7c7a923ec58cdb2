/* text.c: every function at its limits. Buffers are exactly as long as promised, so that the sanitizer sees a step too
 * far. */
#include "expect.h"
#include "text.h"
#include <stdlib.h>
#include <string.h>

static char *exact(const char *text) {
    return strdup(text);
}

static void numbers_are_read(void) {
    static const struct {
        const char *text;
        bool is_number;
        uint64_t value;
        size_t digits;
    } cases[] = {
        {"", false, 0, 0},
        {"x", false, 0, 0},
        {"-1", false, 0, 0},
        {" 1", false, 0, 0},
        {"0", true, 0, 1},
        {"007z", true, 7, 3},
        {"18446744073709551615", true, UINT64_MAX, 20},
        {"18446744073709551616", false, 0, 0},
        {"99999999999999999999999", false, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = exact(cases[i].text);
        const char *at = text;
        uint64_t value = 77;
        EXPECT(lt_parse_decimal(&at, &value) == cases[i].is_number);
        EXPECT(at == text + cases[i].digits);
        EXPECT(value == (cases[i].is_number ? cases[i].value : 77));
        free(text);
    }
}

static void numbers_are_written(void) {
    static const uint64_t values[] = {0, 9, 10, 99, 100, UINT32_MAX, UINT64_MAX - 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char *decimal = malloc(21);
        char *hex = malloc(16);
        const char *at = decimal;
        uint64_t back = 0;
        EXPECT(lt_format_decimal(decimal, values[i]) == strlen(decimal));
        EXPECT(lt_parse_decimal(&at, &back) && back == values[i] && *at == '\0');
        lt_format_hex(hex, values[i]);
        back = 0;
        EXPECT(lt_parse_hex(hex, &back) && back == values[i]);
        free(decimal);
        free(hex);
    }
}

static void hex_is_strict(void) {
    uint64_t value = 77;
    EXPECT(!lt_parse_hex("", &value));
    EXPECT(!lt_parse_hex("0123456789abcde", &value));
    EXPECT(!lt_parse_hex("0123456789ABCDEF", &value));
    EXPECT(!lt_parse_hex("0123456789abcdeg", &value));
    EXPECT(value == 77);
    EXPECT(lt_parse_hex("0123456789abcdef", &value) && value == 0x0123456789abcdef);
}

static void text_is_copied_or_refused(void) {
    for (size_t size = 1; size < 9; size++) {
        char *to = malloc(size);
        const bool fits = size > strlen("seven77");
        EXPECT(lt_copy_text(to, size, "seven77") == fits);
        EXPECT(strcmp(to, fits ? "seven77" : "") == 0);
        free(to);
    }
}

static void strings_are_compared(void) {
    static const char *const all[] = {"", "a", "ab", "abc", "b", "\xff"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char *one = exact(all[i]);
        EXPECT(lt_length(one) == strlen(one));
        for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
            char *other = exact(all[k]);
            EXPECT(lt_equal(one, other) == (i == k));
            free(other);
        }
        free(one);
    }
    EXPECT(lt_same("abc", "abd", 2));
    EXPECT(!lt_same("abc", "abd", 3));
    EXPECT(lt_same("a", "b", 0));
}

/* Neighbours of the byte, and those that differ in the highest bit, at each place of each length. */
static void bytes_are_counted_wherever_they_are(void) {
    static const uint8_t counted[] = {0, '\n', 0x7f, 0x80, 0xff};
    static const uint8_t differences[] = {1, 0x80, 0x81, 0x7f, 0xff};
    for (size_t i = 0; i < sizeof counted * sizeof differences; i++) {
        const uint8_t byte = counted[i / sizeof differences];
        const uint8_t other = byte ^ differences[i % sizeof differences];
        for (size_t length = 0; length <= 40; length++) {
            uint8_t *bytes = malloc(length + 1);
            /* Not at the start of a word. */
            memset(bytes + 1, other, length);
            EXPECT(lt_count(bytes + 1, length, byte) == 0);
            for (size_t at = 1; at <= length; at++) {
                bytes[at] = byte;
                EXPECT(lt_count(bytes + 1, length, byte) == at);
            }
            free(bytes);
        }
    }
}

static void bytes_are_counted(void) {
    EXPECT(lt_count("", 0, '\n') == 0);
    EXPECT(lt_count("\n\0\n\n", 4, '\n') == 3);
    EXPECT(lt_count("\n\0\n\n", 4, 0) == 1);
    EXPECT(lt_count("\xff", 1, 0xff) == 1);
}

static void blocks_are_copied_and_zeroed(void) {
    uint8_t bytes[6] = {1, 2, 3, 4, 5, 6};
    lt_copy(bytes + 1, "\x0a\x0b", 2);
    lt_zero(bytes + 4, 1);
    EXPECT(memcmp(bytes, "\x01\x0a\x0b\x04\x00\x06", 6) == 0);
}

/* Of every length, also to a place before that overlaps: memmove relies on it. */
static void copies_are_exact(void) {
    enum { LONGEST = 100, MARGIN = 8 };
    for (size_t length = 0; length <= LONGEST; length++) {
        for (size_t back = 1; back <= LONGEST; back++) {
            uint8_t bytes[LONGEST + MARGIN + LONGEST + MARGIN];
            uint8_t wanted[sizeof bytes];
            for (size_t i = 0; i < sizeof bytes; i++)
                bytes[i] = (uint8_t)(i * 7 + 1);
            memcpy(wanted, bytes, sizeof bytes);
            memmove(wanted + LONGEST + MARGIN - back, wanted + LONGEST + MARGIN, length);
            lt_copy(bytes + LONGEST + MARGIN - back, bytes + LONGEST + MARGIN, length);
            EXPECT(memcmp(bytes, wanted, sizeof bytes) == 0);
        }
    }
}

int main(void) {
    copies_are_exact();
    numbers_are_read();
    numbers_are_written();
    hex_is_strict();
    text_is_copied_or_refused();
    strings_are_compared();
    bytes_are_counted();
    bytes_are_counted_wherever_they_are();
    blocks_are_copied_and_zeroed();
    return lt_failures();
}
