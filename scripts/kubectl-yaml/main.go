// Reads manifests from standard input as kubectl does, and writes each of them as a line of JSON.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/util/yaml"
)

func main() {
	reader := yaml.NewYAMLReader(bufio.NewReader(os.Stdin))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		var object []byte
		if err == nil {
			object, err = yaml.ToJSON(document)
		}
		var line bytes.Buffer
		if err == nil {
			err = json.Compact(&line, object)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(line.String())
	}
}
