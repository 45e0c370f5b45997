//go:build tools

// Package tools makes the conformance suite a dependency of this module, so that go.mod and go.sum pin it.
package tools

import _ "github.com/opencontainers/distribution-spec/conformance"
