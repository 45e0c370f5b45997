"""Certificate transparency: RFC 6962 and static-CT on the same engine."""
