// Go that writes through the C library, as code does that is wrapped for Go.
package main

/*
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void put(const char *text) { puts(text); }
static void flush(void) { fflush(stdout); }
static void put_error(const char *text, int length) { if (write(2, text, length) != length) abort(); }
static void put_log(const char *text) {
	FILE *file = fopen("app.log", "a");
	if (file == NULL) abort();
	fputs(text, file);
	fclose(file);
}
*/
import "C"

import (
	"fmt"
	"unsafe"
)

func main() {
	for i := 0; i < 200; i++ {
		line := C.CString(fmt.Sprintf("out %d", i))
		C.put(line)
		C.free(unsafe.Pointer(line))
		text := fmt.Sprintf("err %d\n", i)
		line = C.CString(text)
		C.put_error(line, C.int(len(text)))
		C.free(unsafe.Pointer(line))
		line = C.CString(fmt.Sprintf("log %d\n", i))
		C.put_log(line)
		C.free(unsafe.Pointer(line))
	}
	C.flush()
}
