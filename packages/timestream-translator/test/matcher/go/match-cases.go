// Reads one JSON object per line, {"pattern": "...", "texts": ["...", ...]}, and answers for each whether Prometheus' reading of the pattern
// matches each text, as a JSON array, or null if Go refuses the pattern.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"regexp/syntax"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<24)
	answers := bufio.NewWriter(os.Stdout)
	defer answers.Flush()
	for lines.Scan() {
		var question struct {
			Pattern string   `json:"pattern"`
			Texts   []string `json:"texts"`
		}
		if err := json.Unmarshal(lines.Bytes(), &question); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		var answer []bool
		// The expression must stand alone; what is compiled is its simplified tree between anchors (model/labels/regexp.go).
		if tree, err := syntax.Parse(question.Pattern, syntax.Perl|syntax.DotNL); err == nil {
			anchored := regexp.MustCompile("^(?s:" + tree.Simplify().String() + ")$")
			answer = []bool{}
			for _, text := range question.Texts {
				answer = append(answer, anchored.MatchString(text))
			}
		}
		encoded, _ := json.Marshal(answer)
		fmt.Fprintln(answers, string(encoded))
	}
}
