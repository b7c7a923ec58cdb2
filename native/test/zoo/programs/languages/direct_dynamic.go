// Go that writes by system calls of its own and, linked dynamically, has the C library in the process.
package main

// #include <unistd.h>
import "C"

import (
	"fmt"
	"log"
	"os"
)

func main() {
	file, err := os.OpenFile("app.log", os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		panic(err)
	}
	log.SetFlags(0)
	if C.getpid() != C.int(os.Getpid()) {
		panic("no C library")
	}
	for i := 0; i < 200; i++ {
		fmt.Println("out", i)
		log.Println("err", i)
		fmt.Fprintln(file, "log", i)
	}
	os.Exit(3)
}
