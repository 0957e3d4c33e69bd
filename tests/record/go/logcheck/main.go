// logcheck verifies a record in its transparency-log form (c2sp.org/tlog-tiles), and an export beside it. It was written from
// docs/record.md and from the C2SP specifications on the Go checksum database's own note and tlog packages, and shares no line with
// the program it checks.
//
//	logcheck -log DIR -key FILE [-witness FILE -quorum N] [-earlier CHECKPOINT] [-export FILE.jsonl]
//	logcheck -vectors DIR        each file of test vectors; one line each: its name, then "whole" or why it is refused
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// What is given to a verifier.
type given struct {
	keys, witnesses []string
	quorum          int
	earlier         []byte
	read            files
	export          io.Reader
}

func (g *given) check() (int64, error) {
	keys, err := parseKeys(g.keys)
	if err != nil {
		return 0, err
	}
	witnesses, err := parseKeys(g.witnesses)
	if err != nil {
		return 0, err
	}
	note, err := g.read("checkpoint")
	if err != nil {
		return 0, err
	}
	c, err := openCheckpoint(note, keys, witnesses, g.quorum)
	if err != nil {
		return 0, err
	}
	l, err := readLog(g.read, c)
	if err != nil {
		return 0, err
	}
	if g.earlier != nil {
		earlier, err := openCheckpoint(g.earlier, keys, nil, 0)
		if err != nil {
			return 0, err
		}
		if err := l.continues(earlier, g.read); err != nil {
			return 0, err
		}
	}
	if g.export == nil {
		return c.tree.N, nil
	}
	for _, k := range keys {
		if k.alg == 2 {
			return c.tree.N, checkExport(g.export, l, k)
		}
	}
	return 0, fmt.Errorf("an export is signed with ECDSA; give that key")
}

// A vector: a log or an export as its attacker left it.
type vector struct {
	LogKeys, Witnesses []string
	Quorum             int
	Earlier            string
	Log                map[string][]byte
	Export             []string
}

func checkVector(path string) error {
	var v vector
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	g := &given{keys: v.LogKeys, witnesses: v.Witnesses, quorum: v.Quorum, read: func(path string) ([]byte, error) {
		if b, ok := v.Log[path]; ok {
			return b, nil
		}
		return nil, fmt.Errorf("%s is missing", path)
	}}
	if v.Earlier != "" {
		g.earlier = []byte(v.Earlier)
	}
	if v.Export != nil {
		g.export = strings.NewReader(strings.Join(v.Export, "\n") + "\n")
	}
	_, err = g.check()
	return err
}

func lines(path string) []string {
	if path == "" {
		return nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		fatal(err)
	}
	return strings.Fields(string(b))
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(2)
}

func main() {
	vectors := flag.String("vectors", "", "folder of vectors")
	dir := flag.String("log", "", "folder of a log")
	keys := flag.String("key", "", "file with keys of the log")
	witness := flag.String("witness", "", "file with keys of witnesses")
	quorum := flag.Int("quorum", 0, "how many of them must have cosigned")
	earlier := flag.String("earlier", "", "a checkpoint kept from earlier")
	exported := flag.String("export", "", "an export as JSON lines")
	flag.Parse()
	if *vectors != "" {
		paths, err := filepath.Glob(filepath.Join(*vectors, "*.json"))
		if err != nil {
			fatal(err)
		}
		for _, path := range paths {
			verdict := "whole"
			if err := checkVector(path); err != nil {
				verdict = "refused: " + strings.ReplaceAll(err.Error(), "\n", " ")
			}
			fmt.Printf("%s: %s\n", strings.TrimSuffix(filepath.Base(path), ".json"), verdict)
		}
		return
	}
	g := &given{keys: lines(*keys), witnesses: lines(*witness), quorum: *quorum, read: func(path string) ([]byte, error) {
		return os.ReadFile(filepath.Join(*dir, path))
	}}
	if *earlier != "" {
		b, err := os.ReadFile(*earlier)
		if err != nil {
			fatal(err)
		}
		g.earlier = b
	}
	if *exported != "" {
		f, err := os.Open(*exported)
		if err != nil {
			fatal(err)
		}
		defer f.Close()
		g.export = f
	}
	size, err := g.check()
	if err != nil {
		fmt.Println("REFUSED:", err)
		os.Exit(1)
	}
	fmt.Printf("whole: %d entries\n", size)
}
