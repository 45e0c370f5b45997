package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	ct "github.com/google/certificate-transparency-go"
	"github.com/google/certificate-transparency-go/tls"
	pbs "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/rekor-tiles/v2/pkg/client/read"
	rekornote "github.com/sigstore/rekor-tiles/v2/pkg/note"
	"github.com/sigstore/rekor-tiles/v2/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/tessera/api/layout"
	"github.com/transparency-dev/tessera/client"
	"golang.org/x/mod/sumdb/note"
	"google.golang.org/protobuf/encoding/protojson"
)

type published struct {
	Size       uint64   `json:"size"`
	Checkpoint string   `json:"checkpoint"`
	Leaves     [][]byte `json:"leaves"`
	Issuers    int      `json:"issuers,omitempty"`
}

type tileProver struct {
	*client.ProofBuilder
}

func (p tileProver) inclusion(ctx context.Context, index uint64) ([][]byte, error) {
	return p.InclusionProof(ctx, index)
}

func (p tileProver) consistency(ctx context.Context, from, to uint64) ([][]byte, error) {
	return p.ConsistencyProof(ctx, from, to)
}

// checkTiles compares hash tiles with the leaves: every proof that Tessera builds from the tiles must verify.
func checkTiles(ctx context.Context, fetch client.TileFetcherFunc, leaves [][]byte, root []byte) error {
	grown, err := grow(leaves)
	if err != nil {
		return err
	}
	if !bytes.Equal(grown.roots[grown.size()], root) {
		return errors.New("the entries do not add up to the checkpoint's root")
	}
	builder, err := client.NewProofBuilder(ctx, grown.size(), fetch)
	if err != nil {
		return err
	}
	return grown.checkProofs(ctx, tileProver{builder})
}

func loadVerifier(path string) (signature.Verifier, error) {
	key, err := readKey(path)
	if err != nil {
		return nil, err
	}
	return signature.LoadVerifier(key, crypto.SHA256)
}

func readRekor(ctx context.Context, arguments []string) (any, error) {
	verifier, err := loadVerifier(arguments[1])
	if err != nil {
		return nil, err
	}
	log, err := read.NewReader(arguments[0], arguments[2], verifier)
	if err != nil {
		return nil, err
	}
	checkpoint, signed, err := log.ReadCheckpoint(ctx)
	if err != nil {
		return nil, err
	}
	var leaves [][]byte
	for number := uint64(0); uint64(len(leaves)) < checkpoint.Size; number++ {
		bundle, err := client.GetEntryBundle(ctx, log.ReadEntryBundle, number, checkpoint.Size)
		if err != nil {
			return nil, err
		}
		leaves = append(leaves, bundle.Entries...)
	}
	if err := checkTiles(ctx, log.ReadTile, leaves, checkpoint.Hash); err != nil {
		return nil, err
	}
	return published{checkpoint.Size, signed.Text, leaves, 0}, nil
}

func checkRekorEntry(_ context.Context, arguments []string) (any, error) {
	content, err := os.ReadFile(arguments[0])
	if err != nil {
		return nil, err
	}
	var entry pbs.TransparencyLogEntry
	if err := protojson.Unmarshal(content, &entry); err != nil {
		return nil, err
	}
	verifier, err := loadVerifier(arguments[1])
	if err != nil {
		return nil, err
	}
	known, err := rekornote.NewNoteVerifier(arguments[2], verifier)
	if err != nil {
		return nil, err
	}
	if err := verify.VerifyLogEntry(&entry, known); err != nil {
		return nil, err
	}
	return map[string]any{"body": entry.CanonicalizedBody, "index": entry.LogIndex}, nil
}

func readStaticCT(ctx context.Context, arguments []string) (any, error) {
	known, err := staticVerifier(arguments[2], arguments[1])
	if err != nil {
		return nil, err
	}
	root, err := url.Parse(strings.TrimSuffix(arguments[0], "/") + "/")
	if err != nil {
		return nil, err
	}
	log, err := client.NewHTTPFetcher(root, nil)
	if err != nil {
		return nil, err
	}
	checkpoint, _, signed, err := client.FetchCheckpoint(ctx, log.ReadCheckpoint, known, known.Name())
	if err != nil {
		return nil, err
	}
	reader := staticReader{root: root, issuers: map[[sha256.Size]byte]bool{}}
	var leaves [][]byte
	for number := uint64(0); uint64(len(leaves)) < checkpoint.Size; number++ {
		width := layout.PartialTileSize(0, number, checkpoint.Size)
		found, err := reader.readData(ctx, number, width)
		if err != nil {
			return nil, err
		}
		leaves = append(leaves, found...)
	}
	if err := checkTiles(ctx, log.ReadTile, leaves, checkpoint.Hash); err != nil {
		return nil, err
	}
	return published{checkpoint.Size, signed.Text, leaves, len(reader.issuers)}, nil
}

// staticVerifier makes the verifier of static-ct-api: its name is the origin.
func staticVerifier(origin, keyPath string) (note.Verifier, error) {
	key, err := readKey(keyPath)
	if err != nil {
		return nil, err
	}
	text, err := fnote.RFC6962VerifierString(origin, key)
	if err != nil {
		return nil, err
	}
	return fnote.NewRFC6962Verifier(text)
}

type staticReader struct {
	root    *url.URL
	issuers map[[sha256.Size]byte]bool
}

func (r staticReader) fetch(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.root.JoinPath(path).String(), nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

// readData reads a data tile, entry by entry: TimestampedEntry, the precertificate if it is one, fingerprints.
func (r staticReader) readData(ctx context.Context, number uint64, width uint8) (leaves [][]byte, err error) {
	rest, err := r.fetch(ctx, "tile/data/"+layout.NWithSuffix(0, number, width))
	if err != nil {
		return nil, err
	}
	for len(rest) > 0 {
		var entry ct.TimestampedEntry
		if rest, err = tls.Unmarshal(rest, &entry); err != nil {
			return nil, err
		}
		leaf := ct.MerkleTreeLeaf{Version: ct.V1, LeafType: ct.TimestampedEntryLeafType, TimestampedEntry: &entry}
		raw, err := tls.Marshal(leaf)
		if err != nil {
			return nil, err
		}
		leaves = append(leaves, raw)
		if rest, err = r.readChain(ctx, entry.EntryType, rest); err != nil {
			return nil, err
		}
	}
	return leaves, nil
}

func (r staticReader) readChain(ctx context.Context, kind ct.LogEntryType, rest []byte) ([]byte, error) {
	if kind == ct.PrecertLogEntryType {
		var precertificate ct.ASN1Cert
		after, err := tls.Unmarshal(rest, &precertificate)
		if err != nil {
			return nil, err
		}
		rest = after
	}
	if len(rest) < 2 {
		return nil, io.ErrUnexpectedEOF
	}
	length := int(binary.BigEndian.Uint16(rest))
	rest = rest[2:]
	if length%sha256.Size != 0 || len(rest) < length {
		return nil, errors.New("fingerprints are cut off")
	}
	for _, fingerprint := range chunks(rest[:length]) {
		issuer, err := r.fetch(ctx, fmt.Sprintf("issuer/%x", fingerprint))
		if err != nil {
			return nil, err
		}
		if sha256.Sum256(issuer) != fingerprint {
			return nil, fmt.Errorf("issuer %x is another certificate", fingerprint)
		}
		r.issuers[fingerprint] = true
	}
	return rest[length:], nil
}

func chunks(joined []byte) (hashes [][sha256.Size]byte) {
	for ; len(joined) > 0; joined = joined[sha256.Size:] {
		hashes = append(hashes, [sha256.Size]byte(joined))
	}
	return hashes
}
