// Judges rules and queries as Prometheus does. On standard input:
//
//	{"rules": a rule file as text, "queries": [PromQL], "script": "load ... eval instant at ..."}
//
// The script is in the language of Prometheus' own tests. Exit code 1 and what is wrong on standard output, or 0.
package main

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
)

type input struct {
	Rules   string   `json:"rules"`
	Queries []string `json:"queries"`
	Script  string   `json:"script"`
}

func judge(t *testing.T) {
	var in input
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		t.Fatal(err)
	}
	queries := parser.NewParser(parser.Options{})
	if in.Rules != "" {
		_, errs := rulefmt.Parse([]byte(in.Rules), false, model.UTF8Validation, queries, promslog.NewNopLogger())
		for _, err := range errs {
			t.Error(err)
		}
	}
	for _, query := range in.Queries {
		if _, err := queries.ParseExpr(query); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
	if in.Script != "" {
		promqltest.RunTest(t, in.Script, promqltest.NewTestEngine(t, false, 0, 100_000))
	}
}

func main() {
	all := func(string, string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{{Name: "rules", F: judge}}, nil, nil)
}
