/* The filter that the library's own system calls ask. */
#include "sys.h"

bool (*lt_call_filter)(long number, long a, long b, long c, long d, long e, long f);
