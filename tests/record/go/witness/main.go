// witness cosigns checkpoints of one log (c2sp.org/tlog-witness), for tests. Written from the specification on the Go checksum
// database's own note and tlog packages. It keeps what it saw in memory only, and makes a new key at each start.
//
//	witness -key FILE       prints its key and its address, then answers until its standard input ends
package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type logKey struct {
	name   string
	id     uint32
	public *ecdsa.PublicKey
}

func (k *logKey) Name() string    { return k.name }
func (k *logKey) KeyHash() uint32 { return k.id }
func (k *logKey) Verify(text, sig []byte) bool {
	sum := sha256.Sum256(text)
	return ecdsa.VerifyASN1(k.public, sum[:], sig)
}

type witness struct {
	name   string
	secret ed25519.PrivateKey
	id     uint32
	log    *logKey
	mutex  sync.Mutex
	last   tlog.Tree
}

func (w *witness) add(body string) (int, string) {
	head, checkpoint, found := strings.Cut(body, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || !strings.HasPrefix(lines[0], "old ") {
		return 400, "no request\n"
	}
	old, err := strconv.ParseInt(lines[0][4:], 10, 64)
	if err != nil {
		return 400, "no old size\n"
	}
	var proof tlog.TreeProof
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return 400, "no hash\n"
		}
		proof = append(proof, hash)
	}
	opened, err := note.Open([]byte(checkpoint), note.VerifierList(w.log))
	if err != nil {
		return 403, err.Error() + "\n"
	}
	text := strings.Split(opened.Text, "\n")
	if text[0] != w.log.name {
		return 404, "another log\n"
	}
	size, err1 := strconv.ParseInt(text[1], 10, 64)
	root, err2 := tlog.ParseHash(text[2])
	if err1 != nil || err2 != nil || old > size {
		return 400, "no checkpoint\n"
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if old != w.last.N {
		return 409, fmt.Sprintf("%d\n", w.last.N)
	}
	switch {
	case old == 0:
		err = nil
		if len(proof) > 0 {
			err = fmt.Errorf("a proof from nothing")
		}
	case old == size:
		if root != w.last.Hash || len(proof) > 0 {
			err = fmt.Errorf("another root")
		}
	default:
		err = tlog.CheckTree(proof, size, root, old, w.last.Hash)
	}
	if err != nil {
		return 422, err.Error() + "\n"
	}
	w.last = tlog.Tree{N: size, Hash: root}
	at := time.Now().Unix()
	sig := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(nil, w.id), uint64(at))
	sig = append(sig, ed25519.Sign(w.secret, []byte(fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, opened.Text)))...)
	return 200, fmt.Sprintf("\u2014 %s %s\n", w.name, base64.StdEncoding.EncodeToString(sig))
}

func (w *witness) ServeHTTP(out http.ResponseWriter, in *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(in.Body, 1<<16))
	status, answer := 404, "there is only add-checkpoint\n"
	if in.Method == http.MethodPost && in.URL.Path == "/add-checkpoint" {
		status, answer = w.add(string(body))
	}
	if status == 409 {
		out.Header().Set("Content-Type", "text/x.tlog.size")
	}
	out.WriteHeader(status)
	io.WriteString(out, answer)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func main() {
	file := flag.String("key", "", "file with the ECDSA key of the log")
	name := flag.String("name", "witness.example/go", "name of the witness")
	flag.Parse()
	b, err := os.ReadFile(*file)
	check(err)
	parts := strings.SplitN(strings.Fields(string(b))[0], "+", 3)
	der, err := base64.StdEncoding.DecodeString(parts[2])
	check(err)
	public, err := x509.ParsePKIXPublicKey(der[1:])
	check(err)
	sum := sha256.Sum256(der[1:])
	w := &witness{name: *name, log: &logKey{parts[0], binary.BigEndian.Uint32(sum[:]), public.(*ecdsa.PublicKey)}}
	open, secret, err := ed25519.GenerateKey(rand.Reader)
	check(err)
	typed := append([]byte{4}, open...)
	id := sha256.Sum256(append([]byte(w.name+"\n"), typed...))
	w.secret, w.id = secret, binary.BigEndian.Uint32(id[:])
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Printf("%s+%08x+%s http://%s/\n", w.name, w.id, base64.StdEncoding.EncodeToString(typed), listener.Addr())
	go func() {
		io.Copy(io.Discard, os.Stdin) // whoever started it is gone
		os.Exit(0)
	}()
	check(http.Serve(listener, w))
}
