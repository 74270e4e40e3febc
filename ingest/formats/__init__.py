"""One file format per module: a path to rows or features, pure."""
