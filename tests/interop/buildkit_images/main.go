// Command buildkit_images says which images BuildKit would fetch for a Dockerfile: its own frontend, with a resolver
// that writes names down and asks nobody.
//
// It reads {"text": ..., "arguments": {...}}, one in a line, and answers {"images": [...]} or {"error": ...} likewise.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
)

type question struct {
	Text      string            `json:"text"`
	Arguments map[string]string `json:"arguments"`
}

type answer struct {
	Images   []string `json:"images"`
	Frontend string   `json:"frontend,omitempty"`
	Error    string   `json:"error,omitempty"`
}

type names struct {
	lock  sync.Mutex
	found []string
}

func (n *names) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	n.lock.Lock()
	defer n.lock.Unlock()
	n.found = append(n.found, ref)
	return ref, "", []byte(`{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}`), nil
}

func find(asked question) (found answer) {
	defer func() {
		if reason := recover(); reason != nil {
			found = answer{Error: fmt.Sprint("panic: ", reason)}
		}
	}()
	resolver := &names{found: []string{}}
	caps := pb.Caps.CapSet(pb.Caps.All())
	_, err := dockerfile2llb.Dockerfile2LLB(context.Background(), []byte(asked.Text), dockerfile2llb.ConvertOpt{
		Config:       dockerui.Config{BuildArgs: asked.Arguments},
		MetaResolver: resolver,
		LLBCaps:      &caps,
	})
	if err != nil {
		return answer{Error: err.Error()}
	}
	frontend, _, _, _ := parser.DetectSyntax([]byte(asked.Text))
	return answer{Images: resolver.found, Frontend: frontend}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := out.Encode(find(asked)); err != nil {
			os.Exit(1)
		}
	}
}
