package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	ct "github.com/google/certificate-transparency-go"
	"github.com/google/certificate-transparency-go/client"
	"github.com/google/certificate-transparency-go/ctutil"
	"github.com/google/certificate-transparency-go/jsonclient"
	"github.com/google/certificate-transparency-go/tls"
	ctx509 "github.com/google/certificate-transparency-go/x509"
	"github.com/google/certificate-transparency-go/x509util"
)

type promise struct {
	SCT       []byte `json:"sct"` // as certificates embed it
	Timestamp uint64 `json:"timestamp"`
}

type audited struct {
	Size      uint64   `json:"size"`
	Root      []byte   `json:"root"`
	Timestamp uint64   `json:"timestamp"`
	Kinds     []string `json:"kinds"`
	Roots     int      `json:"acceptedRoots"`
}

func openCT(url, keyPath string) (*client.LogClient, error) {
	blocks, err := readPEM(keyPath)
	if err != nil {
		return nil, err
	}
	// With a key, the client verifies every SCT and tree head itself.
	return client.New(url, nil, jsonclient.Options{PublicKeyDER: blocks[0]})
}

func addChain(ctx context.Context, arguments []string) (any, error) {
	return submit(ctx, arguments, (*client.LogClient).AddChain)
}

func addPreChain(ctx context.Context, arguments []string) (any, error) {
	return submit(ctx, arguments, (*client.LogClient).AddPreChain)
}

type adder func(*client.LogClient, context.Context, []ct.ASN1Cert) (*ct.SignedCertificateTimestamp, error)

func submit(ctx context.Context, arguments []string, add adder) (any, error) {
	log, err := openCT(arguments[0], arguments[1])
	if err != nil {
		return nil, err
	}
	blocks, err := readPEM(arguments[2])
	if err != nil {
		return nil, err
	}
	chain, err := parseChain(blocks)
	if err != nil {
		return nil, err
	}
	sent := make([]ct.ASN1Cert, len(blocks))
	for i, block := range blocks {
		sent[i] = ct.ASN1Cert{Data: block}
	}
	sct, err := add(log, ctx, sent)
	if err != nil {
		return nil, explain(err)
	}
	key, err := readKey(arguments[1])
	if err != nil {
		return nil, err
	}
	if err := ctutil.VerifySCT(key, chain, sct, false); err != nil {
		return nil, err
	}
	raw, err := tls.Marshal(*sct)
	return promise{raw, sct.Timestamp}, err
}

// explain adds what the log said: the client keeps that out of its message.
func explain(err error) error {
	var answer client.RspError
	if errors.As(err, &answer) {
		return fmt.Errorf("%w: %d %s", err, answer.StatusCode, answer.Body)
	}
	return err
}

func parseChain(blocks [][]byte) ([]*ctx509.Certificate, error) {
	var chain []*ctx509.Certificate
	for _, block := range blocks {
		certificate, err := ctx509.ParseCertificate(block)
		if ctx509.IsFatal(err) {
			return nil, err
		}
		chain = append(chain, certificate)
	}
	return chain, nil
}

func checkEmbedded(_ context.Context, arguments []string) (any, error) {
	key, err := readKey(arguments[0])
	if err != nil {
		return nil, err
	}
	blocks, err := readPEM(arguments[1])
	if err != nil {
		return nil, err
	}
	chain, err := parseChain(blocks)
	if err != nil {
		return nil, err
	}
	scts, err := x509util.ParseSCTsFromSCTList(&chain[0].SCTList)
	if err != nil {
		return nil, err
	}
	if len(scts) == 0 {
		return nil, errors.New("the certificate has no SCT")
	}
	for _, sct := range scts {
		if err := ctutil.VerifySCT(key, chain, sct, true); err != nil {
			return nil, err
		}
	}
	return map[string]int{"verified": len(scts)}, nil
}

type ctProver struct {
	log  *client.LogClient
	tree *tree
}

func (p ctProver) inclusion(ctx context.Context, index uint64) ([][]byte, error) {
	byHash, err := p.log.GetProofByHash(ctx, p.tree.hashes[index], p.tree.size())
	if err != nil {
		return nil, explain(err)
	}
	if byHash.LeafIndex != int64(index) {
		return nil, fmt.Errorf("get-proof-by-hash says index %d", byHash.LeafIndex)
	}
	byIndex, err := p.log.GetEntryAndProof(ctx, index, p.tree.size())
	if err != nil {
		return nil, explain(err)
	}
	for i, hash := range byIndex.AuditPath {
		if !bytes.Equal(hash, byHash.AuditPath[i]) {
			return nil, errors.New("get-proof-by-hash and get-entry-and-proof differ")
		}
	}
	return byHash.AuditPath, nil
}

func (p ctProver) consistency(ctx context.Context, from, to uint64) ([][]byte, error) {
	path, err := p.log.GetSTHConsistency(ctx, from, to)
	return path, explain(err)
}

func auditCT(ctx context.Context, arguments []string) (any, error) {
	log, err := openCT(arguments[0], arguments[1])
	if err != nil {
		return nil, err
	}
	head, err := log.GetSTH(ctx)
	if err != nil {
		return nil, explain(err)
	}
	leaves, kinds, err := readEntries(ctx, log, int64(head.TreeSize))
	if err != nil {
		return nil, err
	}
	grown, err := grow(leaves)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(grown.roots[head.TreeSize], head.SHA256RootHash[:]) {
		return nil, errors.New("the entries do not add up to the tree head's root")
	}
	if err := grown.checkProofs(ctx, ctProver{log, grown}); err != nil {
		return nil, err
	}
	roots, err := log.GetAcceptedRoots(ctx)
	if err != nil {
		return nil, explain(err)
	}
	return audited{head.TreeSize, head.SHA256RootHash[:], head.Timestamp, kinds, len(roots)}, nil
}

func readEntries(ctx context.Context, log *client.LogClient, size int64) (leaves [][]byte, kinds []string, err error) {
	for next := int64(0); next < size; next = int64(len(leaves)) {
		raw, err := log.GetRawEntries(ctx, next, size-1)
		if err != nil {
			return nil, nil, explain(err)
		}
		for _, entry := range raw.Entries {
			// Parses the certificates, and that of an issuer must be there for a precertificate.
			parsed, err := ct.LogEntryFromLeaf(int64(len(leaves)), &entry)
			if ctx509.IsFatal(err) {
				return nil, nil, err
			}
			leaves = append(leaves, entry.LeafInput)
			kinds = append(kinds, parsed.Leaf.TimestampedEntry.EntryType.String())
		}
	}
	return leaves, kinds, nil
}
