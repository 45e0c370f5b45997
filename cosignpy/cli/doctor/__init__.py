"""Where the facts for `doctor` come from: flags, the environment, files, and services that are asked."""
