package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// Files of a log by path, from a folder or from a vector.
type files func(path string) ([]byte, error)

// c2sp.org/tlog-tiles names tiles without their height, which is always 8.
func tilePath(level string, n int64, width int) string {
	name := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		name = fmt.Sprintf("x%03d/%s", n%1000, name)
	}
	if width < 1<<tileHeight {
		return fmt.Sprintf("tile/%s/%s.p/%d", level, name, width)
	}
	return fmt.Sprintf("tile/%s/%s", level, name)
}

type tileReader struct {
	read files
	seen map[tlog.Tile][]byte // those above the entries, which every batch needs
}

func (r *tileReader) Height() int { return tileHeight }

func (r *tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, t := range tiles {
		b, ok := r.seen[t]
		if !ok {
			path := tilePath(strconv.Itoa(t.L), t.N, t.W)
			var err error
			if b, err = r.read(path); err != nil {
				return nil, err
			}
			if len(b) != t.W*tlog.HashSize {
				return nil, fmt.Errorf("%s has %d bytes, not %d", path, len(b), t.W*tlog.HashSize)
			}
			if t.L > 0 {
				r.seen[t] = b
			}
		}
		data = append(data, b)
	}
	return data, nil
}

func (r *tileReader) SaveTiles([]tlog.Tile, [][]byte) {}

// An entry: a byte 2, then fields as LENGTH:BYTES, (docs/record.md).
type entry struct {
	form, sequence, ticks                int64
	chain, fact, kind, actor, commitment string
}

func parseEntry(b []byte) (e entry, err error) {
	if len(b) == 0 || b[0] != 2 {
		return e, fmt.Errorf("it does not begin as an entry does")
	}
	b = b[1:]
	text := []*string{nil, &e.chain, nil, nil, &e.fact, &e.kind, &e.actor, &e.commitment}
	numbers := []*int64{&e.form, nil, &e.sequence, &e.ticks, nil, nil, nil, nil}
	for i := range text {
		colon := bytes.IndexByte(b, ':')
		if colon < 1 {
			return e, fmt.Errorf("field %d has no length", i)
		}
		length, err := strconv.Atoi(string(b[:colon]))
		if err != nil || length < 0 || strconv.Itoa(length) != string(b[:colon]) || len(b) < colon+length+2 || b[colon+length+1] != ',' {
			return e, fmt.Errorf("field %d is not written as it must be", i)
		}
		field := string(b[colon+1 : colon+1+length])
		b = b[colon+length+2:]
		if text[i] != nil {
			*text[i] = field
		} else if *numbers[i], err = strconv.ParseInt(field, 10, 64); err != nil || strconv.FormatInt(*numbers[i], 10) != field {
			return e, fmt.Errorf("field %d is no number: %q", i, field)
		}
	}
	if len(b) > 0 {
		return e, fmt.Errorf("something follows the last field")
	}
	return e, nil
}

// What a log says of a chain.
type chain struct {
	head   string  // hash of its last entry
	ticks  int64   // time of its last entry
	places []int64 // where its entries stand in the log
}

type log struct {
	checkpoint *checkpoint
	chains     map[string]*chain
	leaves     []tlog.Hash
}

var noHash = string(bytes.Repeat([]byte("0"), 64))

// readLog checks every entry and every tile against the root that was signed.
func readLog(read files, c *checkpoint) (*log, error) {
	l := &log{checkpoint: c, chains: map[string]*chain{}, leaves: make([]tlog.Hash, 0, c.tree.N)}
	hashes := tlog.TileHashReader(c.tree, &tileReader{read, map[tlog.Tile][]byte{}})
	if c.tree.N == 0 && c.tree.Hash != sha256.Sum256(nil) {
		return nil, fmt.Errorf("the root of an empty log is another")
	}
	for first := int64(0); first < c.tree.N; first += 1 << tileHeight {
		width := 1 << tileHeight
		if c.tree.N-first < int64(width) {
			width = int(c.tree.N - first)
		}
		path := tilePath("entries", first>>tileHeight, width)
		bundle, err := read(path)
		if err != nil {
			return nil, err
		}
		var indexes []int64
		for i := 0; i < width; i++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, first+int64(i)))
		}
		want, err := hashes.ReadHashes(indexes) // the library checks these against the root
		if err != nil {
			return nil, err
		}
		for i := 0; i < width; i++ {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return nil, fmt.Errorf("%s ends within entry %d", path, i)
			}
			length := 2 + int(binary.BigEndian.Uint16(bundle))
			if tlog.RecordHash(bundle[2:length]) != want[i] {
				return nil, fmt.Errorf("entry %d is not the one in the tree", first+int64(i))
			}
			if err := l.add(bundle[2:length], want[i]); err != nil {
				return nil, fmt.Errorf("entry %d: %v", first+int64(i), err)
			}
			bundle = bundle[length:]
		}
		if len(bundle) > 0 {
			return nil, fmt.Errorf("%s holds more than its entries", path)
		}
	}
	return l, nil
}

func (l *log) add(b []byte, leaf tlog.Hash) error {
	e, err := parseEntry(b)
	if err != nil {
		return err
	}
	c := l.chains[e.chain]
	if c == nil {
		c = &chain{head: noHash}
		l.chains[e.chain] = c
	}
	if e.form != 1 {
		return fmt.Errorf("it is in form %d", e.form)
	}
	if e.sequence != int64(len(c.places))+1 {
		return fmt.Errorf("it is number %d of %s, and number %d is due", e.sequence, e.chain, len(c.places)+1)
	}
	if e.ticks < c.ticks {
		return fmt.Errorf("it is older than the one before it")
	}
	body := sha256.Sum256(b)
	c.head = hashOf(3, c.head, hex.EncodeToString(body[:]))
	c.ticks = e.ticks
	c.places = append(c.places, int64(len(l.leaves)))
	l.leaves = append(l.leaves, leaf)
	return nil
}

// continues checks that the log continues one that was kept from earlier, by the library's own proof of it.
func (l *log) continues(earlier *checkpoint, read files) error {
	tree := l.checkpoint.tree
	if earlier.origin != l.checkpoint.origin || earlier.tree.N > tree.N {
		return fmt.Errorf("the log had %d entries of %s", earlier.tree.N, earlier.origin)
	}
	if earlier.tree.N == 0 {
		return nil
	}
	proof, err := tlog.ProveTree(tree.N, earlier.tree.N, tlog.TileHashReader(tree, &tileReader{read, map[tlog.Tile][]byte{}}))
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, earlier.tree.N, earlier.tree.Hash)
}

func canonical(domain byte, fields ...string) []byte {
	b := []byte{domain}
	for _, f := range fields {
		b = append(b, fmt.Sprintf("%d:%s,", len(f), f)...)
	}
	return b
}

func hashOf(domain byte, fields ...string) string {
	sum := sha256.Sum256(canonical(domain, fields...))
	return hex.EncodeToString(sum[:])
}
