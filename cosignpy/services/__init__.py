"""The Sigstore services that signing needs, each behind one small client."""
