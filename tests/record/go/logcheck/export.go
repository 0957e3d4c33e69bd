package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"

	"golang.org/x/mod/sumdb/tlog"
)

type head struct {
	Leaf, Length int64
	Chain, Hash  string
}

type recordCheckpoint struct {
	Form, Number, Chains                            int64
	At, Root, ChangesHash, Previous, Key, Signature string
	Changes                                         *[]head
}

type line struct {
	Type, FormatName, ExportedAt, Key, Chain, At, FactID, Kind, Actor, Text, Salt, Content, ContentHash, Previous, Hash string
	Form, Sequence, Entries, Checkpoints, Newer                                                                         int64
	Chains                                                                                                              *[]string
	Data                                                                                                                *string
	Checkpoint                                                                                                          json.RawMessage
	Head                                                                                                                head
	Path                                                                                                                []string
}

type export struct {
	log         *log
	signer      *key
	header      *line
	ended       bool
	checkpoints []recordCheckpoint
	heads       []head // by leaf, as of the last checkpoint
	place       int64  // in the log, up to where checkpoints sealed it
	proofs      map[string]head
	entries     int64
	of          map[string]int64  // entries read of each chain
	last        map[string]string // their last hash
	now         string            // the chain that is being read
	gone        map[string]int64  // the last entry of each chain whose words are gone
	shredded    map[string]int64  // how many entries of a chain were shredded on the record
}

// checkExport holds an export against a log that was checked before: both must tell the same, word for word.
func checkExport(from io.Reader, l *log, signer *key) error {
	x := &export{log: l, signer: signer, proofs: map[string]head{}, of: map[string]int64{}, last: map[string]string{},
		gone: map[string]int64{}, shredded: map[string]int64{}}
	reader := bufio.NewReaderSize(from, 1<<20)
	for number := 1; ; number++ {
		raw, err := reader.ReadBytes('\n')
		if err == io.EOF && len(raw) == 0 {
			return x.finish()
		}
		if err != nil {
			return fmt.Errorf("line %d does not end: %v", number, err)
		}
		if err := x.next(raw[:len(raw)-1]); err != nil {
			return fmt.Errorf("line %d: %v", number, err)
		}
	}
}

func (x *export) next(raw []byte) error {
	var l line
	var compact bytes.Buffer
	names, err := namesOf(raw)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &l); err != nil {
		return err
	}
	if err := json.Compact(&compact, raw); err != nil || !bytes.Equal(compact.Bytes(), raw) {
		return fmt.Errorf("it has spaces")
	}
	if pattern := grammar[l.Type]; pattern == nil || !pattern.MatchString(names) {
		return fmt.Errorf("no line of an export: %s", names)
	}
	if x.ended || (x.header == nil) != (l.Type == "header") {
		return fmt.Errorf("a line of type %s stands where it may not", l.Type)
	}
	switch l.Type {
	case "header":
		return x.begin(&l)
	case "checkpoint":
		return x.checkpoint(l.Checkpoint)
	case "proof":
		return x.proof(&l)
	case "entry":
		return x.entry(&l)
	}
	return x.end(&l)
}

func (x *export) begin(l *line) error {
	x.header = l
	if l.FormatName != "irfunctions-record-1" || l.Key != base64.StdEncoding.EncodeToString(x.signer.public) {
		return fmt.Errorf("another format, or the key of somebody else")
	}
	_, err := ticksOf(l.ExportedAt)
	return err
}

func (x *export) checkpoint(raw json.RawMessage) error {
	var c recordCheckpoint
	if err := json.Unmarshal(raw, &c); err != nil {
		return err
	}
	at, err := ticksOf(c.At)
	if err != nil {
		return err
	}
	if len(x.proofs) > 0 || x.entries > 0 {
		return fmt.Errorf("a checkpoint after what it seals")
	}
	if exported, _ := ticksOf(x.header.ExportedAt); exported < at {
		return fmt.Errorf("the file says it was exported before checkpoint %d", c.Number)
	}
	fields := []string{text(c.Form), text(c.Number), text(at), text(c.Chains), c.Root, c.ChangesHash, c.Previous, c.Key}
	signed := canonical(6, fields...)
	sum, sig := sha256.Sum256(signed), make([]byte, 0)
	if sig, err = base64.StdEncoding.Strict().DecodeString(c.Signature); err != nil || len(sig) != 64 {
		return fmt.Errorf("no signature: %q", c.Signature)
	}
	r, s := new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])
	fingerprint := sha256.Sum256(x.signer.public)
	if c.Form != 1 || c.Key != hex.EncodeToString(fingerprint[:]) || !ecdsa.Verify(x.signer.ecdsa, sum[:], r, s) {
		return fmt.Errorf("checkpoint %d is not signed by the key of the log", c.Number)
	}
	defer func() { x.checkpoints = append(x.checkpoints, c) }()
	if x.header.Chains != nil {
		if len(x.checkpoints) > 0 || c.Changes != nil {
			return fmt.Errorf("an export of chains holds one checkpoint, without changes")
		}
		return nil
	}
	previous := noHash
	if n := len(x.checkpoints); n > 0 {
		b := x.checkpoints[n-1]
		before, _ := ticksOf(b.At)
		previous = hashOf(6, text(b.Form), text(b.Number), text(before), text(b.Chains), b.Root, b.ChangesHash, b.Previous, b.Key)
	}
	if c.Number != int64(len(x.checkpoints))+1 || c.Previous != previous || c.Changes == nil {
		return fmt.Errorf("checkpoint %d does not follow the one before it", c.Number)
	}
	return x.seal(&c)
}

// seal follows what a checkpoint changed; the log holds its entries in this order.
func (x *export) seal(c *recordCheckpoint) error {
	var fields []string
	for _, h := range *c.Changes {
		fields = append(fields, text(h.Leaf), h.Chain, text(h.Length), h.Hash)
		var before int64
		if h.Leaf >= 0 && h.Leaf < int64(len(x.heads)) && x.heads[h.Leaf].Chain == h.Chain {
			before = x.heads[h.Leaf].Length
		} else if h.Leaf == int64(len(x.heads)) {
			x.heads = append(x.heads, h)
		} else {
			return fmt.Errorf("checkpoint %d gives a chain another leaf", c.Number)
		}
		x.heads[h.Leaf] = h
		of := x.log.chains[h.Chain]
		if of == nil || h.Length > int64(len(of.places)) || h.Length <= before {
			return fmt.Errorf("checkpoint %d seals %d entries of %s that the log does not hold", c.Number, h.Length, h.Chain)
		}
		for n := before; n < h.Length; n++ {
			if of.places[n] != x.place {
				return fmt.Errorf("entry %d of %s is elsewhere in the log than checkpoint %d says", n+1, h.Chain, c.Number)
			}
			x.place++
		}
	}
	if c.ChangesHash != hashOf(5, fields...) {
		return fmt.Errorf("checkpoint %d lists other changes than were signed", c.Number)
	}
	var leaves []tlog.Hash
	for _, h := range x.heads {
		leaves = append(leaves, tlog.RecordHash(canonical(0, h.Chain, text(h.Length), h.Hash)[1:]))
	}
	if c.Chains != int64(len(leaves)) || c.Root != rootOf(leaves) {
		return fmt.Errorf("checkpoint %d has the root of another tree", c.Number)
	}
	return nil
}

func rootOf(leaves []tlog.Hash) string {
	if len(leaves) == 0 {
		sum := sha256.Sum256(nil)
		return hex.EncodeToString(sum[:])
	}
	for len(leaves) > 1 { // a node without a right neighbour stands for itself one level up
		var above []tlog.Hash
		for i := 0; i < len(leaves); i += 2 {
			if i+1 < len(leaves) {
				above = append(above, tlog.NodeHash(leaves[i], leaves[i+1]))
			} else {
				above = append(above, leaves[i])
			}
		}
		leaves = above
	}
	return hex.EncodeToString(leaves[0][:])
}

func (x *export) proof(l *line) error {
	var number int64
	if err := json.Unmarshal(l.Checkpoint, &number); err != nil {
		return err
	}
	if x.header.Chains == nil || len(x.checkpoints) != 1 || x.entries > 0 || number != x.checkpoints[0].Number {
		return fmt.Errorf("a proof where none may stand")
	}
	if n := len(x.proofs); n >= len(*x.header.Chains) || (*x.header.Chains)[n] != l.Head.Chain || x.proofs[l.Head.Chain].Length > 0 {
		return fmt.Errorf("the proof of %s is not the next one", l.Head.Chain)
	}
	var proof tlog.RecordProof
	for _, h := range l.Path {
		hash, err := hashFrom(h)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	c := x.checkpoints[0]
	root, err := hashFrom(c.Root)
	if err != nil {
		return err
	}
	leaf := tlog.RecordHash(canonical(0, l.Head.Chain, text(l.Head.Length), l.Head.Hash)[1:])
	if l.Head.Leaf < 0 || l.Head.Leaf >= c.Chains {
		return fmt.Errorf("there is no leaf %d", l.Head.Leaf)
	}
	x.proofs[l.Head.Chain] = l.Head
	return tlog.CheckRecord(proof, c.Chains, root, l.Head.Leaf, leaf)
}

func (x *export) entry(l *line) error {
	at, err := ticksOf(l.At)
	if err != nil {
		return err
	}
	if l.Chain != x.now && x.of[l.Chain] > 0 {
		return fmt.Errorf("it stands apart from the others of its chain")
	}
	x.now = l.Chain
	x.entries++
	x.of[l.Chain]++
	in := x.log.chains[l.Chain]
	if in == nil || l.Sequence != x.of[l.Chain] || l.Sequence > int64(len(in.places)) {
		return fmt.Errorf("%s entry %d is not in the log, or not here", l.Chain, l.Sequence)
	}
	body := canonical(2, text(l.Form), l.Chain, text(l.Sequence), text(at), l.FactID, l.Kind, l.Actor, l.ContentHash)
	if tlog.RecordHash(body) != x.log.leaves[in.places[l.Sequence-1]] {
		return fmt.Errorf("%s entry %d is not the one in the log", l.Chain, l.Sequence)
	}
	previous := x.last[l.Chain]
	if previous == "" {
		previous = noHash
	}
	sum := sha256.Sum256(body)
	if x.last[l.Chain] = hashOf(3, previous, hex.EncodeToString(sum[:])); l.Previous != previous || l.Hash != x.last[l.Chain] {
		return fmt.Errorf("%s entry %d has other hashes than its chain", l.Chain, l.Sequence)
	}
	return x.words(l)
}

func (x *export) words(l *line) error {
	sign, data := "-", ""
	if l.Data != nil {
		sign, data = "+", *l.Data
	}
	switch {
	case l.Content == "readable" && len(l.Salt) == 32 && hashOf(4, l.Salt, l.Text, sign, data) == l.ContentHash:
	case l.Content == "shredded" && l.Text == "" && l.Salt == "" && l.Data == nil:
		x.gone[l.Chain] = l.Sequence
	default:
		return fmt.Errorf("the words of %s entry %d are not those that were written", l.Chain, l.Sequence)
	}
	var of struct {
		Chain   string
		Entries int64
	}
	if l.Chain == "pipeline" && l.Kind == "shredded" && json.Unmarshal([]byte(data), &of) == nil && of.Entries > x.shredded[of.Chain] {
		x.shredded[of.Chain] = of.Entries
	}
	return nil
}

func (x *export) end(l *line) error {
	x.ended = true
	if l.Entries != x.entries || l.Checkpoints != int64(len(x.checkpoints)) {
		return fmt.Errorf("the end speaks of %d entries and %d checkpoints", l.Entries, l.Checkpoints)
	}
	return nil
}

func (x *export) finish() error {
	if !x.ended {
		return fmt.Errorf("the file ends early")
	}
	if x.header.Chains == nil {
		if x.place != int64(len(x.log.leaves)) || x.entries != x.place {
			return fmt.Errorf("%d entries, %d sealed, and the log has %d", x.entries, x.place, len(x.log.leaves))
		}
	} else {
		for _, c := range *x.header.Chains {
			if p, ok := x.proofs[c]; !ok || p.Length != x.of[c] || p.Hash != x.last[c] {
				return fmt.Errorf("%s is not proved to its end", c)
			}
		}
		if len(x.of) != len(*x.header.Chains) {
			return fmt.Errorf("it holds other chains than it names")
		}
	}
	for c, n := range x.gone {
		if n > x.shredded[c] {
			return fmt.Errorf("the words of %s entry %d are gone, and nobody recorded that", c, n)
		}
	}
	return nil
}
