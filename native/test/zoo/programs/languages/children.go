// Go whose children write: its own system calls pass the library by, what it starts does not.
package main

import (
	"os"
	"os/exec"
)

func run(env []string, name string, arguments ...string) {
	command := exec.Command(name, arguments...)
	command.Stdout, command.Stderr, command.Env = os.Stdout, os.Stderr, env
	if err := command.Run(); err != nil {
		panic(err)
	}
}

func main() {
	run(nil, "echo", "a child of Go")
	run(nil, "sh", "-c", "seq 50; echo err >&2; echo log >>app.log")
}
