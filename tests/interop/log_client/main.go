// log_client reads and checks transparency logs with the code of others: Google's certificate-transparency-go, the
// clients of Tessera and of rekor-tiles, and the Merkle tree of transparency-dev. It prints one JSON object, or fails.
package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"time"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

const patience = time.Minute

var commands = map[string]struct {
	usage string
	count int
	run   func(ctx context.Context, arguments []string) (any, error)
}{
	"ct-add":      {"URL KEY.pem CHAIN.pem", 3, addChain},
	"ct-add-pre":  {"URL KEY.pem CHAIN.pem", 3, addPreChain},
	"ct-embedded": {"KEY.pem CHAIN.pem", 2, checkEmbedded},
	"ct-audit":    {"URL KEY.pem", 2, auditCT},
	"tiles-ct":    {"URL KEY.pem ORIGIN", 3, readStaticCT},
	"tiles-rekor": {"URL KEY.pem ORIGIN", 3, readRekor},
	"rekor-entry": {"ENTRY.json KEY.pem ORIGIN", 3, checkRekorEntry},
}

func main() {
	if len(os.Args) < 2 || len(os.Args)-2 != commands[os.Args[1]].count {
		for name, command := range commands {
			fmt.Fprintln(os.Stderr, "log_client", name, command.usage)
		}
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	result, err := commands[os.Args[1]].run(ctx, os.Args[2:])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(result)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func readPEM(path string) ([][]byte, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var blocks [][]byte
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		blocks = append(blocks, block.Bytes)
	}
	if len(blocks) == 0 {
		return nil, fmt.Errorf("%s has no PEM block", path)
	}
	return blocks, nil
}

func readKey(path string) (crypto.PublicKey, error) {
	blocks, err := readPEM(path)
	if err != nil {
		return nil, err
	}
	return x509.ParsePKIXPublicKey(blocks[0])
}

// tree is what a log's leaves add up to, to compare with what the log says of them.
type tree struct {
	hashes [][]byte
	roots  [][]byte // of the first n leaves, for each n
}

func grow(leaves [][]byte) (*tree, error) {
	grown := &tree{roots: [][]byte{rfc6962.DefaultHasher.EmptyRoot()}}
	edge := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	for _, leaf := range leaves {
		hash := rfc6962.DefaultHasher.HashLeaf(leaf)
		if err := edge.Append(hash, nil); err != nil {
			return nil, err
		}
		root, err := edge.GetRootHash(nil)
		if err != nil {
			return nil, err
		}
		grown.hashes = append(grown.hashes, hash)
		grown.roots = append(grown.roots, root)
	}
	return grown, nil
}

func (t *tree) size() uint64 {
	return uint64(len(t.hashes))
}

type prover interface {
	inclusion(ctx context.Context, index uint64) ([][]byte, error)
	consistency(ctx context.Context, from, to uint64) ([][]byte, error)
}

// checkProofs asks for the inclusion proof of every leaf, and for consistency proofs from every earlier size.
func (t *tree) checkProofs(ctx context.Context, log prover) error {
	for index := range t.size() {
		path, err := log.inclusion(ctx, index)
		if err != nil {
			return fmt.Errorf("inclusion of %d: %w", index, err)
		}
		err = proof.VerifyInclusion(rfc6962.DefaultHasher, index, t.size(), t.hashes[index], path, t.roots[t.size()])
		if err != nil {
			return fmt.Errorf("inclusion of %d: %w", index, err)
		}
	}
	for from := uint64(1); from < t.size(); from++ {
		path, err := log.consistency(ctx, from, t.size())
		if err != nil {
			return fmt.Errorf("consistency from %d: %w", from, err)
		}
		err = proof.VerifyConsistency(
			rfc6962.DefaultHasher, from, t.size(), path, t.roots[from], t.roots[t.size()])
		if err != nil {
			return fmt.Errorf("consistency from %d: %w", from, err)
		}
	}
	return nil
}
