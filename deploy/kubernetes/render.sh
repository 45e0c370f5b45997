#!/bin/sh
# Renders the chart with its defaults to the standard output: webhook.yaml is what that was. Needs helm.
exec helm template cosignpy-webhook "$(dirname "$0")/../helm/cosignpy-webhook" \
  --namespace cosign-system --kube-version 1.37.0 --set namespace.create=true --set crds.install=false
