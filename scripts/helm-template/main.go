// Renders a directory with a Helm chart as `helm template` does, for tests on machines without Helm. Helm's templates are
// those of Go, so the language is the real one. What Helm adds to it is missing, and every use of it is an error: functions
// such as `quote` and `include`, subcharts, repositories, every flag but -f and --namespace.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/template"

	"sigs.k8s.io/yaml"
)

type values = map[string]any

func read(path string) (values, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	content := values{}
	err = yaml.UnmarshalStrict(text, &content)
	return content, err
}

// merge writes the values of overrides into base: maps are merged, anything else is replaced.
func merge(base, overrides values) {
	for key, value := range overrides {
		below, isMap := value.(values)
		existing, wasMap := base[key].(values)
		if isMap && wasMap {
			merge(existing, below)
		} else {
			base[key] = value
		}
	}
}

// named returns the fields of Chart.yaml by the names that templates use.
func named(chart values) values {
	return values{"Name": chart["name"], "Version": chart["version"], "AppVersion": chart["appVersion"]}
}

func render(release, namespace, chart, overrides string, out io.Writer) error {
	about, err := read(filepath.Join(chart, "Chart.yaml"))
	if err != nil {
		return err
	}
	all, err := read(filepath.Join(chart, "values.yaml"))
	if err != nil {
		return err
	}
	if overrides != "" {
		own, err := read(overrides)
		if err != nil {
			return err
		}
		merge(all, own)
	}
	templates, err := template.New("").Option("missingkey=error").ParseGlob(filepath.Join(chart, "templates", "*.yaml"))
	if err != nil {
		return err
	}
	data := values{
		"Chart":   named(about),
		"Release": values{"Name": release, "Namespace": namespace, "Service": "Helm"},
		"Values":  all,
	}
	for _, each := range templates.Templates() {
		fmt.Fprintf(out, "---\n# Source: %s/templates/%s\n", about["name"], each.Name())
		if err := each.Execute(out, data); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	if len(os.Args) < 2 || os.Args[1] != "template" {
		fmt.Fprintln(os.Stderr, "helm-template: only `template` is known")
		os.Exit(1)
	}
	flags := flag.NewFlagSet("template", flag.ExitOnError)
	overrides := flags.String("f", "", "values")
	namespace := flags.String("namespace", "default", "namespace of the release")
	_ = flags.Parse(os.Args[2:])
	if flags.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "helm-template: give the name of the release and the directory of the chart")
		os.Exit(1)
	}
	if err := render(flags.Arg(0), *namespace, flags.Arg(1), *overrides, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "helm-template:", err)
		os.Exit(1)
	}
}
