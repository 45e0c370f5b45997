// rekor_types prints what the real Rekor servers would log: it reads proposed entries of Rekor v1 and requests of
// Rekor v2, one JSON text a line, and answers each with a line of JSON: the canonical body in base64, the search keys
// of v1 and the attestation that v1 would keep, or the error.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/cyberphone/json-canonicalization/go/src/webpki.org/jsoncanonicalizer"
	"github.com/go-openapi/runtime"
	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	pb "github.com/sigstore/rekor-tiles/v2/pkg/generated/protobuf"
	tiles "github.com/sigstore/rekor-tiles/v2/pkg/types/hashedrekord"
	"github.com/sigstore/rekor/pkg/generated/models"
	"github.com/sigstore/rekor/pkg/types"
	_ "github.com/sigstore/rekor/pkg/types/alpine/v0.0.1"
	_ "github.com/sigstore/rekor/pkg/types/cose/v0.0.1"
	_ "github.com/sigstore/rekor/pkg/types/dsse/v0.0.1"
	_ "github.com/sigstore/rekor/pkg/types/hashedrekord/v0.0.1"
	_ "github.com/sigstore/rekor/pkg/types/helm/v0.0.1"
	_ "github.com/sigstore/rekor/pkg/types/intoto/v0.0.1"
	_ "github.com/sigstore/rekor/pkg/types/intoto/v0.0.2"
	_ "github.com/sigstore/rekor/pkg/types/jar/v0.0.1"
	_ "github.com/sigstore/rekor/pkg/types/rekord/v0.0.1"
	_ "github.com/sigstore/rekor/pkg/types/rfc3161/v0.0.1"
	_ "github.com/sigstore/rekor/pkg/types/rpm/v0.0.1"
	_ "github.com/sigstore/rekor/pkg/types/tuf/v0.0.1"
	"github.com/sigstore/sigstore/pkg/signature"
	"google.golang.org/protobuf/encoding/protojson"
)

type answer struct {
	Body           []byte   `json:"body,omitempty"`
	SearchKeys     []string `json:"searchKeys,omitempty"`
	AttestationKey string   `json:"attestationKey,omitempty"`
	Attestation    []byte   `json:"attestation,omitempty"`
	Error          string   `json:"error,omitempty"`
}

// The defaults of rekor-tiles, which keeps the list in an internal package.
var clientAlgorithms = []v1.PublicKeyDetails{
	v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_2048_SHA256,
	v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_3072_SHA256,
	v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_4096_SHA256,
	v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256,
	v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384,
	v1.PublicKeyDetails_PKIX_ECDSA_P521_SHA_512,
	v1.PublicKeyDetails_PKIX_ED25519,
	v1.PublicKeyDetails_PKIX_ED25519_PH,
}

func acceptV2(line []byte) (*answer, error) {
	request := &pb.CreateEntryRequest{}
	if err := protojson.Unmarshal(line, request); err != nil {
		return nil, err
	}
	registry, err := signature.NewAlgorithmRegistryConfig(clientAlgorithms)
	if err != nil {
		return nil, err
	}
	entry, err := tiles.ToLogEntry(request.GetHashedRekordRequestV002(), registry)
	if err != nil {
		return nil, err
	}
	serialized, err := protojson.Marshal(entry)
	if err != nil {
		return nil, err
	}
	body, err := jsoncanonicalizer.Transform(serialized)
	return &answer{Body: body}, err
}

func acceptV1(line []byte) (*answer, error) {
	proposed, err := models.UnmarshalProposedEntry(bytes.NewReader(line), runtime.JSONConsumer())
	if err != nil {
		return nil, err
	}
	entry, err := types.CreateVersionedEntry(proposed)
	if err != nil {
		return nil, err
	}
	body, err := types.CanonicalizeEntry(context.Background(), entry)
	if err != nil {
		return nil, err
	}
	keys, err := entry.IndexKeys()
	if err != nil {
		return nil, err
	}
	made := &answer{Body: body, SearchKeys: keys}
	if keeper, ok := entry.(types.EntryWithAttestationImpl); ok {
		made.AttestationKey, made.Attestation = keeper.AttestationKeyValue()
	}
	return made, nil
}

func accept(line []byte) *answer {
	choose := acceptV1
	if bytes.Contains(line, []byte("RequestV002")) {
		choose = acceptV2
	}
	made, err := choose(line)
	if err != nil {
		return &answer{Error: err.Error()}
	}
	return made
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		if err := answers.Encode(accept(lines.Bytes())); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
