// Logs by log or slog, prints stacks; or panics, again and again. Without libc, it is seen through a pipe alone.
package main

import (
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"time"
)

func fetch(i int) error { return fmt.Errorf("order %d: %w", i, errors.New("not found")) }

func handle(i int) {
	if err := fetch(i); err != nil {
		panic(err)
	}
}

func main() {
	style := os.Args[1]
	count, _ := strconv.Atoi(os.Args[2])
	truth, _ := os.OpenFile(os.Getenv("TRUTH"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if style == "dies" {
		go handle(count)
		time.Sleep(time.Second)
	}
	for i := 0; i < count; i++ {
		switch {
		case style == "slog":
			slog.Info("order accepted", "id", i)
		case style == "panic" && i%5 == 4:
			child := exec.Command(os.Args[0], "dies", strconv.Itoa(i))
			child.Stderr = os.Stderr
			_ = child.Run()
		case style == "stack" && i%5 == 4:
			os.Stderr.Write(debug.Stack())
		case style == "log" && i%7 == 3:
			log.Printf("order %d:\n\titem 1\n\titem 2", i)
		default:
			log.Printf("order %d accepted", i)
		}
		truth.WriteString("e\n")
		time.Sleep(8 * time.Millisecond)
	}
}
