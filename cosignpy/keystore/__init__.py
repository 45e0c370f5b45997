"""Where keys are kept: `--key` references and one module per kind of place."""
