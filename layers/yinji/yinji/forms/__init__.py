"""One-form 一表通: nobody fills in the same thing twice."""
