"""Keys and the signatures they make, without IO."""
