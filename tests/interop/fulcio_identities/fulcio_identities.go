// fulcio_identities prints what the real Fulcio would certify: it reads pairs of a configuration file and claims, one
// JSON text a line, and answers each with a line of JSON: the certificate in base64 and what the proof of possession
// is to be a signature of, or the error.
//
// Tokens are real, signed by a key made here and verified by go-oidc with that key instead of one from the network.
// Everything from the choice of the issuer to the certificate's template is done by the server's own packages.
package main

import (
	"bufio"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/sigstore/fulcio/pkg/ca"
	"github.com/sigstore/fulcio/pkg/config"
	"github.com/sigstore/fulcio/pkg/identity"
	"github.com/sigstore/fulcio/pkg/log"
	"github.com/sigstore/fulcio/pkg/server"
)

type question struct {
	Config string          `json:"config"`
	Claims json.RawMessage `json:"claims"`
}

type answer struct {
	Loaded      bool   `json:"loaded"`
	Certificate []byte `json:"certificate,omitempty"`
	Challenge   string `json:"challenge,omitempty"`
	Error       string `json:"error,omitempty"`
}

// The server asks all issuers for their keys when it reads its configuration. Here nobody is there to be asked.
type noNetwork struct{}

func (noNetwork) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no network")
}

type identifier struct {
	key    *ecdsa.PrivateKey
	signer jose.Signer
}

func newIdentifier() (*identifier, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil)
	return &identifier{key, signer}, err
}

func (i *identifier) authorize(ctx context.Context, token string, _ ...config.InsecureOIDCConfigOption) (*oidc.IDToken, error) {
	var payload struct {
		Issuer string `json:"iss"`
	}
	signed, err := jose.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &payload); err != nil {
		return nil, err
	}
	issuer, ok := config.FromContext(ctx).GetIssuer(payload.Issuer)
	if !ok {
		return nil, errors.New("unsupported issuer")
	}
	keys := &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{i.key.Public()}}
	rules := &oidc.Config{ClientID: issuer.ClientID, SupportedSigningAlgs: []string{oidc.ES256}, SkipExpiryCheck: true}
	return oidc.NewVerifier(payload.Issuer, keys, rules).Verify(ctx, token)
}

func (i *identifier) certify(cfg *config.FulcioConfig, claims []byte) (*answer, error) {
	signed, err := i.signer.Sign(claims)
	if err != nil {
		return nil, err
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		return nil, err
	}
	ctx := config.With(context.Background(), cfg)
	principal, err := server.NewIssuerPool(cfg).Authenticate(ctx, token)
	if err != nil {
		return nil, err
	}
	template, err := ca.MakeX509(ctx, principal, i.key.Public())
	if err != nil {
		return nil, err
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, i.key.Public(), i.key)
	if err != nil {
		return nil, err
	}
	return &answer{Loaded: true, Certificate: certificate, Challenge: principal.Name(ctx)}, nil
}

func (i *identifier) answer(line []byte) *answer {
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return &answer{Error: err.Error()}
	}
	cfg, err := config.Read([]byte(asked.Config))
	if err != nil {
		return &answer{Error: err.Error()}
	}
	made, err := i.certify(cfg, asked.Claims)
	if err != nil {
		return &answer{Loaded: true, Error: err.Error()}
	}
	return made
}

func run() error {
	http.DefaultTransport = noNetwork{}
	log.ConfigureLogger("prod")
	made, err := newIdentifier()
	if err != nil {
		return err
	}
	identity.Authorize = made.authorize
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		if err := answers.Encode(made.answer(lines.Bytes())); err != nil {
			return err
		}
	}
	return lines.Err()
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
