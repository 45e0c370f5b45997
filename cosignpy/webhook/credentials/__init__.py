"""What images are fetched with: Secrets to pull images with, of pods, of service accounts, and named by policies.

Contents of Secrets are in `PullCredentials.docker_config` alone: no error, no log line and no repr has any of them.
"""
