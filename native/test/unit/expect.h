/* What the C unit tests check with. Apart from the C library's headers, which contradict the library's own. */
#ifndef LT_EXPECT_H
#define LT_EXPECT_H

#define EXPECT(condition) lt_expect((condition) ? 1 : 0, #condition, __FILE__, __LINE__)

/* A failed expectation is one line on stderr. */
void lt_expect(int holds, const char *condition, const char *file, int line);

/* The exit code of a test program. */
int lt_failures(void);

#endif
