// Command go_witness is a witness (C2SP tlog-witness) of one log, with its state in memory. What it decides with is
// not ours: Go's signed notes and consistency proofs, and the cosignatures of transparency-dev.
//
// It makes a key of its own, listens on a loopback port, and prints that port and its verifier key, a line each.
package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	flog "github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const maxBody = 64 << 10

type witness struct {
	origin string
	log    note.Verifier
	signer note.Signer

	mu   sync.Mutex
	size uint64
	root tlog.Hash
}

// add judges a submission; the answer is a status, and a body where there is one.
func (w *witness) add(raw []byte) (int, string, error) {
	old, proof, checkpoint, err := parse(raw)
	if err != nil {
		return http.StatusBadRequest, "", err
	}
	next, _, opened, err := flog.ParseCheckpoint(checkpoint, w.origin, w.log)
	if err != nil {
		return http.StatusForbidden, "", err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if old != w.size {
		return http.StatusConflict, fmt.Sprintf("%d\n", w.size), nil
	}
	root := tlog.Hash(next.Hash)
	if old > 0 {
		if err := tlog.CheckTree(proof, int64(next.Size), root, int64(old), w.root); err != nil {
			return http.StatusUnprocessableEntity, "", err
		}
	}
	signed, err := note.Sign(&note.Note{Text: opened.Text}, w.signer)
	if err != nil {
		return http.StatusInternalServerError, "", err
	}
	w.size, w.root = next.Size, root
	return http.StatusOK, string(signed[len(opened.Text)+1:]), nil
}

func parse(raw []byte) (uint64, tlog.TreeProof, []byte, error) {
	head, checkpoint, found := bytes.Cut(raw, []byte("\n\n"))
	if !found {
		return 0, nil, nil, errors.New("no empty line")
	}
	lines := strings.Split(string(head), "\n")
	var old uint64
	if _, err := fmt.Sscanf(lines[0], "old %d", &old); err != nil {
		return 0, nil, nil, err
	}
	var proof tlog.TreeProof
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return 0, nil, nil, err
		}
		proof = append(proof, hash)
	}
	return old, proof, checkpoint, nil
}

func (w *witness) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	raw, err := io.ReadAll(http.MaxBytesReader(answer, request.Body, maxBody))
	if err != nil {
		http.Error(answer, err.Error(), http.StatusBadRequest)
		return
	}
	status, body, err := w.add(raw)
	if err != nil {
		http.Error(answer, err.Error(), status)
		return
	}
	if status == http.StatusConflict {
		answer.Header().Set("Content-Type", "text/x.tlog.size")
	}
	answer.WriteHeader(status)
	_, _ = io.WriteString(answer, body)
}

func main() {
	name := flag.String("name", "go-witness.example", "the name under which it cosigns")
	vkey := flag.String("log", "", "the verifier key of the log")
	flag.Parse()
	known, err := fnote.NewVerifier(*vkey)
	exitOn(err)
	secret, plain, err := note.GenerateKey(rand.Reader, *name)
	exitOn(err)
	signer, err := fnote.NewSignerForCosignatureV1(secret)
	exitOn(err)
	public, err := fnote.VKeyToCosignatureV1(plain)
	exitOn(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	exitOn(err)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	fmt.Println(public)
	mux := http.NewServeMux()
	mux.Handle("POST /add-checkpoint", &witness{origin: known.Name(), log: known, signer: signer})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.Serve(listener))
}

func exitOn(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
