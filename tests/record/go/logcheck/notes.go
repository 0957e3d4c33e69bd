package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A key as c2sp.org/signed-note writes it: NAME+ID+BASE64(type || key).
type key struct {
	name   string
	id     uint32
	alg    byte
	public []byte
	ecdsa  *ecdsa.PublicKey
}

func (k *key) Name() string    { return k.name }
func (k *key) KeyHash() uint32 { return k.id }

func (k *key) Verify(text, sig []byte) bool {
	switch k.alg {
	case 1:
		return ed25519.Verify(k.public, text, sig)
	case 2:
		sum := sha256.Sum256(text)
		return ecdsa.VerifyASN1(k.ecdsa, sum[:], sig)
	case 4: // c2sp.org/tlog-cosignature: eight bytes of time, then a signature over time and text
		if len(sig) != 8+ed25519.SignatureSize {
			return false
		}
		at := binary.BigEndian.Uint64(sig)
		signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, text)
		return at > 0 && at < 1<<63 && ed25519.Verify(k.public, []byte(signed), sig[8:])
	}
	return false
}

func parseKey(vkey string) (*key, error) {
	parts := strings.SplitN(strings.TrimSpace(vkey), "+", 3)
	if len(parts) != 3 || parts[0] == "" {
		return nil, fmt.Errorf("no key: %q", vkey)
	}
	id, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil || len(parts[1]) != 8 {
		return nil, fmt.Errorf("no id of a key: %q", parts[1])
	}
	bytes, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(bytes) < 2 {
		return nil, fmt.Errorf("no key: %q", parts[2])
	}
	k := &key{name: parts[0], id: uint32(id), alg: bytes[0], public: bytes[1:]}
	hashed := append([]byte(k.name+"\n"), bytes...)
	switch k.alg {
	case 1, 4:
		if len(k.public) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("no Ed25519 key of %s", k.name)
		}
	case 2:
		public, err := x509.ParsePKIXPublicKey(k.public)
		if err != nil {
			return nil, err
		}
		var ok bool
		if k.ecdsa, ok = public.(*ecdsa.PublicKey); !ok {
			return nil, fmt.Errorf("no ECDSA key of %s", k.name)
		}
		hashed = k.public
	default:
		return nil, fmt.Errorf("a key of type %d", k.alg)
	}
	if sum := sha256.Sum256(hashed); binary.BigEndian.Uint32(sum[:]) != k.id {
		return nil, fmt.Errorf("the id of %s is not its key's", k.name)
	}
	return k, nil
}

func parseKeys(vkeys []string) ([]*key, error) {
	var keys []*key
	for _, vkey := range vkeys {
		k, err := parseKey(vkey)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// A checkpoint that a trusted key of the log signed, and as many witnesses as must have.
type checkpoint struct {
	origin string
	tree   tlog.Tree
}

func openCheckpoint(bytes []byte, logs, witnesses []*key, quorum int) (*checkpoint, error) {
	var known []note.Verifier
	for _, k := range append(append([]*key{}, logs...), witnesses...) {
		known = append(known, k)
	}
	opened, err := note.Open(bytes, note.VerifierList(known...))
	if err != nil {
		return nil, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[len(lines)-1] != "" {
		return nil, fmt.Errorf("a checkpoint has three lines")
	}
	for _, line := range lines[:len(lines)-1] {
		if line == "" {
			return nil, fmt.Errorf("a line of the checkpoint is empty")
		}
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return nil, fmt.Errorf("no size: %q", lines[1])
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return nil, fmt.Errorf("no root: %q", lines[2])
	}
	c := &checkpoint{origin: lines[0], tree: tlog.Tree{N: size}}
	copy(c.tree.Hash[:], root)
	byLog, cosigned := false, 0
	for _, sig := range opened.Sigs {
		for _, k := range logs {
			byLog = byLog || (k.alg != 4 && k.name == c.origin && k.name == sig.Name && k.id == sig.Hash)
		}
		for _, k := range witnesses {
			if k.alg == 4 && k.name == sig.Name && k.id == sig.Hash {
				cosigned++
			}
		}
	}
	if !byLog {
		return nil, fmt.Errorf("no trusted key of %s signed the checkpoint", c.origin)
	}
	if cosigned < quorum {
		return nil, fmt.Errorf("%d witnesses cosigned, %d must have", cosigned, quorum)
	}
	return c, nil
}
