package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// The names of a line in their order (docs/record.md, grammar of an export).
var grammar = map[string]*regexp.Regexp{
	"header": regexp.MustCompile(`^type,formatName,exportedAt,(chains,)?key$`),
	"checkpoint": regexp.MustCompile(
		`^type,checkpoint,form,number,at,chains,root,changesHash,previous,key,signature(,changes(,leaf,chain,length,hash)*)?$`),
	"proof": regexp.MustCompile(`^type,checkpoint,head,leaf,chain,length,hash,path$`),
	"entry": regexp.MustCompile(
		`^type,form,chain,sequence,at,factId,kind,actor,text,(data,)?salt,content,contentHash,previous,hash$`),
	"end": regexp.MustCompile(`^type,entries,checkpoints(,newer)?$`),
}

// namesOf is the names of an object and the objects in it, in their order.
func namesOf(raw []byte) (string, error) {
	var names, inside []string // inside: what is open, "{" where a name is due, "}" where a value is, "["
	d := json.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return strings.Join(names, ","), nil
		}
		if err != nil {
			return "", err
		}
		top := len(inside) - 1
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				if top >= 0 && inside[top] == "}" {
					inside[top] = "{"
				}
				inside = append(inside, t.String())
			} else {
				inside = inside[:top]
			}
			if len(inside) > 8 {
				return "", fmt.Errorf("it nests too deep")
			}
		case string:
			if top >= 0 && inside[top] == "{" {
				names, inside[top] = append(names, t), "}"
			} else if top >= 0 && inside[top] == "}" {
				inside[top] = "{"
			}
		default:
			if top >= 0 && inside[top] == "}" {
				inside[top] = "{"
			}
		}
	}
}

var written = regexp.MustCompile(`^2[01]\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?\+00:00$`)

// ticksOf is a time in units of 100 ns since the year 1.
func ticksOf(s string) (int64, error) {
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || !written.MatchString(s) {
		return 0, fmt.Errorf("no time: %q", s)
	}
	const yearOneToUnix = 62135596800
	return (at.Unix()+yearOneToUnix)*10_000_000 + int64(at.Nanosecond()/100), nil
}

func hashFrom(s string) (h tlog.Hash, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != tlog.HashSize || strings.ToLower(s) != s {
		return h, fmt.Errorf("no hash: %q", s)
	}
	copy(h[:], b)
	return h, nil
}

func text(n int64) string { return strconv.FormatInt(n, 10) }
