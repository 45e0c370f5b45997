"""The formats of keys and signatures that Rekor's older kinds carry: SSH, minisign, OpenPGP, CMS."""
