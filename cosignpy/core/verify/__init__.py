"""Verification: parsed signatures and a policy in; evidence or an error out. No IO."""
